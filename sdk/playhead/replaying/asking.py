"""Asks at the terminal before a tool with side effects is called for real, in a fork that lives on.

Where there is no terminal to ask at, the answer is no, and the fork ends: what happened twice cannot be undone.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn

from playhead.lanes.actor import outside
from playhead.printable import printable
from playhead.recorder.step import Step

_LONGEST = 300


class Asking:
    def __init__(self, is_live: Callable[[], bool], yes: bool, stop: Callable[[str], NoReturn]) -> None:
        self._is_live = is_live
        self._all = yes
        self._stop = stop

    def may_call(self, step: Step, arguments: str) -> None:
        if self._all or not self._is_live():
            return
        name = str(getattr(step.span, "name", "a tool")).removeprefix("execute_tool ")
        if not (os.isatty(0) and os.isatty(2)):
            self._stop(f"{name} changes the world, and there is no terminal to ask at; --yes agrees to such calls")
        question = f"playhead: {name}({arguments[:_LONGEST]}) changes the world. Call it? [y/n/all] "
        match outside(lambda: _answer(question)):
            case "y" | "yes":
                return
            case "a" | "all":
                self._all = True
            case _:
                self._stop(f"{name} was not to be called")


def _answer(question: str) -> str:
    os.write(2, printable(question).encode())
    said = b""
    while not said.endswith(b"\n") and (letter := os.read(0, 1)):
        said += letter
    return said.decode("utf-8", "replace").strip().lower()
