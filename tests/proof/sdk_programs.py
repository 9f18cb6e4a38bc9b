"""Programs for the proofs of the SDK, each a process of its own: `python -m tests.proof.sdk_programs NAME ARGUMENT…`.

Each prints one line of JSON: what its own code counted, to be compared with what was stored.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import contextvars
import functools
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

if "atexit before" in sys.argv:
    # Before Playhead's own, so that it runs after it.
    atexit.register(lambda: globals()["work"](100))

from tests.proof.sdk_counted import SAID, init, say, work, work_async

import playhead


def threads_and_loops() -> None:
    """Threads, executors, asyncio, anyio, and loops in threads of executors in loops, all in one run."""
    import anyio
    import anyio.to_thread

    def with_run(call: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
        return functools.partial(contextvars.copy_context().run, call, *arguments)

    async def inner(number: int) -> int:
        here = await asyncio.gather(*(work_async(number) for _ in range(3)))
        return sum(here) + await asyncio.to_thread(work, number)

    async def grouped(number: int) -> None:
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(work_async, number)
            await anyio.to_thread.run_sync(work, number)

    @playhead.agent
    def mixed() -> None:
        started = [threading.Thread(target=with_run(work, number)) for number in range(10)]
        started += [threading.Thread(target=with_run(asyncio.run, inner(number))) for number in range(5)]
        started += [threading.Thread(target=with_run(anyio.run, grouped, number)) for number in range(5)]
        for thread in started:
            thread.start()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda call: call(), [with_run(work, number) for number in range(30)]))
        asyncio.run(inner(1))
        anyio.run(grouped, 1)
        for thread in started:
            thread.join()

    init()
    mixed()
    SAID["steps"] = 1 + 10 + 5 * 4 + 5 * 4 + 30 + 4 + 4


def forks_and_spawns() -> None:
    """A run in a process that forks, spawns and pools: each process keeps its own steps of it."""

    @playhead.agent
    def parent() -> None:
        work(0)
        children = []
        for number in range(4):
            child = os.fork()
            if not child:
                for _ in range(5):
                    work(number)
                os._exit(0) if number % 2 else sys.exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(work, range(6)) == list(range(1, 7))
            pool.close()
            pool.join()
        with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as spawned:
            assert spawned.submit(abs, -1).result() == 1
        work(1)

    init()
    parent()
    SAID["steps"] = 1 + 2 + 20 + 6


def two_processes() -> None:
    """One run, written by two processes that never speak to each other: the second is told its trace."""
    from opentelemetry import context as context_api
    from opentelemetry import propagate, trace

    init()
    if len(sys.argv) > 2:
        context_api.attach(propagate.extract({"traceparent": sys.argv[2]}))
        for number in range(20):
            with playhead.step("theirs"):
                work(number)
        SAID["steps"] = 40
        return

    @playhead.agent
    def shared() -> None:
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        words = [sys.executable, "-m", "tests.proof.sdk_programs", "two_processes", carrier["traceparent"]]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as other:
            for number in range(20):
                work(number)
            assert other.wait() == 0
        SAID["run"] = f"{trace.get_current_span().get_span_context().trace_id:032x}"

    shared()
    SAID["steps"] = 21 + 40


def generators() -> None:
    """Closed early, left to the collector, broken by an error, thrown into; synchronous and not."""

    @playhead.tool
    def counting(most: int) -> Generator[int, None, None]:
        yield from range(most)

    @playhead.tool
    async def counting_async(most: int) -> AsyncGenerator[int, None]:
        for number in range(most):
            await asyncio.sleep(0)
            yield number

    @playhead.tool
    def breaking() -> Generator[int, None, None]:
        yield 1
        raise ValueError("broke")

    async def loops() -> None:
        async for _ in counting_async(3):
            pass
        closed = counting_async(9)
        await anext(closed)
        await closed.aclose()
        async for number in counting_async(9):
            if number == 2:
                break
        gc.collect()
        await asyncio.sleep(0.01)
        left = counting_async(9)
        await anext(left)

    @playhead.agent
    def run() -> None:
        assert list(counting(3)) == [0, 1, 2]
        closed = counting(9)
        assert [next(closed), next(closed)] == [0, 1]
        closed.close()
        for number in counting(9):
            if number == 4:
                break
        left = counting(9)
        next(left)
        del left
        gc.collect()
        with contextlib.suppress(ValueError):
            list(breaking())
        thrown = counting(9)
        next(thrown)
        with contextlib.suppress(KeyError):
            thrown.throw(KeyError("k"))
        never = counting(9)
        del never
        asyncio.run(loops())

    init()
    run()
    SAID.update(steps=1 + 6 + 4, whole=2, cancelled=3 + 3, failed=2)


def cancellations() -> None:
    @playhead.tool
    async def slow(number: int) -> int:
        await asyncio.sleep(30)
        return number

    @playhead.agent
    async def run() -> None:
        tasks = [asyncio.create_task(slow(number)) for number in range(10)]
        await asyncio.sleep(0.01)
        for task in tasks[:5]:
            task.cancel()
        await asyncio.gather(*tasks[:5], return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(slow(10), 0.005)
        async with asyncio.timeout(30):
            for task in tasks[5:]:
                task.cancel()
            await asyncio.wait(tasks[5:])
        # Cancelled before it began: there was no call.
        asyncio.create_task(slow(11)).cancel()

    init()
    asyncio.run(run())
    SAID.update(steps=1 + 11, cancelled=11)


def streams(provider: str) -> None:
    """Read whole, closed halfway, broken by an error, and left lying."""
    import httpx2
    import requests

    chat = provider + "/v1/chat/completions"
    asked: Any = {"model": "gpt-5", "messages": [{"role": "user", "content": "tell me"}], "stream": True}
    kept: list[Any] = []

    async def loops() -> None:
        async with httpx2.AsyncClient() as client:
            async with client.stream("POST", chat, json=asked) as answer:
                async for _ in answer.aiter_lines():
                    pass
            async with client.stream("POST", chat, json=asked) as answer:
                async for _ in answer.aiter_lines():
                    break
            with contextlib.suppress(ZeroDivisionError):
                async with client.stream("POST", chat, json=asked) as answer:
                    async for _ in answer.aiter_lines():
                        raise ZeroDivisionError

    @playhead.agent
    def run() -> None:
        with requests.post(chat, json=asked, stream=True, timeout=10) as answer:
            assert list(answer.iter_lines())
        with requests.post(chat, json=asked, stream=True, timeout=10) as answer:
            next(answer.iter_lines())
        asyncio.run(loops())
        left = requests.post(chat, json=asked, stream=True, timeout=10)
        next(left.iter_lines())
        kept.append(left)

    init()
    run()
    SAID.update(prompts=6, whole=2)


def exits(how: str) -> None:
    """Ends in many ways, none of which is a call of `shutdown`."""
    init()
    if how == "atexit after":
        atexit.register(lambda: print(work(100), file=sys.stderr))

    @playhead.agent
    def run() -> None:
        for number in range(20):
            work(number)
        if how == "exit in a thread":
            thread = threading.Thread(target=sys.exit, args=(3,))
            thread.start()
            thread.join()
        elif how == "os._exit in a run":
            say()
            os._exit(0)
        elif how == "an exception in a run":
            raise RuntimeError("unhandled")
        elif how == "sys.exit in a run":
            sys.exit(0)
        elif how == "SIGTERM in a run":
            say()
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(30)

    def forever() -> None:
        number = 0
        while True:
            work(number)
            number += 1
            time.sleep(0.0001)

    SAID["steps"] = 21 + how.startswith("atexit")
    if how == "daemon threads":
        for _ in range(3):
            threading.Thread(target=forever, daemon=True).start()
    try:
        run()
    finally:
        if how != "os._exit in a run":
            say()
    if how == "os._exit":
        os._exit(0)


def clock_backwards() -> None:
    """The machine's clock is set back an hour in the middle of a run, and again in the middle of a step."""
    import opentelemetry.sdk.trace as sdk

    real, behind = time.time_ns, [0]
    vars(sdk)["time_ns"] = lambda: real() - behind[0]

    @playhead.tool
    def set_back(seconds: int) -> int:
        behind[0] += seconds * 1_000_000_000
        return seconds

    @playhead.agent
    def run() -> None:
        work(1)
        set_back(3600)
        work(2)
        set_back(-1800)
        work(3)

    init()
    run()
    SAID["steps"] = 6


