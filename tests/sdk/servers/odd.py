"""An ASGI application without a framework, served beside other tasks of its program: bodies that come in pieces, a
client that reads slowly, one that waits before it sends, a request that the server gives up on, one that fails."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import httpx2

import playhead

ANSWERS = os.environ.get("ANSWERS")
playhead.init(service="odd", journal=os.environ["JOURNAL"], send=False)
if ANSWERS is not None:
    from tests.sdk.servers.answers import keep_answers

    keep_answers(Path(ANSWERS))

import uvicorn  # noqa: E402 - recording begins before, as in any application

PROVIDER = os.environ["PROVIDER"]
client = httpx2.AsyncClient(timeout=30)
beats: list[Any] = []


@playhead.agent
async def ask(prompt: str) -> Any:
    return (await client.post(PROVIDER, json={"prompt": prompt})).json()


async def pieces(receive: Any) -> list[Any]:
    said: list[Any] = []
    while True:
        message = await receive()
        said.append([len(message.get("body", b"")), await ask(f"piece of {len(message.get('body', b''))}")])
        if not message.get("more_body"):
            return said


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        raise RuntimeError("this application knows no lifespan")
    match scope["path"]:
        case "/pieces":
            body = repr([await pieces(receive), len(beats)]).encode()
        case "/large":
            body = repr(await ask("large")).encode() * 600_000
        case "/never":
            try:
                await ask("before never")
                await asyncio.sleep(3600)
            finally:
                beats.append("given up")
        case "/fails":
            raise LookupError(str(await ask("fails")))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for begin in range(0, len(body), 65536):
        await send({"type": "http.response.body", "body": body[begin : begin + 65536], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def beat() -> None:
    while len(beats) < 200:
        beats.append(await ask(f"beat {len(beats)}"))
        await asyncio.sleep(0.05)


async def main() -> None:
    server = uvicorn.Server(uvicorn.Config(app, port=0, http="h11", timeout_graceful_shutdown=1, access_log=False))
    beating = asyncio.create_task(beat())
    with server.capture_signals():
        await server._serve()
        server._captured_signals.clear()
    beating.cancel()
    print(beats, flush=True)


asyncio.run(main())
