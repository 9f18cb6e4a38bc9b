"""A FastAPI server whose requests share what servers share; run under uvicorn."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import playhead

ANSWERS = os.environ.get("ANSWERS")  # before anything is recorded: only a replay is given it
playhead.init(service="shop", journal=os.environ["JOURNAL"], send=False, record=os.environ.get("LEVEL", "exact"))  # type: ignore[arg-type]
if ANSWERS is not None:
    from tests.sdk.servers.answers import keep_answers

    keep_answers(Path(ANSWERS))

import httpx2  # noqa: E402 - recording begins before, as in any application
from fastapi import BackgroundTasks, FastAPI, Request  # noqa: E402
from fastapi.responses import StreamingResponse  # noqa: E402

PROVIDER = os.environ["PROVIDER"]
client = httpx2.AsyncClient(timeout=30)
cache: dict[str, Any] = {}
history: list[Any] = []
notes: list[Any] = []
counters = {"all": 0}
slots = asyncio.Semaphore(2)
guard = threading.Lock()
seeded = random.Random(7)
jobs: asyncio.Queue[tuple[str, asyncio.Future[Any]]] = asyncio.Queue()


async def ask(prompt: str, **how: Any) -> Any:
    return (await client.post(PROVIDER, json={"prompt": prompt, **how})).json()


async def work() -> None:
    """A worker begun with the server, which serves all its requests."""
    while True:
        prompt, answer = await jobs.get()
        history.append(prompt)
        answer.set_result([await ask(prompt), len(history)])


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
    greeting = await ask("what is new?")
    worker = asyncio.create_task(work())
    yield {"greeting": greeting}
    worker.cancel()
    notes.append(await ask("good night"))


app = FastAPI(lifespan=lifespan)
agent: Callable[..., Any] = playhead.agent


@agent
async def alone(number: int) -> Any:
    first = await ask(f"alone {number}")
    both = await asyncio.gather(ask(f"{first} a"), ask(f"{first} b"))
    return [first, both, time.time()]


@agent
async def cached(key: str) -> Any:
    if key not in cache:
        cache[key] = await ask(f"for the cache: {key}")
    return await ask(f"cached {cache[key]}")


@agent
async def counted() -> Any:
    counters["all"] += 1
    mine = counters["all"]
    return [mine, await ask(f"number {mine}"), counters["all"]]


@agent
async def limited(number: int) -> Any:
    async with slots:
        return await ask(f"limited {number}")


@agent
async def remembered(text: str) -> Any:
    history.append(text)
    answer = await ask(json.dumps(history[-5:]))
    history.append(answer)
    return [answer, len(history)]


@agent
async def queued(number: int) -> Any:
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    await jobs.put((f"queued {number}", answer))
    return await answer


@agent
def in_a_thread(number: int) -> Any:
    with guard:
        counters["all"] += 1
        mine = counters["all"]
    with httpx2.Client(timeout=30) as own:
        return [mine, own.post(PROVIDER, json={"prompt": f"thread {number} {mine}"}).json(), seeded.random()]


@agent
def apart(number: int) -> Any:
    with httpx2.Client(timeout=30) as own:
        return own.post(PROVIDER, json={"prompt": f"apart {number}"}).json()


@agent
async def noted(number: int) -> None:
    notes.append([number, await ask(f"note {number}")])


@app.get("/health")
async def health() -> Any:
    return len(notes)


@app.post("/alone/{number}")
async def post_alone(number: int, request: Request) -> Any:
    return [await alone(number), len(await request.body()), request.state.greeting]


@app.post("/cached/{key}")
async def post_cached(key: str) -> Any:
    return await cached(key)


@app.post("/counted")
async def post_counted() -> Any:
    return await counted()


@app.post("/limited/{number}")
async def post_limited(number: int) -> Any:
    return await limited(number)


@app.post("/remembered")
async def post_remembered(request: Request) -> Any:
    return await remembered((await request.json())["text"])


@app.post("/queued/{number}")
async def post_queued(number: int) -> Any:
    return await queued(number)


@app.post("/thread/{number}")
def post_thread(number: int) -> Any:
    return in_a_thread(number)


@app.post("/apart/{number}")
def post_apart(number: int) -> Any:
    return [apart(number), time.time()]


@app.post("/background/{number}")
async def post_background(number: int, background: BackgroundTasks) -> Any:
    background.add_task(noted, number)
    return [len(notes), await alone(number)]


@agent
async def pieces(number: int) -> AsyncIterator[bytes]:
    asked = {"prompt": f"stream {number}", "stream": 8}
    async with client.stream("POST", PROVIDER, json=asked) as answer:
        async for piece in answer.aiter_bytes():
            yield piece + f" {counters['all']}\n".encode()


@app.post("/streamed/{number}")
async def post_streamed(number: int) -> Any:
    return StreamingResponse(pieces(number))


@app.post("/endless/{number}")
async def post_endless(number: int) -> Any:
    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield json.dumps(await ask(f"endless {number}")).encode() + b"\n"
        finally:
            notes.append(f"{number} has left")

    return StreamingResponse(endless())


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(sys.argv[1]))
