"""What two processes of one past share in spite of themselves: open files, whose place is one for both, and the
descriptors of event loops.

Of a moment that is kept (snapshots.py) the places are noted; the process that goes on from it gets descriptors of its
own, under the same numbers. What cannot be had twice (a pipe, a socket of the agent's) keeps a moment from being kept:
going back is slower then, and never wrong.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import select
import selectors
import socket
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MOST_CONTENT = 8 << 20
_STANDARD = 2
_OPEN = "/proc/self/fd"
_REOPENED = ~(os.O_CREAT | os.O_EXCL | os.O_TRUNC)


@dataclass(frozen=True, slots=True)
class OpenFile:
    descriptor: int
    flags: int
    place: int
    content: bytes | None
    """Of a file that the replay writes; its reader may be the agent."""

    def become_own(self) -> None:
        own = os.open(f"{_OPEN}/{self.descriptor}", self.flags & _REOPENED)
        os.dup2(own, self.descriptor, os.get_inheritable(self.descriptor))
        os.close(own)
        if self.content is not None:
            os.ftruncate(self.descriptor, 0)
            os.pwrite(self.descriptor, self.content, 0)
        os.lseek(self.descriptor, self.place, os.SEEK_SET)


@dataclass(frozen=True, slots=True)
class OpenLoop:
    """asyncio's: what it waits with, and the pair of sockets by which it is woken."""

    loop: Any
    woken: int
    """How many bytes lay in the pair."""

    @classmethod
    def of(cls, loop: Any) -> OpenLoop:
        try:
            return cls(loop, len(loop._ssock.recv(1 << 16, socket.MSG_PEEK)))
        except BlockingIOError:
            return cls(loop, 0)

    @property
    def descriptors(self) -> set[int]:
        return {self.loop._selector.fileno(), self.loop._ssock.fileno(), self.loop._csock.fileno()}

    def become_own(self) -> None:
        selector = self.loop._selector
        with select.epoll() as fresh:
            os.dup2(fresh.fileno(), selector.fileno(), False)
        for fresh_end, end in zip(socket.socketpair(), (self.loop._ssock, self.loop._csock), strict=True):
            fresh_end.setblocking(False)
            os.dup2(fresh_end.fileno(), end.fileno(), False)
            fresh_end.close()
        for key in selector.get_map().values():
            reads = select.EPOLLIN if key.events & selectors.EVENT_READ else 0
            writes = select.EPOLLOUT if key.events & selectors.EVENT_WRITE else 0
            selector._selector.register(key.fd, reads | writes)
        if self.woken:
            self.loop._csock.send(b"\0" * self.woken)


@dataclass(frozen=True, slots=True)
class Descriptors:
    files: list[OpenFile]
    loops: list[OpenLoop]

    @classmethod
    def now(cls, ours: Collection[int], journal: str, beside: str) -> Descriptors | None:
        """`ours` are seen to elsewhere, as is what lies in `journal`; None where something cannot be had twice."""
        loops = [OpenLoop.of(loop) for loop in _loops()]
        known = set(ours).union(*(loop.descriptors for loop in loops))
        files: list[OpenFile] = []
        for descriptor in sorted(int(name) for name in os.listdir(_OPEN)):  # noqa: PTH208
            if descriptor <= _STANDARD or descriptor in known:
                continue
            try:
                mode = os.fstat(descriptor).st_mode
            except OSError:
                continue  # the one by which the folder was listed
            if stat.S_ISREG(mode):
                path = str(Path(f"{_OPEN}/{descriptor}").readlink())
                if not path.startswith(journal):
                    file = _file(descriptor, path.startswith(beside))
                    if file is None:
                        return None
                    files.append(file)
            elif not stat.S_ISCHR(mode):
                return None
        return cls(files, loops)

    def become_own(self) -> None:
        for file in self.files:
            file.become_own()
        for loop in self.loops:
            loop.become_own()


def _file(descriptor: int, is_beside: bool) -> OpenFile | None:
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    content = None
    if is_beside and flags & os.O_ACCMODE != os.O_RDONLY:
        if os.fstat(descriptor).st_size > _MOST_CONTENT:
            return None
        with open(f"{_OPEN}/{descriptor}", "rb") as file:  # noqa: PTH123 - it may be open for writing alone
            content = file.read()
    return OpenFile(descriptor, flags, os.lseek(descriptor, 0, os.SEEK_CUR), content)


def _loops() -> Iterator[Any]:
    """The one that runs and the one that is set; any other is found by its descriptors, which are nobody's."""
    running = asyncio._get_running_loop()
    local: Any = getattr(asyncio.get_event_loop_policy(), "_local", None)
    loops: list[Any] = [running, getattr(local, "_loop", None)]
    for loop in {id(loop): loop for loop in loops}.values():
        with suppress(AttributeError):
            if isinstance(loop._selector, selectors.EpollSelector) and not loop.is_closed():
                yield loop
