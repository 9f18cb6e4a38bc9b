"""`python -m tests.sdk.engine.stress JOURNAL PROGRAM`: programs that would hang if the discipline ever let nobody run.

Each is an ordinary program with `playhead.init()` at its start; it prints `done` where its own results were right.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import ctypes
import gc
import logging
import multiprocessing
import os
import queue
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import weakref
from typing import Any

import anyio

import playhead


@playhead.tool
def tool(number: int) -> int:
    return number + 1


@playhead.agent
def agent(number: int) -> int:
    return sum(tool(number) for _ in range(3))


def locks() -> None:
    """Many threads over few locks, with and without timeouts, tried and nested."""
    plain, nested, counter = [threading.Lock() for _ in range(3)], threading.RLock(), [0]

    def worker(seed: int) -> None:
        draws = random.Random(seed)
        for _ in range(150):
            lock = draws.choice(plain)
            if draws.random() < 0.3 and not lock.acquire(timeout=0.001):
                continue
            if lock.locked() and draws.random() < 0.5:
                with nested, nested:
                    counter[0] += 1
            if lock.locked():
                with contextlib.suppress(RuntimeError):
                    lock.release()

    _threads(worker, 12)
    assert counter[0] > 0


def conditions() -> None:
    condition, items, taken = threading.Condition(), [0], []

    def consume(_: int) -> None:
        for _ in range(50):
            with condition:
                assert condition.wait_for(lambda: items[0] > 0, 30)
                items[0] -= 1
                taken.append(1)

    def produce(_: int) -> None:
        for _ in range(100):
            with condition:
                items[0] += 1
                condition.notify()

    workers = [threading.Thread(target=consume, args=(n,)) for n in range(6)]
    workers += [threading.Thread(target=produce, args=(n,)) for n in range(3)]
    _run(workers)
    assert len(taken) == 300
    barrier = threading.Barrier(8)
    _threads(lambda _: barrier.wait(30) and None, 8)
    semaphore, event = threading.BoundedSemaphore(2), threading.Event()

    def limited(number: int) -> None:
        with semaphore:
            tool(number)
        if number == 7:
            event.set()
        assert event.wait(30)

    _threads(limited, 8)


def queues() -> None:
    work: queue.Queue[int] = queue.Queue(3)
    simple: queue.SimpleQueue[int] = queue.SimpleQueue()
    got: list[int] = []

    def produce(number: int) -> None:
        for turn in range(60):
            work.put(number * 100 + turn)
            simple.put(turn)

    def consume(_: int) -> None:
        for _ in range(60):
            got.append(work.get(timeout=30))
            work.task_done()
            simple.get(timeout=30)

    workers = [threading.Thread(target=one, args=(n,)) for n in range(4) for one in (produce, consume)]
    _run(workers)
    work.join()
    assert len(got) == 240


def timers() -> None:
    fired, all_fired = [], threading.Event()

    def fire(number: int) -> None:
        fired.append(number)
        if len(fired) == 20:
            all_fired.set()

    made = [threading.Timer(0.001 * number, fire, (number,)) for number in range(20)]
    for timer in made:
        timer.start()
    late = threading.Timer(60, fire, (99,))
    late.start()
    late.cancel()
    assert all_fired.wait(30)
    late.join(30)


def signals() -> None:
    """Handlers that release, set and raise, in the middle of waits and of computation."""
    event, hits = threading.Event(), [0]
    lock, another = threading.Lock(), threading.Lock()

    def alarm(*_: Any) -> None:
        hits[0] += 1
        tool(hits[0])
        event.set()
        with another:
            pass

    signal.signal(signal.SIGALRM, alarm)

    def worker(number: int) -> None:
        for _ in range(100):
            with lock:
                tool(number)

    workers = [threading.Thread(target=worker, args=(n,)) for n in range(4)]
    for thread in workers:
        thread.start()
    for _ in range(100):
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        # Not long: a signal that comes just before a wait begins is heard after it, in any Python program.
        event.wait(0.2)
        event.clear()
        with lock:
            tool(1)
    for thread in workers:
        thread.join()
    signal.setitimer(signal.ITIMER_REAL, 0)

    class TooLate(Exception):
        pass

    armed = [False]

    def raising(*_: Any) -> None:
        if armed[0]:
            armed[0] = False
            raise TooLate

    signal.signal(signal.SIGALRM, raising)
    for waiting in (lambda: time.sleep(30), lambda: threading.Event().wait(30), lambda: queue.Queue().get(timeout=30)):
        for _ in range(5):
            armed[0] = True
            signal.setitimer(signal.ITIMER_REAL, 0.005, 0.05)
            try:
                waiting()
            except TooLate:
                continue
            raise AssertionError("the alarm did not break off the wait")
    late = 0
    for _ in range(200):
        try:
            armed[0] = True
            signal.setitimer(signal.ITIMER_REAL, 0.0005)
            with lock:
                tool(1)
            armed[0] = False
        except TooLate:
            late += 1
        signal.setitimer(signal.ITIMER_REAL, 0)
        if lock.locked():
            lock.release()
    assert hits[0] > 0


def signals_in_a_loop() -> None:
    async def main() -> None:
        loop, heard = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, heard.set)
        for _ in range(20):
            os.kill(os.getpid(), signal.SIGUSR1)
            await asyncio.wait_for(heard.wait(), 30)
            heard.clear()
        threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT)).start()
        await asyncio.sleep(30)

    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        return
    raise AssertionError("Ctrl-C was not heard")


def loops_in_threads() -> None:
    async def inside(number: int) -> int:
        await asyncio.sleep(0.001)
        return await asyncio.to_thread(tool, number)

    def worker(number: int) -> None:
        for turn in range(10):
            assert asyncio.run(inside(turn)) == turn + 1

    _threads(worker, 6)

    async def main() -> None:
        # A loop in a thread of its own, which another loop asks: what synchronous wrappers of async clients do.
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            for number in range(20):
                there = asyncio.run_coroutine_threadsafe(inside(number), loop)
                assert await asyncio.wrap_future(there) == number + 1
                assert asyncio.run_coroutine_threadsafe(inside(number), loop).result(30) == number + 1
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(30)
            loop.close()

    asyncio.run(main())


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
    # Not shut down: Python's own end does.


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


def native_threads() -> None:
    """Threads that Python did not start call back into the agent's code, and share its locks."""
    seen, lock, event = [], threading.Lock(), threading.Event()
    work: queue.Queue[int] = queue.Queue()

    def called(_: Any) -> None:
        for number in range(50):
            with lock:
                seen.append(tool(number))
            work.put(number)
        event.set()

    back = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(called)
    libc = ctypes.CDLL(None)
    handles = [ctypes.c_ulong() for _ in range(3)]
    for handle in handles:
        assert libc.pthread_create(ctypes.byref(handle), None, back, None) == 0
    for _ in range(150):
        work.get(timeout=30)
        with lock:
            tool(1)
    assert event.wait(30)
    for handle in handles:
        libc.pthread_join(handle, None)
    assert len(seen) == 150
    import _thread

    done = _thread.allocate_lock()
    done.acquire()

    def low_level() -> None:
        agent(1)
        done.release()

    _thread.start_new_thread(low_level, ())
    assert done.acquire(True, 30)


