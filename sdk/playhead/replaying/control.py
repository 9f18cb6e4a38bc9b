"""The wire between a replayed program and who steps through it: lines of JSON over a socket, and file descriptors.

Nothing is ever unpickled, and nothing that comes over it is code, but for the expression that a person asked for.
"""

from __future__ import annotations

import json
import os
import select
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

_READ = 1 << 16
_MOST_DESCRIPTORS = 8

Message = Mapping[str, Any]


class Channel:
    """One end of it. Not for two threads at once."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._read = b""
        self._descriptors: deque[int] = deque()
        self._poll = select.poll()
        self._poll.register(end, select.POLLIN)

    @classmethod
    def of(cls, descriptor: int) -> Channel:
        os.set_inheritable(descriptor, False)
        return cls(socket.socket(fileno=descriptor))

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        """Raises OSError where nobody is at the other end."""
        line = json.dumps(message).encode() + b"\n"
        if descriptors:
            sent = socket.send_fds(self._socket, [line], list(descriptors))
            line = line[sent:]
        self._socket.sendall(line)

    def receive(self) -> Message | None:
        """The next message, waited for; None where the other end is gone."""
        while b"\n" not in self._read:
            try:
                data, descriptors, _, _ = socket.recv_fds(self._socket, _READ, _MOST_DESCRIPTORS)
            except ConnectionError:
                return None
            if not data:
                return None
            self._read += data
            self._descriptors += descriptors
        line, _, self._read = self._read.partition(b"\n")
        message: Message = json.loads(line)
        return message

    def take_descriptor(self) -> int:
        """The one that came with a message; in the order of messages."""
        return self._descriptors.popleft()

    def has_message(self) -> bool:
        return bool(self._read) or bool(self._poll.poll(0))

    def close(self) -> None:
        self._socket.close()
        while self._descriptors:
            os.close(self._descriptors.popleft())
