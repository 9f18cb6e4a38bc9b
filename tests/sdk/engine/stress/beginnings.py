"""Recordings that begin late or elsewhere, and programs that end in the middle of everything."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import queue
import sys
import threading
import time
from typing import Any

from tests.sdk.engine.stress.agent import at_once, record, tool


def late() -> None:
    """`init` in a cell of a notebook: a loop that runs already, with tasks, threads and pools from before."""
    before: list[Any] = []
    stop = threading.Event()
    work: queue.Queue[int] = queue.Queue()
    answers: queue.Queue[int] = queue.Queue()
    pool = concurrent.futures.ThreadPoolExecutor(2)
    pool.submit(int, 1).result()

    def old_thread() -> None:
        while not stop.is_set():
            answers.put(tool(work.get()))

    old = threading.Thread(target=old_thread)
    old.start()

    async def ticking() -> None:
        while not stop.is_set():
            before.append(1)
            await asyncio.sleep(0.001)

    async def main() -> None:
        task = asyncio.create_task(ticking())
        timer = asyncio.get_running_loop().call_later(0.01, before.append, 2)
        sleeping = asyncio.create_task(asyncio.sleep(0.02))
        held = asyncio.Lock()
        async with held:
            record()
        loop = asyncio.get_running_loop()
        for number in range(20):
            work.put(number)
            assert await asyncio.to_thread(answers.get, True, 30) == number + 1
            assert await loop.run_in_executor(pool, tool, number) == number + 1
            async with held, asyncio.timeout(30):
                await asyncio.sleep(0.001)
        await sleeping
        assert 2 in before
        timer.cancel()
        stop.set()
        work.put(0)
        await task

    asyncio.run(main())
    old.join(30)
    pool.shutdown()


def in_a_thread() -> None:
    """`init` called from a thread that is not the main one, while the main one waits."""
    ready, made = threading.Event(), threading.Event()

    def other() -> None:
        record()
        ready.set()
        for number in range(50):
            tool(number)
        at_once(tool, 3)
        asyncio.run(asyncio.sleep(0.001))
        made.set()

    thread = threading.Thread(target=other)
    thread.start()
    assert ready.wait(30)
    for number in range(50):
        tool(number)
    asyncio.run(asyncio.sleep(0.001))
    assert made.wait(30)
    thread.join(30)
    at_once(tool, 3)


def exits() -> None:
    """Daemon threads in every kind of wait, timers, a pool that is not shut down, exit functions that lock: the end."""
    lock, another = threading.Lock(), threading.Lock()
    lock.acquire()
    for wait in (lock.acquire, threading.Event().wait, queue.Queue().get, lambda: time.sleep(3600), _spin):
        threading.Thread(target=wait, daemon=True).start()
    threading.Timer(0.01, tool, (1,)).start()
    concurrent.futures.ThreadPoolExecutor(2).submit(time.sleep, 0.01)

    def last() -> None:
        with another:
            if sys.version_info < (3, 12):
                threading.Thread(target=tool, args=(1,)).start()
        tool(1)

    atexit.register(last)
    threading.Thread(target=sys.exit, args=(3,)).start()


def _spin() -> None:
    while True:
        pass
