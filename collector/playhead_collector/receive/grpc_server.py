"""OTLP over gRPC: `Export` of the trace, log and metric services, on raw bytes.

The handlers are stream-to-one on this side, which is the same on the wire: so the message is read only when
its sender is known and there is room for it. Compression (gzip, deflate) and its limit are gRPC's own; a
bomb is stopped there as RESOURCE_EXHAUSTED, which without RetryInfo is final.

`maximum_concurrent_rpcs` of gRPC is not used: it answers RESOURCE_EXHAUSTED without RetryInfo, and clients
would drop the data. One request more than the limit is UNAVAILABLE with RetryInfo here, like every other
"later".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from playhead.errors import UsageError
from playhead_collector.errors import BadRequest, TryLater
from playhead_collector.receive.export import Exporter, Gate, bearer
from playhead_collector.receive.limits import Lease
from playhead_collector.receive.observer import watched
from playhead_collector.receive.refusal import Refusal, refusal_for
from playhead_collector.receive.signal import Signal

_grpc: Any = grpc  # untyped
_CODES = {code.value[0]: code for code in grpc.StatusCode}


class GrpcServer:
    """Listens from `start` to `stop`; stopping before starting, or twice, is safe."""

    def __init__(
        self,
        exporter: Exporter,
        gate: Gate,
        host: str = "127.0.0.1",
        port: int = 4317,
        *,
        ssl_certfile: Path | None = None,
        ssl_keyfile: Path | None = None,
    ) -> None:
        self._exporter = exporter
        self._gate = gate
        self._host = f"[{host}]" if ":" in host else host
        self._tls = (ssl_keyfile, ssl_certfile) if ssl_keyfile and ssl_certfile else None
        self._server: grpc.aio.Server | None = None
        self._in_work = 0
        self._reading = asyncio.Semaphore(exporter.limits.grpc_reading)
        self._slow = 0
        self.port = port
        """As asked for, and once started as bound."""

    async def start(self) -> None:
        server = grpc.aio.server(options=_options(self._exporter.limits.decompressed))
        server.add_generic_rpc_handlers(tuple(self._service(signal) for signal in Signal))
        address = f"{self._host}:{self.port}"
        try:
            self.port = self._bind(server, address)
        except RuntimeError as error:
            # After the semicolon it names a variable of gRPC's own.
            why = str(error).partition(";")[0]
            raise UsageError(
                f"cannot listen for OTLP/gRPC on {address}: {why}; stop what listens there, or choose another port"
            ) from None
        await server.start()
        self._server = server

    async def stop(self, grace: float) -> None:
        """Take no more, and let what is in work finish for `grace` seconds."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop(grace)

    def _bind(self, server: Any, address: str) -> int:
        if self._tls is None:
            return int(server.add_insecure_port(address))
        key, certificate = (file.read_bytes() for file in self._tls)
        return int(server.add_secure_port(address, _grpc.ssl_server_credentials([(key, certificate)])))

    def _service(self, signal: Signal) -> Any:
        method = _grpc.stream_unary_rpc_method_handler(self._handler(signal))
        return _grpc.method_handlers_generic_handler(signal.service, {"Export": method})

    def _handler(self, signal: Signal) -> Callable[[AsyncIterator[bytes], Any], Awaitable[bytes]]:
        async def export(messages: AsyncIterator[bytes], context: Any) -> bytes:
            try:
                with watched(self._exporter.observer, signal, "grpc"):
                    return await self._export(signal, messages, context)
            except Exception as error:  # noqa: BLE001 - the table of errors says what each is; a defect is logged
                refusal = refusal_for(error)
            await _abort(context, refusal)
            raise AssertionError("abort raises")

        return export

    async def _export(self, signal: Signal, messages: AsyncIterator[bytes], context: Any) -> bytes:
        project = self._gate.project_for(_token(context))
        exporter = self._exporter
        if self._in_work >= exporter.limits.concurrent:
            raise TryLater(f"{self._in_work} requests are in work, which is the limit; keep the data and send it again")
        self._in_work += 1
        try:
            with exporter.room.lease() as lease:
                # Not kept in a variable here: while the spool works, only what was made of it is needed.
                outcome = await exporter.export(signal, await self._message(messages, lease), project)
                size = lease.size
        finally:
            self._in_work -= 1
        exporter.observer.received(signal, "grpc", outcome.accepted + outcome.rejected, size)
        exporter.observer.rejected(signal, outcome.rejected)
        return bytes(signal.partial_success(outcome.rejected, outcome.reason).SerializeToString())

    async def _message(self, messages: AsyncIterator[bytes], lease: Lease) -> bytes:
        try:
            message = await self._read(messages)
        except TimeoutError:
            seconds = self._exporter.limits.receive_s
            raise TryLater(f"the message was not complete after {seconds:g} s; send it again") from None
        lease.take(len(message))
        return message

    async def _read(self, messages: AsyncIterator[bytes]) -> bytes:
        """Few at a time, as gRPC holds a whole message before it shows any of it; slow ones apart."""
        limits = self._exporter.limits
        await self._reading.acquire()
        reading = asyncio.ensure_future(_only_one(messages))
        try:
            try:
                await asyncio.wait({reading}, timeout=min(limits.grpc_slow_s, limits.receive_s))
            finally:
                self._reading.release()
            if reading.done():
                return reading.result()
            if self._slow >= limits.grpc_slow:
                raise TryLater(f"{self._slow} slow messages are being read, which is the limit; send it again")
            self._slow += 1
            try:
                return await asyncio.wait_for(reading, max(0.0, limits.receive_s - limits.grpc_slow_s))
            finally:
                self._slow -= 1
        finally:
            reading.cancel()


async def _only_one(messages: AsyncIterator[bytes]) -> bytes:
    """The call's message, read to the end of the stream.

    grpcio 1.85 never frees the message of a call that was not: 20 of 60 MB left 1.3 GB.
    """
    found = 0
    first = b""
    async for message in messages:
        found += 1
        if found == 1:
            first = message
    if found != 1:
        raise BadRequest(f"the call has {found} messages; send one Export request a call")
    return first


def _token(context: Any) -> str | None:
    sent = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
    return bearer(sent.get("authorization"), sent.get("x-playhead-token"))


async def _abort(context: Any, refusal: Refusal) -> None:
    trailing = [("grpc-status-details-bin", refusal.status().SerializeToString())]
    if refusal.retry_after_s is not None:
        # Where OpenTelemetry's Python exporter looks; the details are where OTLP says to.
        trailing.append(("google.rpc.retryinfo-bin", refusal.retry_info().SerializeToString()))
    message = refusal.message.encode("ascii", "backslashreplace").decode()
    await context.abort(_CODES[refusal.grpc], message, tuple(trailing))


def _options(longest: int) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", longest),
        # Two collectors on one port would each get half of the data, and neither would say so.
        ("grpc.so_reuseport", 0),
        ("grpc.max_concurrent_streams", 128),
        # What a stream may send before it is read; probing for more made that megabytes for each.
        ("grpc.http2.bdp_probe", 0),
        # A peer that went away without a word is noticed within a minute and a half.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.http2.max_ping_strikes", 3),
        ("grpc.max_connection_idle_ms", 600_000),
    ]
