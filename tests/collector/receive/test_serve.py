from __future__ import annotations

import asyncio
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
import trustme
from tests.collector.receive.receiver import OpenGate, RememberingSpool

from playhead.errors import UsageError
from playhead_collector.receive import serve
from playhead_collector.receive.export import Exporter
from playhead_collector.receive.grpc_server import GrpcServer
from playhead_collector.receive.http import http_app
from playhead_collector.receive.serve import HttpServer
from playhead_collector.receive.signal import Signal


async def hello(scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def both() -> tuple[HttpServer, GrpcServer]:
    return HttpServer(hello, port=0), GrpcServer(Exporter(RememberingSpool()), OpenGate(), port=0)


async def exchange(port: int, *parts: bytes, tls: ssl.SSLContext | None = None) -> bytes:
    """Send, and read to the end of the connection."""
    name = "localhost" if tls else None
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def test_a_server_says_on_which_port_it_listens_and_stops_when_told() -> None:
    async def story() -> None:
        server = HttpServer(hello, port=0)
        await server.start()
        assert (await exchange(server.port, GET)).endswith(b"hello")
        await server.stop()
        with pytest.raises(ConnectionRefusedError):
            await exchange(server.port, GET)

    asyncio.run(story())


def test_stopping_before_starting_and_twice_is_safe() -> None:
    async def story() -> None:
        for start in (False, True):
            http, grpc_server = both()
            if start:
                await http.start()
                await grpc_server.start()
            for _ in range(2):
                await http.stop()
                await grpc_server.stop(0)

    asyncio.run(story())


def test_signals_stay_with_the_entry_point() -> None:
    async def story() -> None:
        before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
        server = HttpServer(hello, port=0)
        await server.start()
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
        await server.stop()

    asyncio.run(story())


def test_a_port_that_is_taken_is_said_with_what_to_do() -> None:
    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{port}.*choose another address"):
                await HttpServer(hello, port=port).start()
            with pytest.raises(UsageError, match=f"OTLP/gRPC on 127.0.0.1:{port}.*choose another port"):
                await GrpcServer(Exporter(RememberingSpool()), OpenGate(), port=port).start()

    asyncio.run(story())


def test_both_servers_speak_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certfile, keyfile = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.cert_chain_pems[0].write_to_path(str(certfile))
    certificate.private_key_pem.write_to_path(str(keyfile))
    trust = ssl.create_default_context()
    authority.configure_trust(trust)

    async def story() -> None:
        exporter = Exporter(RememberingSpool())
        http = HttpServer(http_app(exporter, OpenGate()), port=0, ssl_certfile=certfile, ssl_keyfile=keyfile)
        server = GrpcServer(exporter, OpenGate(), port=0, ssl_certfile=certfile, ssl_keyfile=keyfile)
        await http.start()
        await server.start()
        post = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
        answer = await exchange(http.port, post + b"Content-Length: 2\r\n\r\n{}", tls=trust)
        assert answer.startswith(b"HTTP/1.1 200 ")
        library: Any = grpc
        credentials = library.ssl_channel_credentials(authority.cert_pem.bytes())
        async with library.aio.secure_channel(f"localhost:{server.port}", credentials) as channel:
            assert await channel.unary_unary(f"/{Signal.LOGS.service}/Export")(b"") == b""
        await http.stop()
        await server.stop(0)

    asyncio.run(story())


async def _serve_once(*parts: bytes) -> bytes:
    server = HttpServer(hello, port=0)
    await server.start()
    try:
        return await exchange(server.port, *parts)
    finally:
        await server.stop()


def test_a_head_without_end_is_cut_off() -> None:
    lines = [b"x-%d: %s\r\n" % (n, b"y" * 1000) for n in range(2000)]
    assert asyncio.run(_serve_once(b"GET / HTTP/1.1\r\n", *lines)) == b""


def test_a_header_without_end_is_cut_off() -> None:
    assert asyncio.run(_serve_once(b"GET / HTTP/1.1\r\nx: ", *[b"y" * 65536] * 40)) == b""


def test_trailers_without_end_are_cut_off() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    assert asyncio.run(_serve_once(head, *[b"x: %s\r\n" % (b"y" * 1000)] * 2000)) == b""


def test_chunk_extensions_without_end_are_cut_off() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;x="
    assert asyncio.run(_serve_once(head, *[b"y" * 65536] * 40)) == b""


def test_a_body_in_tiny_chunks_is_taken() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert asyncio.run(_serve_once(head, b"1\r\nx\r\n" * 100_000, b"0\r\n\r\n")).endswith(b"hello")


def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "HEAD_SECONDS", 0.05)
    assert asyncio.run(_serve_once()) == b""
    assert asyncio.run(_serve_once(b"GET / HTTP/1.1\r\nHo")) == b""


def test_connections_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "CONNECTIONS", 1)

    async def story() -> None:
        server = HttpServer(hello, port=0)
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(GET.replace(b"Connection: close\r\n", b""))
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200 ")
        assert await exchange(server.port, GET) == b""
        writer.close()
        await writer.wait_closed()
        await server.stop()

    asyncio.run(story())
