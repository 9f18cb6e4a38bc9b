"""A server whose runs share a client, a cache and a counter; those that are counted compute in a thread."""

import asyncio
import hashlib
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httpx2
import uvicorn

import playhead

playhead.init(service="answers", send=False)

Message = MutableMapping[str, Any]
client = httpx2.AsyncClient(timeout=60)
cache: dict[str, int] = {}
served: list[str] = []


@playhead.tool
def digest_of(words: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", words.encode(), b"salt", 150_000).hex()[:12]


@playhead.tool
async def read() -> int:
    async with client.stream("POST", os.environ["PROVIDER"], json={"stream": 5}) as answer:
        return sum([bool(line) async for line in answer.aiter_lines()])


@playhead.agent(name="answer")
async def answer(words: str, counted: bool) -> dict[str, object]:
    before = cache.get(words, "") if counted else ""
    asked = client.post(os.environ["PROVIDER"], json={"prompt": f"{words} {before}"})
    said, lines = await asyncio.gather(asked, read())
    found: int = said.json()["answer"]
    if not counted:
        return {"answer": found, "lines": lines}
    digest = await asyncio.to_thread(digest_of, words)
    cache[words] = found
    served.append(words)
    return {"answer": found, "lines": lines, "digest": digest, "served": served[-3:]}


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = json.dumps(await answer(scope["query_string"].decode(), scope["path"] == "/counted")).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})


uvicorn.run(app, port=0)
