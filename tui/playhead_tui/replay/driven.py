"""A session that workers drive, one at a time, and that is ended whatever it is doing when the screen is left.

Its program prints into a file of its own, never onto the terminal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from playhead_replay.stepping.session import Session
from playhead_tui.replay.code import AROUND
from playhead_tui.replay.opened import OpenedReplay
from playhead_tui.replay.printed import Printed

Answer = TypeVar("Answer")

_AGAIN_S = 0.05


class ReplayLeft(Exception):
    """The screen was left meanwhile: nobody waits for the answer."""


class Driven:
    def __init__(self) -> None:
        self.printed = Printed()
        self._session: Session | None = None
        self._one_at_a_time = threading.Lock()
        self._is_left = False

    def open(self, opened: OpenedReplay) -> None:
        """Blocks, as does `do`. Raises ReplayLeft."""
        with self._one_at_a_time:
            if self._is_left:
                raise ReplayLeft
            self._session = Session(opened.recording, opened.entry, output=self.printed.file, around=AROUND)

    def do(self, command: Callable[[Session], Answer]) -> Answer:
        """Waits for whoever drives it now. Raises ReplayLeft, and what the command raises."""
        with self._one_at_a_time:
            if self._is_left or self._session is None:
                raise ReplayLeft
            return command(self._session)

    def pause(self) -> None:
        """What goes on stops at its next place."""
        if self._session is not None:
            self._session.pause()

    def end(self) -> None:
        """What goes on is killed, for it comes to no next place."""
        if self._session is not None:
            self._session.end()

    def leave(self) -> None:
        """Ends all that was started, beside: the app goes on, and the interpreter waits for it at its own end."""
        self._is_left = True
        threading.Thread(target=self._leave, name="playhead-replay-leaves").start()

    def _leave(self) -> None:
        while not self._one_at_a_time.acquire(timeout=_AGAIN_S):
            self.end()  # again and again: on its way back a session may just have started another program
        try:
            if self._session is not None:
                self._session.close()
            self.printed.close()
        finally:
            self._one_at_a_time.release()
