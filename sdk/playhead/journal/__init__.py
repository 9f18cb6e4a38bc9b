"""The journal: an append-only file in which every step stands before its result is handed to the agent.

`journal.py` writes it, `reader.py` reads it, `folder.py` says where it lies and whether its process lives,
`assemble.py` makes spans of its records, `otlp.py` puts those on the wire and `shipper.py` sends them.
"""
