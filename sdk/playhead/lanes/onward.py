"""The clocks of a fork: served from the recording up to the fork point, and from there at the pace of the world.

A clock goes on from where the recording had it, so that no reading is before an earlier one, and the days since the
recording are no part of what the agent measures. What the machinery reads (TLS, signals, ids) is the real time.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from typing import Any

_WALL, _MONOTONIC, _PERF, _PROCESS, _THREAD = "wall", "monotonic", "perf", "process", "thread"
# The real ones, whatever is patched later.
_REAL: dict[str, Callable[[], int]] = {
    _WALL: time.time_ns,
    _MONOTONIC: time.monotonic_ns,
    _PERF: time.perf_counter_ns,
    _PROCESS: time.process_time_ns,
    _THREAD: time.thread_time_ns,
}
_localtime, _gmtime, _strftime, _ctime = time.localtime, time.gmtime, time.strftime, time.ctime
_from_timestamp = datetime.datetime.fromtimestamp

_SECONDS = {
    "time.time": _WALL,
    "time.monotonic": _MONOTONIC,
    "loop.time": _MONOTONIC,
    "deadline": _MONOTONIC,
    "limits": _MONOTONIC,
    "time.perf_counter": _PERF,
    "time.process_time": _PROCESS,
    "time.thread_time": _THREAD,
}
_NANOSECONDS = {"time.time_ns": _WALL, "time.monotonic_ns": _MONOTONIC, "time.perf_counter_ns": _PERF}
_MOMENTS = frozenset(
    {
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "time.localtime",
        "time.gmtime",
        "time.ctime",
        "time.strftime",
    }
)
KINDS = frozenset(_SECONDS) | frozenset(_NANOSECONDS) | _MOMENTS


class Clocks:
    """`wall_ns` is what the clock on the wall said in the recording at the fork point."""

    def __init__(self, wall_ns: int, monotonic_ns: int) -> None:
        self._last = {_WALL: wall_ns, _MONOTONIC: monotonic_ns, _PERF: 0, _PROCESS: 0, _THREAD: 0}
        self._ahead: dict[str, int] | None = None

    def saw(self, kind: str, value: Any) -> None:
        """A reading was served."""
        if kind in _SECONDS:
            self._passed(_SECONDS[kind], int(value * 1e9))
        elif kind in _NANOSECONDS:
            self._passed(_NANOSECONDS[kind], int(value))

    def saw_delivery(self, monotonic_ns: int) -> None:
        self._passed(_MONOTONIC, monotonic_ns)

    def _passed(self, clock: str, at_ns: int) -> None:
        self._last[clock] = max(self._last[clock], at_ns)

    def go_on(self) -> None:
        self._ahead = {clock: last - _REAL[clock]() if last else 0 for clock, last in self._last.items()}

    @property
    def ahead_s(self) -> float:
        """How far the fork's monotonic clock is ahead of the real one."""
        return (self._ahead or {}).get(_MONOTONIC, 0) / 1e9

    def now(self) -> int:
        """The monotonic clock, in nanoseconds; before the fork point as far as the recording has come."""
        return self._now(_MONOTONIC)

    def _now(self, clock: str) -> int:
        return self._last[clock] if self._ahead is None else _REAL[clock]() + self._ahead[clock]

    def reading(self, kind: str, fingerprint: str) -> Any:
        """What the agent reads of a clock, in the form of effects/clock.py."""
        if kind in _SECONDS:
            return self._now(_SECONDS[kind]) / 1e9
        if kind in _NANOSECONDS:
            return self._now(_NANOSECONDS[kind])
        return _moment(kind, fingerprint, self._now(_WALL) / 1e9)


def _moment(kind: str, fingerprint: str, seconds: float) -> Any:
    if kind.startswith("datetime."):
        utc = kind == "datetime.utcnow" or fingerprint == "tz"
        return _fields(_from_timestamp(seconds, datetime.UTC if utc else None))
    if kind == "date.today":
        return _from_timestamp(seconds).toordinal()
    if kind in ("time.localtime", "time.gmtime"):
        return _struct((_localtime if kind == "time.localtime" else _gmtime)(seconds))
    return _ctime(seconds) if kind == "time.ctime" else _strftime(fingerprint, _localtime(seconds))


def _struct(moment: time.struct_time) -> list[Any]:
    return [*moment, moment.tm_zone, moment.tm_gmtoff]


def _fields(moment: datetime.datetime) -> list[int]:
    return [*moment.timetuple()[:6], moment.microsecond, moment.fold]
