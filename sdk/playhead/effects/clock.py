"""Clocks: what the agent's own code reads is recorded, and comes back exactly.

`queue`, `threading` and `concurrent.futures` compute deadlines from clocks on behalf of their callers, so they see the
recording's too. `datetime.now` is replaced in the type's own dict: the class stays itself, for subclasses, pickle and
`isinstance`.
"""

from __future__ import annotations

import ctypes
import datetime
import gc
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from playhead.lanes.actor import current_actor
from playhead.lanes.engine import Engine
from playhead.lanes.who import called_by_agent

READERS = (
    "time",
    "time_ns",
    "monotonic",
    "monotonic_ns",
    "perf_counter",
    "perf_counter_ns",
    "process_time",
    "thread_time",
)
# These read the clock only when they are given no time.
BROKEN_DOWN = ("localtime", "gmtime", "ctime", "asctime", "strftime")


def install(engine: Engine) -> None:
    for name in READERS:
        engine.patches.function(time, name, _reader(engine, f"time.{name}", getattr(time, name)))
    for name in BROKEN_DOWN:
        engine.patches.function(time, name, _broken_down(engine, name, getattr(time, name)))
    if engine.exact:
        for module, name in ((threading, "_time"), (queue, "time")):
            engine.patches.set(module, name, _deadline_reader(engine, getattr(module, name)))
    _patch_now(engine)


def _reader(engine: Engine, kind: str, real: Callable[[], Any]) -> Callable[[], Any]:
    def read() -> Any:
        actor = current_actor()
        if actor is None or not called_by_agent():
            return real()
        return engine.value(actor, kind, "", real)

    read.__name__ = read.__qualname__ = kind.rpartition(".")[2]
    return read


def _deadline_reader(engine: Engine, real: Callable[[], Any]) -> Callable[[], Any]:
    def read() -> Any:
        actor = current_actor()
        return real() if actor is None else engine.value(actor, "deadline", "", real)

    return read


def _broken_down(engine: Engine, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    """As the recording's machine saw it: its time zone is part of the reading."""
    fixed = 1 if name == "strftime" else 0

    def read(*args: Any) -> Any:
        actor = current_actor()
        if len(args) > fixed or actor is None or not called_by_agent():
            return real(*args)
        if name in ("strftime", "ctime", "asctime"):
            return engine.value(actor, f"time.{name}", str(*args), lambda: real(*args))
        return time.struct_time(engine.value(actor, f"time.{name}", "", lambda: _struct(real())))

    read.__name__ = name
    return read


def _struct(moment: time.struct_time) -> list[Any]:
    return [*moment, moment.tm_zone, moment.tm_gmtoff]


def _patch_now(engine: Engine) -> None:
    """`datetime.now`, `utcnow` and `today`, `date.today`: class methods of a type that cannot be assigned to."""
    for cls in (datetime.datetime, datetime.date):
        names = gc.get_referents(cls.__dict__)[0]
        for name in ("now", "utcnow", "today"):
            if name not in names:
                continue
            before = names[name]
            names[name] = classmethod(_now(engine, cls, name, getattr(cls, name)))
            engine.patches.on_undo(_put_back(cls, names, name, before))
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))


def _put_back(cls: type, names: dict[str, Any], name: str, before: Any) -> Callable[[], None]:
    def undo() -> None:
        names[name] = before
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))

    return undo


def _now(engine: Engine, cls: type, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def now(owner: Any, tz: datetime.tzinfo | None = None) -> Any:
        actor = current_actor()
        if actor is None or not called_by_agent():
            live = real(tz) if name == "now" else real()
            return live if owner is cls else _as(owner, live)
        if cls is datetime.date and not issubclass(owner, datetime.datetime):
            days = engine.value(actor, "date.today", "", lambda: real().toordinal())
            return owner.fromordinal(days)
        kind = f"datetime.{name}"
        # Wall-clock fields as the recording's machine saw them: its time zone is part of the reading.
        if tz is None:
            fields = engine.value(actor, kind, "", lambda: _fields(real()))
            return owner(*fields[:-1], fold=fields[-1])
        moment = engine.value(actor, kind, "tz", lambda: _fields(real(datetime.UTC)))
        return tz.fromutc(owner(*moment[:-1], tzinfo=tz))

    return now


def _fields(moment: datetime.datetime) -> list[int]:
    return [
        moment.year,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
        moment.microsecond,
        moment.fold,
    ]


def _as(owner: Any, live: Any) -> Any:
    if isinstance(live, datetime.datetime):
        return owner(*_fields(live)[:-1], tzinfo=live.tzinfo, fold=live.fold)
    return owner.fromordinal(live.toordinal())
