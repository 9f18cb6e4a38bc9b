"""Inside of a replay that calls one function in place of starting a program: for code that has moved, or has no command
line.

The function is called with the arguments that the run began with, in the lane in which it ran, which goes on counting
where it was by then. The module is imported outside of the recording: what it reads of the world while it is imported
is the world's, and what it would open there is stopped.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from playhead.lanes.actor import outside, thread_actor
from playhead.lanes.lane import Lane
from playhead.recorder.recorder import init
from playhead.replaying import begin
from playhead.replaying.outcome import Outcome
from playhead.values.decoding import Undecodable, decode, import_class

COMMAND = "from playhead.replaying.entry import call; call()"
"""What the interpreter is given by -c."""
_REDACTED = "[redacted:"


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    """As `module:name`."""
    arguments: str
    """As the run's first step has them."""
    lane: str
    children: int
    """How many lanes it had made before the run."""
    workers: int
    """How many of pools' threads."""
    occurrences: Mapping[str, int]
    """How many effects of each kind it had had before the run."""


class Unfit(Exception):
    """The function cannot be called as it was; says why."""


def call() -> None:
    """What the process of such a replay does. `replay_this_process` has run by now; `init` begins to serve."""
    replay = begin.asked_here
    assert replay is not None and replay.call is not None
    asked = Call(**replay.call)
    init()
    try:
        function = outside(lambda: _found(asked.function))
        values, named = outside(lambda: _arguments(function, asked))
    except (Unfit, Undecodable) as error:
        Outcome("refused", f"{asked.function} cannot be called as it was: {error}").write(Path(replay.outcome))
        raise SystemExit(2) from None
    lane = Lane.going_on(asked.lane, asked.children, asked.workers, asked.occurrences)
    called = partial(function, *values, **named)
    if inspect.iscoroutinefunction(function):
        asyncio.run(_awaited(called, lane))
    elif inspect.isasyncgenfunction(function):
        asyncio.run(_awaited(partial(_drained, called), lane))
    else:
        actor = thread_actor()
        assert actor is not None
        actor.lane = lane
        result = called()
        if inspect.isgenerator(result):
            for _ in result:
                pass


async def _awaited(called: Callable[[], Any], lane: Lane) -> None:
    task = asyncio.current_task()
    task.lane = lane  # type: ignore[union-attr]
    await called()


async def _drained(called: Callable[[], Any]) -> None:
    async for _ in called():
        pass


def _found(name: str) -> Callable[..., Any]:
    module, _, qualname = name.partition(":")
    try:
        place: Any = importlib.import_module(module)
        for part in qualname.split("."):
            place = getattr(place, part)
    except (ImportError, AttributeError) as error:
        raise Unfit(f"{error} (looked for from {os.getcwd()})") from None  # noqa: PTH109
    if not callable(place):
        raise Unfit("it is no function")
    return place  # type: ignore[no-any-return]


def _arguments(function: Callable[..., Any], asked: Call) -> tuple[list[Any], dict[str, Any]]:
    if _REDACTED in asked.arguments:
        raise Unfit("an argument was a secret, and was taken out of the recording")
    module = asked.function.partition(":")[0]

    def resolve(name: str) -> Any:
        # A program's own module has another name where it is imported.
        return import_class(name.replace("__main__:", f"{module}:", 1))

    given = decode(asked.arguments, resolve)
    if not isinstance(given, dict):
        raise Unfit("the run's first step says of no arguments")
    parameters = list(inspect.signature(function).parameters.values())
    if parameters and parameters[0].name in ("self", "cls") and parameters[0].name not in given:
        raise Unfit("it is a method, and the object that it was called on was not recorded; name a function")
    left = dict(given)
    values: list[Any] = []
    for parameter in parameters:
        by_place = parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        if not by_place or parameter.name not in left:
            break
        values.append(left.pop(parameter.name))
    values += left.pop("*", [])
    try:
        inspect.signature(function).bind(*values, **left)
    except TypeError as error:
        raise Unfit(f"its parameters are others now: {error}") from None
    return values, left
