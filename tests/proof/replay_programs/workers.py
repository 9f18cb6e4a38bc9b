"""`python workers.py NAME RUNS`: a process that lives long, does many runs at once, and shares things between them.

Each run prints a line when it is over. Without Playhead installed an agent is its function alone, so that other
packages run the same programs.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import random
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

try:
    import playhead
except ImportError:
    playhead = None  # type: ignore[assignment]
else:
    playhead.init(service="workers")

import httpx2
import requests

URL = os.environ["PROVIDER"]
Handle = Callable[[int], Awaitable[Any]]
AT_ONCE = 10
F = TypeVar("F", bound=Callable[..., Any])


def agent(function: F) -> F:
    if playhead is None:
        return function
    return cast("F", playhead.agent(name="worker")(function))


async def ask(client: httpx2.AsyncClient, prompt: Any, **how: Any) -> Any:
    return (await client.post(URL, json={"prompt": prompt, **how})).json().get("answer")


async def side_by_side(runs: int, handle: Handle) -> None:
    """Ten workers that take the next run as soon as they are done with one."""
    jobs: asyncio.Queue[int] = asyncio.Queue()
    for number in range(runs):
        jobs.put_nowait(number)

    async def worker() -> None:
        while not jobs.empty():
            number = jobs.get_nowait()
            print(json.dumps([number, await handle(number)]), flush=True)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


def with_client(program: Callable[[httpx2.AsyncClient], Handle]) -> Callable[[int], None]:
    """A client that all runs share."""

    @functools.wraps(program)
    def run(runs: int) -> None:
        async def main() -> None:
            async with httpx2.AsyncClient() as client:
                await side_by_side(runs, program(client))

        asyncio.run(main())

    return run


@with_client
def shared_client(client: httpx2.AsyncClient) -> Handle:
    @agent
    async def handle(number: int) -> Any:
        first = await ask(client, f"run {number}")
        both = await asyncio.gather(*(ask(client, f"run {number} {part} after {first}") for part in "ab"))
        return [first, both]

    return handle


@with_client
def shared_cache(client: httpx2.AsyncClient) -> Handle:
    """What one run was answered, others take without asking; two that miss at once ask once."""
    known: dict[int, asyncio.Task[Any]] = {}

    @agent
    async def handle(number: int) -> Any:
        topic = number % 7
        hit = topic in known
        if not hit:
            known[topic] = asyncio.create_task(ask(client, f"topic {topic}"))
        fact = await known[topic]
        return [hit, fact, await ask(client, f"run {number} knows {fact}")]

    return handle


@with_client
def shared_counter(client: httpx2.AsyncClient) -> Handle:
    served = 0

    @agent
    async def handle(number: int) -> Any:
        nonlocal served
        answer = await ask(client, f"run {number}, {served} served")
        served += 1
        return [answer, await ask(client, f"now {served} served")]

    return handle


@with_client
def shared_semaphore(client: httpx2.AsyncClient) -> Handle:
    """Three at a time; who waits, and for how long, is in the prompt."""
    places = asyncio.Semaphore(3)
    order: list[int] = []

    @agent
    async def handle(number: int) -> Any:
        first = await ask(client, f"run {number}")
        async with places:
            order.append(number)
            return [first, await ask(client, f"run {number} is inside after {order[-4:]}")]

    return handle


@with_client
def shared_random(client: httpx2.AsyncClient) -> Handle:
    """Draws of one generator, which the program has seeded itself, and of the module's, per run."""
    dice = random.Random(7)

    @agent
    async def handle(number: int) -> Any:
        await asyncio.sleep(random.random() / 1000)
        return [dice.random(), await ask(client, [number, dice.random(), random.random()])]

    return handle


@with_client
def shared_history(client: httpx2.AsyncClient) -> Handle:
    """Every run asks with what the last ones had been answered."""
    history: list[Any] = []

    @agent
    async def handle(number: int) -> Any:
        answer = await ask(client, [number, history[-5:]])
        history.append(answer)
        return [answer, await ask(client, [number, history[-5:]])]

    return handle


@with_client
def shared_breaker(client: httpx2.AsyncClient) -> Handle:
    """Failures of some open a breaker for all, until its time is over."""
    failures, open_until = 0, 0.0

    @agent
    async def handle(number: int) -> Any:
        nonlocal failures, open_until
        said: list[Any] = []
        for attempt in range(3):
            if time.monotonic() < open_until:
                said.append("open")
                await asyncio.sleep(0.004 * random.random())
                continue
            answer = await ask(client, f"run {number} {attempt}", fail=0.4)
            if answer is not None:
                failures = 0
                return [*said, answer]
            failures += 1
            said.append("failed")
            if failures >= 3:
                open_until = time.monotonic() + 0.005
        return said

    return handle


@with_client
def shared_limit(client: httpx2.AsyncClient) -> Handle:
    """A bucket of tokens that time fills."""
    tokens, filled = 5.0, time.monotonic()

    @agent
    async def handle(number: int) -> Any:
        nonlocal tokens, filled
        waited = 0
        while True:
            now = time.monotonic()
            tokens, filled = min(5.0, tokens + (now - filled) * 800), now
            if tokens >= 1:
                break
            waited += 1
            await asyncio.sleep((1 - tokens) / 800)
        tokens -= 1
        return [waited, await ask(client, f"run {number} with {tokens}", delay=0.004)]

    return handle


@with_client
def shared_refresh(client: httpx2.AsyncClient) -> Handle:
    """A task in the background that belongs to no run keeps asking for what all of them use."""
    config: list[Any] = ["none yet"]

    async def refresh() -> None:
        while True:
            config[0] = await ask(client, f"what is new after {config[0]}")
            await asyncio.sleep(0.003)

    background: list[asyncio.Task[None]] = []

    @agent
    async def handle(number: int) -> Any:
        if not background:
            background.append(asyncio.create_task(refresh()))
        first = await ask(client, [number, config[0]])
        return [first, await ask(client, [number, config[0]])]

    return handle


def shared_memo(runs: int) -> None:
    """Threads that share what `lru_cache` keeps, a session of requests, and a lock."""
    lock = threading.Lock()
    total = 0
    session = requests.Session()

    def post(prompt: Any) -> Any:
        return session.post(URL, json={"prompt": prompt}, timeout=10).json()["answer"]

    fact = functools.lru_cache(maxsize=4)(lambda topic: post(f"topic {topic}"))

    @agent
    def handle(number: int) -> Any:
        nonlocal total
        known = fact(number % 6)
        with lock:
            total += known
            sum_by_now = total
        return [known, post(f"run {number}: {sum_by_now}")]

    def serve(number: int) -> None:
        told = handle(number)
        with lock:
            print(json.dumps([number, told]), flush=True)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(serve, range(runs)))


def thread_each(runs: int) -> None:
    """A thread a run, six at a time, and a board that all of them write on."""
    board: list[Any] = []
    lock, places = threading.Lock(), threading.Semaphore(6)

    @agent
    def handle(number: int) -> Any:
        first = requests.post(URL, json={"prompt": [number, len(board)]}, timeout=10).json()["answer"]
        with lock:
            board.append(first)
            place = len(board)
        return [place, requests.post(URL, json={"prompt": [number, place, board[-3:]]}, timeout=10).json()["answer"]]

    def serve(number: int) -> None:
        with places:
            told = handle(number)
            with lock:
                print(json.dumps([number, told]), flush=True)

    threads = [threading.Thread(target=serve, args=(number,)) for number in range(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    globals()[sys.argv[1]](int(sys.argv[2]))