def foreign_locks() -> None:
    """Locks that the discipline has not made, held across its hooks: the token's holder waits for one that waits."""
    import _thread

    real = _thread.allocate_lock()
    order: list[int] = []

    def worker(number: int) -> None:
        for _ in range(5):
            with real:
                time.sleep(0.001)
                order.append(tool(number))

    _threads(worker, 6)
    assert len(order) == 30
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.execute("create table t (n)")

    def writes(number: int) -> None:
        for _ in range(20):
            with lock:
                database.execute("insert into t values (?)", (number,))

    lock = threading.Lock()
    _threads(writes, 5)
    assert database.execute("select count(*) from t").fetchone() == (100,)


def sockets() -> None:
    """Raw sockets between threads of the agent: nothing of it is an effect, and each end waits for the other."""
    ours, theirs = socket.socketpair()

    def answer() -> None:
        while data := theirs.recv(100):
            theirs.sendall(data.upper())

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    for _ in range(20):
        ours.sendall(b"hello")
        assert ours.recv(100) == b"HELLO"
    ours.close()
    thread.join(30)


def asyncio_servers() -> None:
    async def main() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while line := await reader.readline():
                await asyncio.to_thread(tool, 1)
                writer.write(line)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        async def ask(number: int) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(5):
                writer.write(b"%d\n" % number)
                assert await asyncio.wait_for(reader.readline(), 30) == b"%d\n" % number
            writer.close()
            await writer.wait_closed()

        await asyncio.gather(*(ask(number) for number in range(20)))
        server.close()

    asyncio.run(main())


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

    _threads(worker, 6)

    async def main() -> None:
        async def one() -> None:
            for _ in range(20):
                Cycle()
                await asyncio.sleep(0)

        await asyncio.gather(*(one() for _ in range(10)))

    asyncio.run(main())
    gc.collect()
    assert ended[0] == 560


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
            _init()
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
        _init()
        ready.set()
        for number in range(50):
            tool(number)
        _threads(tool, 3)
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
    _threads(tool, 3)


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


