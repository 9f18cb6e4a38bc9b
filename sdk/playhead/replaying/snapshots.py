"""Moments of a replayed program that are kept: a fork of it that sleeps, and wakes to have another go on from there.

Going back is going on from a moment before, to where one wants to be: the program's own code, executed again. A moment
can be kept only while the process is one thread; where there are more, one goes on from an earlier moment.

The first process of all stays at the first moment for as long as the session lives: it is told when the others are to
end, and sees to it that none outlives the session. Every sleeper ends when the other end of its channel is closed.
"""

from __future__ import annotations

import asyncio
import ctypes
import io
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

# The real ones, held before they are replaced: while serving, clocks and sleeps are the recording's.
from time import process_time_ns, sleep
from typing import Any

from playhead.replaying.control import Channel
from playhead.replaying.descriptors import Descriptors

_LEAST_FREE_BYTES = 512 << 20
_SET_CHILD_SUBREAPER = 36
_THREADS = "/proc/self/task"
_POSSIBLE = sys.platform == "linux"

_exit = os._exit  # the real one: it is wrapped while serving


@dataclass(frozen=True, slots=True)
class Woken:
    """This process goes on from a moment that was kept."""

    channel: Channel
    goal: Mapping[str, Any]


class Snapshots:
    def __init__(self, journal: str, beside: str, every_ms: int) -> None:
        self._journal = journal
        self._beside = beside
        self._every_ns = every_ms * 1_000_000
        self._root = 0
        self._since_ns = 0
        self._children: list[int] = []
        self._statuses: dict[int, int] = {}

    def is_due(self) -> bool:
        return _POSSIBLE and (not self._root or process_time_ns() - self._since_ns > self._every_ns)

    def keep(self, channel: Channel, told: Callable[[], Mapping[str, Any]], ours: set[int]) -> Woken | None:
        """Returns in the process that goes on; later and again, with `Woken`, in those that go on from here."""
        self._since_ns = process_time_ns()
        self._sweep()
        if not _is_alone() or not _has_memory():
            return None
        kept = Descriptors.now({channel.fileno(), *ours}, self._journal, self._beside)
        if kept is None:
            return None
        flush_streams()
        here, there = socket.socketpair()
        try:
            child = fork_as_is()
        except OSError:  # no more processes to be had
            here.close()
            there.close()
            return None
        is_root = not self._root
        if (child != 0) is is_root:
            # The first process sleeps itself, and its child goes on; of all others the child sleeps.
            there.close()
            channel.close()
            self._root = self._root or os.getpid()
            return self._sleep(Channel(here), kept, is_root)
        here.close()
        if is_root:
            self._root = os.getppid()
            channel.send({"running": os.getpid()})
        else:
            self._children.append(child)
        channel.send({"kept": told()}, [there.fileno()])
        there.close()
        self._since_ns = process_time_ns()
        return None

    def _sleep(self, channel: Channel, kept: Descriptors, is_root: bool) -> Woken:
        self._children.clear()
        try:
            woken = self._until_woken(channel, kept, is_root)
        except BaseException:  # noqa: BLE001 - a signal's handler, too: the program must not go on in a sleeper
            _exit(1)
        if woken is None:
            _exit(0)
        return woken

    def _until_woken(self, channel: Channel, kept: Descriptors, is_root: bool) -> Woken | None:
        """In the process that goes on; None in the sleeper, when nobody steps any more."""
        if is_root:
            _adopt_orphans()
        while (message := channel.receive()) is not None:
            if "ended" in message:
                channel.send({"status": self._status_of(int(message["ended"]))})
            elif "goal" in message:
                own = channel.take_descriptor()
                if self._go_on(is_root):
                    channel.close()
                    kept.become_own()
                    woken = Channel.of(own)
                    woken.send({"running": os.getpid()})
                    self._since_ns = process_time_ns()
                    return Woken(woken, message["goal"])
                os.close(own)
        if is_root:
            _end_children()
        return None

    def _go_on(self, is_root: bool) -> bool:
        """Whether this is the process that goes on. It is the first one's child, who tells how it ended."""
        between = fork_as_is()
        if is_root or between:
            if not is_root:
                os.waitpid(between, 0)
            return between == 0
        between = os.getpid()
        if fork_as_is():
            _exit(0)
        while os.getppid() == between:
            sleep(0.0001)
        return True

    def _status_of(self, pid: int) -> int | None:
        """Of one that went on. Sleepers that have ended meanwhile leave at last, too."""
        while pid not in self._statuses:
            try:
                ended, status = os.waitpid(-1, 0)
            except ChildProcessError:
                return None
            self._statuses[ended] = os.waitstatus_to_exitcode(status)
        return self._statuses.pop(pid)

    def _sweep(self) -> None:
        """Of sleepers that were sent away."""
        for child in list(self._children):
            with suppress(ChildProcessError):
                if not os.waitpid(child, os.WNOHANG)[0]:
                    continue
            self._children.remove(child)


def fork_as_is() -> int:
    """`os.fork`, but in the child, too, all is as it was: what the standard library changes there is put back."""
    loop = asyncio._get_running_loop()
    policy: Any = asyncio.get_event_loop_policy()
    local = getattr(policy, "_local", None)
    state = random._inst.getstate()
    locks = {name: getattr(threading, name) for name in _LOCKS if hasattr(threading, name)}
    child = os.fork()
    if child == 0:
        asyncio._set_running_loop(loop)
        if local is not None:
            policy._local = local
        random._inst.setstate(state)
        for name, lock in locks.items():
            setattr(threading, name, lock)
    return child


# Made anew in a child, and with what is there now: locks that are in the recording's order.
_LOCKS = ("_active_limbo_lock", "_shutdown_locks_lock")


def _is_alone() -> bool:
    """One thread, as the operating system counts. One that has just ended may be there for a moment."""
    for _ in range(20):
        if len(os.listdir(_THREADS)) == 1:  # noqa: PTH208
            return True
        if threading.active_count() > 1:
            return False
        sleep(0.0005)
    return False


def _has_memory() -> bool:
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return free > _LEAST_FREE_BYTES or _available() > _LEAST_FREE_BYTES


def _available() -> int:
    """With what the system keeps of files, and gives up when asked."""
    with open("/proc/meminfo", encoding="ascii") as lines:  # noqa: PTH123
        found = next((line for line in lines if line.startswith("MemAvailable:")), "0 0")
    return int(found.split()[1]) << 10


def flush_streams() -> None:
    """Or both processes would write what is waiting there."""
    for stream in (sys.stdout, sys.stderr):
        if type(stream) is io.TextIOWrapper:
            with suppress(OSError, ValueError):
                stream.flush()


def _adopt_orphans() -> None:
    prctl: Callable[..., int] = ctypes.CDLL(None).prctl
    prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_children() -> None:
    """Whoever still runs. Their own children come to us, and are ended in turn."""
    me = os.getpid()
    while True:
        with open(f"/proc/{me}/task/{me}/children", encoding="ascii") as file:  # noqa: PTH123
            children = [int(pid) for pid in file.read().split()]
        for child in children:
            os.kill(child, signal.SIGKILL)
        if not children:
            return
        for child in children:
            with suppress(ChildProcessError):
                os.waitpid(child, 0)
