"""Runs a program beside this one: what it prints goes into a file, what it asks is answered here, and it can be ended.

For a screen that starts what `playhead fork` would run in the foreground. The program has no terminal: it is of a
session of its own, with all that it starts.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO

from playhead.replaying.control import Channel
from playhead_replay.entry import Entry


class Beside:
    """A `launch.Run`, once."""

    def __init__(self, output: IO[bytes], answer: Callable[[str], str]) -> None:
        """`answer` is asked in a thread of its own, and may block; it says `y`, `n` or `all`."""
        self._output = output
        self._answer = answer
        self._ours, self._theirs = socket.socketpair()
        self._theirs.set_inheritable(True)
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()
        self._is_ended = False

    @property
    def asks(self) -> int:
        """The descriptor on which the program asks."""
        return self._theirs.fileno()

    def __call__(self, entry: Entry, environment: Mapping[str, str]) -> int:
        with self._starting:
            if self._is_ended:
                return -signal.SIGKILL
            # Not to be closed: its journal is held by a lock that it inherits, as is what it asks on.
            self._process = subprocess.Popen(
                entry.words, cwd=entry.folder, env=environment, stdin=subprocess.DEVNULL, stdout=self._output,
                stderr=self._output, close_fds=False, start_new_session=True,
            )  # fmt: skip
        self._theirs.close()
        asked = threading.Thread(target=self._answer_all, name="playhead-fork-asks", daemon=True)
        asked.start()
        code = self._process.wait()
        # What the program left running may hold the other end.
        with suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)
        return code

    def end(self) -> None:
        """From another thread: kills it, and what it started."""
        with self._starting, suppress(ProcessLookupError):
            self._is_ended = True
            if self._process is not None and self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """What it asked on."""
        self._theirs.close()
        if self._process is None:
            self._ours.close()

    def _answer_all(self) -> None:
        channel = Channel(self._ours)
        with suppress(OSError):
            while (message := channel.receive()) is not None:
                channel.send({"answer": self._answer(str(message["asks"]))})
        channel.close()
