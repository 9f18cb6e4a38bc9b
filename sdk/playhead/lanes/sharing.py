"""Which runs used the same thing: a semaphore, a lock, a queue, an HTTP client, a seeded `random`.

A run that shared one with others may not be executable alone, and a certificate can say with how many. What is noticed
is what the engine's hooks see anyway; a dictionary or a counter is used without anybody being told. Nothing here is
needed to serve, and nothing here may keep a thing alive.
"""

from __future__ import annotations

import asyncio
import itertools
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from playhead.lanes.actor import current_actor
from playhead.lanes.who import place_of_agent

if TYPE_CHECKING:
    from playhead.lanes.engine import Engine

# Beyond these the oldest are forgotten: a sharing may then be told of twice, or a rare one not at all.
_MOST_THINGS = 5_000
_MOST_RUNS = 200

CLIENT = "an HTTP client"
METHODS = (
    (asyncio.Semaphore, "acquire", "a semaphore"),
    (asyncio.Lock, "acquire", "a lock"),
    (asyncio.Event, "set", "an event"),
    (asyncio.Event, "wait", "an event"),
    (asyncio.Queue, "put_nowait", "a queue"),
    (asyncio.Queue, "get_nowait", "a queue"),
)


class Users:
    """The runs that have used one thing."""

    __slots__ = ("number", "runs", "thing")

    def __init__(self, thing: weakref.ref[Any], number: int) -> None:
        self.thing = thing
        self.number = number
        self.runs: OrderedDict[str, None] = OrderedDict()


class Sharing:
    """`note` gets `["s", run, what, where, number]` of each run, once a second one has used the thing."""

    def __init__(self, note: Callable[..., None], run: Callable[[], str | None]) -> None:
        self._note = note
        self._run = run
        self._users: OrderedDict[int, Users] = OrderedDict()
        self._numbers = itertools.count(1)

    def used(self, thing: Any, what: str) -> None:
        """By the code that runs now; cheap where its run has used it before."""
        run = self._run()
        if run is None:
            return
        users = self._users.get(id(thing))
        if users is None or users.thing() is not thing:  # another had its address
            users = self._users[id(thing)] = Users(weakref.ref(thing), next(self._numbers))
            if len(self._users) > _MOST_THINGS:
                self._users.popitem(last=False)
        if run in users.runs:
            return
        users.runs[run] = None
        if len(users.runs) > _MOST_RUNS:
            users.runs.popitem(last=False)
        if len(users.runs) == 1:
            return
        where = place_of_agent()
        if len(users.runs) == 2:
            self._note("s", next(iter(users.runs)), what, where, users.number)
        self._note("s", run, what, where, users.number)


def install(engine: Engine) -> None:
    if engine.serving:
        return
    for owner, name, what in METHODS:
        engine.patches.set(owner, name, _noticing(engine, getattr(owner, name), what))


def _noticing(engine: Engine, real: Callable[..., Any], what: str) -> Callable[..., Any]:
    def noticing(thing: Any, *args: Any, **kwargs: Any) -> Any:
        if current_actor() is not None:
            engine.used(thing, what)
        return real(thing, *args, **kwargs)

    noticing.__name__, noticing.__qualname__, noticing.__doc__ = real.__name__, real.__qualname__, real.__doc__
    return noticing
