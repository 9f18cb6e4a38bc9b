"""Pools, children and collections of garbage, apart and all at once."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import gc
import logging
import multiprocessing
import os
import random
import subprocess
import sys
import threading
import time
import weakref

from tests.sdk.engine.stress.agent import agent, at_once, tool


def executors() -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as outer, concurrent.futures.ThreadPoolExecutor(4) as inner:

        def nested(number: int) -> int:
            return inner.submit(tool, number).result(30)

        assert sorted(outer.map(nested, range(40))) == list(range(1, 41))
        waiting = [outer.submit(time.sleep, 0.005) for _ in range(20)]
        concurrent.futures.wait(waiting, timeout=0.001)
        for job in waiting[10:]:
            job.cancel()
    held = concurrent.futures.ThreadPoolExecutor(2)
    assert [held.submit(agent, number).result(30) for number in range(5)]


def forks() -> None:
    """Children of a process with threads, by fork, by pools, and by spawn; the parent goes on."""
    lock, stop = threading.Lock(), threading.Event()

    def busy(_: int) -> None:
        while not stop.is_set():
            with lock:
                tool(1)

    workers = [threading.Thread(target=busy, args=(n,)) for n in range(3)]
    for thread in workers:
        thread.start()
    try:
        for _ in range(10):
            child = os.fork()
            if not child:
                tool(1)
                threads = [threading.Thread(target=tool, args=(1,)) for _ in range(3)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(30)
                asyncio.run(asyncio.sleep(0))
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(abs, range(-20, 0)) == list(range(20, 0, -1))
        with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
            assert list(processes.map(abs, (-1, -2))) == [1, 2]
        assert subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, check=True).stdout == b"1\n"
    finally:
        stop.set()
        for thread in workers:
            thread.join(30)


def storms_of_garbage() -> None:
    """Finalisers that lock, log and call tools, found by collections that come at every allocation."""
    lock, ended = threading.Lock(), [0]

    class Cycle:
        def __init__(self) -> None:
            self.me = self
            self.made_lock = threading.Lock()
            weakref.finalize(self, tool, 1)

        def __del__(self) -> None:
            with self.made_lock:
                ended[0] += 1
            logging.getLogger("agent").warning("gone")

    logging.getLogger("agent").addHandler(logging.NullHandler())
    logging.getLogger("agent").propagate = False
    gc.set_threshold(5, 2, 2)

    def worker(_: int) -> None:
        for number in range(60):
            Cycle()
            with lock:
                tool(number)

    at_once(worker, 6)

    async def main() -> None:
        async def one() -> None:
            for _ in range(20):
                Cycle()
                await asyncio.sleep(0)

        await asyncio.gather(*(one() for _ in range(10)))

    asyncio.run(main())
    gc.collect()
    assert ended[0] == 560


def mixed() -> None:
    """All at once, for a while, from a seed: tasks, threads, jobs, sleeps, locks, events."""
    lock, total = threading.Lock(), [0]
    pool = concurrent.futures.ThreadPoolExecutor(4)

    async def task(draws: random.Random, depth: int) -> None:
        for _ in range(6):
            what = draws.randrange(6)
            if what == 0:
                await asyncio.sleep(draws.random() * 0.002)
            elif what == 1:
                await asyncio.to_thread(thread, draws.randrange(1000), depth + 1)
            elif what == 2 and depth < 2:
                await asyncio.gather(*(task(random.Random(draws.random()), depth + 1) for _ in range(3)))
            elif what == 3:
                with lock:
                    total[0] += 1
            elif what == 4:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.sleep(0.01), 0.001)
            else:
                tool(sum(range(20_000)))

    def thread(seed: int, depth: int) -> None:
        draws = random.Random(seed)
        for _ in range(4):
            what = draws.randrange(4)
            if what == 0 and depth < 2:
                asyncio.run(task(draws, depth + 1))
            elif what == 1:
                time.sleep(draws.random() * 0.002)
            elif what == 2:
                with lock:
                    total[0] += 1
            else:
                job = pool.submit(tool, 1)
                assert job.result(30) == 2

    at_once(lambda number: thread(number, 0), 8)
    asyncio.run(task(random.Random(7), 0))
    pool.shutdown()
