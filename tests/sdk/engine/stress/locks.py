"""Threads that wait for each other: locks of all kinds, queues, timers, sockets, and locks that are not ours."""

from __future__ import annotations

import contextlib
import ctypes
import queue
import random
import socket
import sqlite3
import threading
import time
from typing import Any

from tests.sdk.engine.stress.agent import agent, at_once, to_their_end, tool


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

    at_once(worker, 12)
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
    to_their_end(workers)
    assert len(taken) == 300
    barrier = threading.Barrier(8)
    at_once(lambda _: barrier.wait(30) and None, 8)
    semaphore, event = threading.BoundedSemaphore(2), threading.Event()

    def limited(number: int) -> None:
        with semaphore:
            tool(number)
        if number == 7:
            event.set()
        assert event.wait(30)

    at_once(limited, 8)


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
    to_their_end(workers)
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

    at_once(worker, 6)
    assert len(order) == 30
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.execute("create table t (n)")

    def writes(number: int) -> None:
        for _ in range(20):
            with lock:
                database.execute("insert into t values (?)", (number,))

    lock = threading.Lock()
    at_once(writes, 5)
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
