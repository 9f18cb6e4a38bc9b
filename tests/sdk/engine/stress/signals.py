"""Signals in the middle of waits and of computation, in threads and in a loop."""

from __future__ import annotations

import asyncio
import os
import queue
import signal
import threading
import time
from typing import Any

from tests.sdk.engine.stress.agent import tool


def signals() -> None:
    """Handlers that release, set and raise, in the middle of waits and of computation."""
    event, hits = threading.Event(), [0]
    lock, another, gate = threading.Lock(), threading.Lock(), threading.Lock()

    # What would hang any Python program is left out: a handler within itself, which a late signal makes, and one that
    # sets an event that its own thread waits for, while that wait has the event's lock.
    handling = [False]

    def alarm(*_: Any) -> None:
        if handling[0]:
            return
        handling[0] = True
        hits[0] += 1
        tool(hits[0])
        event.set()
        if gate.locked():
            gate.release()
        with another:
            pass
        handling[0] = False

    signal.signal(signal.SIGALRM, alarm)

    def worker(number: int) -> None:
        for _ in range(100):
            with lock:
                tool(number)

    workers = [threading.Thread(target=worker, args=(n,)) for n in range(4)]
    workers.append(threading.Thread(target=event.wait))
    for thread in workers:
        thread.start()
    for _ in range(100):
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        # Not long: a signal that comes just before a wait begins is heard after it, in any Python program.
        gate.acquire(timeout=0.2)
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