def cancellations() -> None:
    async def main() -> None:
        async def one(number: int) -> None:
            async with asyncio.timeout(30):
                await asyncio.sleep(0.001 * (number % 5))
                await asyncio.to_thread(time.sleep, 0.001)
                await asyncio.sleep(10)

        for _ in range(20):
            tasks = [asyncio.create_task(one(number)) for number in range(10)]
            await asyncio.sleep(0.003)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert all(task.cancelled() for task in tasks)
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(10):
                    group.create_task(one(number))
                raise ValueError
        except* ValueError:
            pass

    asyncio.run(main())


def runners() -> None:
    """Loops one after the other, and one used again and again, as test frameworks have them."""

    async def one(number: int) -> int:
        await asyncio.sleep(0.001)
        return await asyncio.to_thread(tool, number)

    for number in range(10):
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        assert loop.run_until_complete(one(number)) == number + 1
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    with asyncio.Runner(debug=True) as runner:
        assert [runner.run(one(number)) for number in range(10)] == list(range(1, 11))
    for number in range(5):
        assert anyio.run(one, number) == number + 1


def server(loop: str = "asyncio") -> None:
    """A server of the agent's own that is asked by many threads at once, in its loop and in its worker threads."""
    import fastapi
    import requests
    import uvicorn

    app, busy = fastapi.FastAPI(), threading.Lock()

    @app.get("/tasks/{number}")
    async def in_tasks(number: int) -> int:
        await asyncio.sleep(0.002)
        return sum(await asyncio.gather(*(asyncio.to_thread(agent, number) for _ in range(2))))

    @app.get("/threads/{number}")
    def in_threads(number: int) -> int:
        with busy:
            time.sleep(0.001)
        return agent(number) * 2

    running = uvicorn.Server(uvicorn.Config(app, port=0, loop=loop, log_level="error"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.005)
    port = running.servers[0].sockets[0].getsockname()[1]
    answers: list[int] = []

    def ask(client: int) -> None:
        with requests.Session() as session:
            for turn in range(8):
                where = "tasks" if (client + turn) % 2 else "threads"
                answers.append(session.get(f"http://127.0.0.1:{port}/{where}/{client}", timeout=60).json())

    _threads(ask, 20)
    assert sorted(answers) == sorted(6 * (client + 1) for client in range(20) for _ in range(8))
    running.should_exit = True
    thread.join(30)
    assert not thread.is_alive()


def server_uvloop() -> None:
    server("uvloop")


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

    _threads(lambda number: thread(number, 0), 8)
    asyncio.run(task(random.Random(7), 0))
    pool.shutdown()


def _spin() -> None:
    while True:
        pass


def _threads(worker: Any, count: int) -> None:
    _run([threading.Thread(target=worker, args=(number,)) for number in range(count)])


def _run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def _init() -> None:
    playhead.init(service="stress", journal=sys.argv[1], send=False, record="exact")


LATE = ("late", "in_a_thread")

if __name__ == "__main__":
    if sys.argv[2] not in LATE:
        _init()
    globals()[sys.argv[2]]()
    print("done", flush=True)
