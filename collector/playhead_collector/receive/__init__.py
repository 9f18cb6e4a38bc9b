"""The way in: OTLP over gRPC and HTTP, checked and handed to the spool before anything is acknowledged.

The path of a request: `grpc_server` or `http` -> `body` -> (`json_request`) -> `export` -> `check` -> the
spool.
"""