def many(count: str) -> None:
    """So many steps, in runs of a hundred; then tells what it took to take them."""

    @playhead.tool
    def note(number: int) -> str:
        return "x" * 200 + str(number)

    @playhead.agent
    def run(begin: int) -> None:
        for number in range(begin, begin + 99):
            note(number)

    limit = os.environ.get("LIMIT")
    init(**({"journal_limit_bytes": int(limit)} if limit else {}))
    for begin in range(0, int(count), 100):
        run(begin)
    from playhead.recorder.recorder import current

    recorder = current()
    assert recorder is not None
    SAID.update(steps=int(count), lost=recorder.journal.lost, in_memory=len(recorder.journal.in_memory))
    if os.environ.get("LINGER"):
        say()
        sys.stdin.readline()
        SAID["flushed"] = playhead.flush(100)
        SAID["lost"] = recorder.journal.lost


def payloads() -> None:
    """Megabytes in arguments, results, states and errors, in one line and in many values."""

    @playhead.tool
    def large(text: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
        return {"text": text[::-1], "rows": rows}

    @playhead.tool
    def fails(text: str) -> None:
        raise ValueError(text)

    @playhead.agent
    def run() -> None:
        large("ä" * 3_000_000 + "end", [{"number": number, "name": "n" * 50} for number in range(20_000)])
        with contextlib.suppress(ValueError):
            fails("é" * 2_000_000 + "end")

    init()
    run()
    SAID["steps"] = 3


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:]) if sys.argv[1] != "two_processes" else two_processes()
    if SAID:
        say()
