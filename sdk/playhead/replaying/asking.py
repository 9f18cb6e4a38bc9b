"""Asks before a tool with side effects is called for real, in a fork that lives on: at the terminal, or whoever started
the fork, over a channel.

Where there is nobody to ask, the answer is no, and the fork ends: what happened twice cannot be undone.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from collections.abc import Callable
from typing import NoReturn

from playhead.lanes.actor import outside
from playhead.printable import printable
from playhead.recorder.step import Step
from playhead.replaying.control import Channel

_LONGEST = 300


class Asking:
    def __init__(
        self, is_live: Callable[[], bool], yes: bool, stop: Callable[[str], NoReturn], asks: int | None
    ) -> None:
        """`asks`: the channel's descriptor; None for the terminal."""
        self._is_live = is_live
        self._all = yes
        self._stop = stop
        self._channel = None if asks is None else Channel.of(asks)
        self._one_at_a_time = allocate_lock()

    def may_call(self, step: Step, arguments: str) -> None:
        if self._all or not self._is_live():
            return
        name = str(getattr(step.span, "name", "a tool")).removeprefix("execute_tool ")
        if self._channel is None and not (os.isatty(0) and os.isatty(2)):
            self._stop(f"{name} changes the world, and there is no terminal to ask at; --yes agrees to such calls")
        call = f"{name}({arguments[:_LONGEST]})"
        match outside(lambda: self._answer_to(call)):
            case "y" | "yes":
                return
            case "a" | "all":
                self._all = True
            case _:
                self._stop(f"{name} was not to be called")

    def _answer_to(self, call: str) -> str:
        with self._one_at_a_time:
            if self._channel is None:
                return _typed(call)
            self._channel.send({"asks": call})
            message = self._channel.receive()
            return "n" if message is None else str(message["answer"])


def _typed(call: str) -> str:
    os.write(2, printable(f"playhead: {call} changes the world. Call it? [y/n/all] ").encode())
    said = b""
    while not said.endswith(b"\n") and (letter := os.read(0, 1)):
        said += letter
    return said.decode("utf-8", "replace").strip().lower()
