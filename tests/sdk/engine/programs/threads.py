"""Programs whose threads race, with each other and with event loops."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, as_completed, wait
from typing import Any

import anyio
import anyio.to_thread
import httpx2
from tests.sdk.engine.programs.asking import ask, ask_async
from tests.sdk.engine.seen import seen


def threads(url: str) -> Any:
    lock = threading.Lock()

    def worker(number: int) -> None:
        answer = ask(url, f"thread {number}")
        with lock:
            seen.append([number, answer])
            place = len(seen)
        again = ask(url, f"thread {number} came as {place} after {answer}")
        with lock:
            seen.append([number, again])

    workers = [threading.Thread(target=worker, args=(number,)) for number in range(12)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    return seen


def executor(url: str) -> Any:
    with ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(ask, url, f"job {number % 5}") for number in range(20)]
        for job in as_completed(jobs):
            seen.append([jobs.index(job), job.result()])
        pending = {pool.submit(ask, url, f"race {number}") for number in range(8)}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            seen.append([[job.result() for job in done], len(pending)])
    return seen


def anyio_group(url: str) -> Any:
    async def main() -> Any:
        async with httpx2.AsyncClient() as client:

            async def racer(number: int, scope: anyio.CancelScope) -> None:
                seen.append([number, await ask_async(client, url, f"racer {number}", delay=0.03)])
                if len(seen) == 3:
                    scope.cancel()

            async with anyio.create_task_group() as group:
                for number in range(8):
                    group.start_soon(racer, number, group.cancel_scope)
            with anyio.move_on_after(0.01) as scope:
                seen.append(await ask_async(client, url, "late", delay=0.02))
            seen.append(scope.cancelled_caught)
            seen.append(await anyio.to_thread.run_sync(ask, url, "from a thread"))
        return seen

    return anyio.run(main)


def queues(url: str) -> Any:
    async def main() -> None:
        work: asyncio.Queue[Any] = asyncio.Queue(maxsize=3)

        async def producer(client: httpx2.AsyncClient, name: str) -> None:
            for number in range(5):
                await work.put([name, await ask_async(client, url, f"{name} {number}")])
            await work.put(None)

        async def consumer(client: httpx2.AsyncClient) -> None:
            ended = 0
            while ended < 3:
                item = await work.get()
                if item is None:
                    ended += 1
                    continue
                seen.append([item, await ask_async(client, url, f"about {item}", delay=0.002)])

        async with httpx2.AsyncClient() as client:
            await asyncio.gather(*(producer(client, name) for name in "abc"), consumer(client))

    asyncio.run(main())
    handed: queue.Queue[Any] = queue.Queue(2)

    def produce(name: str) -> None:
        for number in range(4):
            handed.put([name, ask(url, f"{name} {number}")])
            time.sleep(0.001)
        handed.put(None)

    makers = [threading.Thread(target=produce, args=(name,)) for name in "xyz"]
    for maker in makers:
        maker.start()
    ended = 0
    while ended < 3:
        try:
            item = handed.get(timeout=0.003)
        except queue.Empty:
            seen.append("waited")
            continue
        ended += item is None
        seen.append(item)
    return seen


def threads_and_loop(url: str) -> Any:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with httpx2.AsyncClient() as client:

            async def both(number: int) -> None:
                here = ask_async(client, url, f"loop {number}")
                there = asyncio.to_thread(ask, url, f"thread {number}")
                for done in asyncio.as_completed([here, there]):
                    seen.append([number, await done])
                seen.append([number, await loop.run_in_executor(None, ask, url, f"{number} after {len(seen)}")])

            await asyncio.gather(*(both(number) for number in range(8)))

    asyncio.run(main())
    return seen


def preempted(url: str) -> Any:
    """Threads that compute for longer than the discipline lets them hold the token."""
    lock = threading.Lock()

    def worker(number: int) -> None:
        for turn in range(3):
            answer = ask(url, f"{number} {turn}", delay=0.02)
            total = sum(value * value for value in range(400_000 if number % 2 else 1000))
            with lock:
                seen.append([number, turn, answer, total])

    workers = [threading.Thread(target=worker, args=(number,)) for number in range(4)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    return sorted(seen, key=str)


def busy_loop(url: str) -> Any:
    """A loop and threads that compute longer than the discipline lets them hold the token, in turns."""

    def compute(size: int) -> int:
        return sum(value * value for value in range(size))

    async def one(client: httpx2.AsyncClient, number: int) -> None:
        for turn in range(2):
            answer = await ask_async(client, url, f"{number} {turn}")
            here = compute(500_000 if number % 3 == 0 else 1000)
            there = await asyncio.to_thread(compute, 500_000 if number % 2 else 1000)
            seen.append([number, turn, answer, here, there])

    async def main() -> None:
        async with httpx2.AsyncClient() as client:
            await asyncio.gather(*(one(client, number) for number in range(6)))

    asyncio.run(main())
    return seen


def busy_and_given(url: str) -> Any:
    """A loop computes until a thread has given it something, and gives itself something before and after."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        begun, given = threading.Event(), [0]

        def give(number: int) -> None:
            begun.wait()
            loop.call_soon_threadsafe(seen.append, [number, "from a thread"])
            given[0] += 1

        def compute() -> None:
            begun.set()
            loop.call_soon(seen.append, "before")
            while given[0] < 2:  # nothing in here enters the engine: the token is taken from it
                pass
            loop.call_soon(seen.append, "after")

        threads = [threading.Thread(target=give, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        loop.call_soon(compute)
        await asyncio.sleep(0.001)
        for thread in threads:
            thread.join()

    asyncio.run(main())
    return seen


def woken_from_outside(url: str) -> Any:
    """Names are looked up in threads that are not the agent's, which wake the loop whenever they are done."""
    named = url.replace("127.0.0.1", "localhost")

    def compute(size: int) -> int:
        return sum(value * value for value in range(size))

    async def one(number: int) -> None:
        for turn in range(3):
            async with httpx2.AsyncClient() as client:
                answer = await ask_async(client, named, f"{number} {turn}")
            there = asyncio.to_thread(compute, 600_000)
            here = asyncio.create_task(there)
            await asyncio.sleep(0)
            seen.append([number, turn, answer, compute(600_000), await here])

    async def main() -> None:
        await asyncio.gather(*(one(number) for number in range(2)))

    asyncio.run(main())
    return seen
