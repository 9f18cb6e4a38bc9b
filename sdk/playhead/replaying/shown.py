"""A value as a person reads it: bounded in length, depth and time, whatever its class does with `repr`.

For a process that is thrown away afterwards (looking.py): a `repr` is code of the agent's.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

LONGEST = 400
_MOST_ITEMS = 12
_DEEPEST = 4
_TOO_LONG_S = 0.25
# Another one in each process, and no part of what a replay brings back: of an object, and a thread ("stopped 140…)>").
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,}|(?<=ed|on) \d{9,}(?=\)>)")


class _TookTooLong(BaseException):
    pass


def _ring(_: int, __: FrameType | None) -> None:
    raise _TookTooLong


def shown(value: Any, longest: int = LONGEST) -> str:
    """Built-in containers are written here, so that a list of a million is not; anything else writes itself."""
    before = signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, _TOO_LONG_S)
    try:
        text = _text(value, longest, 0)
    except _TookTooLong:
        text = f"<{type_of(value)}, whose repr takes too long>"
    except Exception as error:  # noqa: BLE001 - whatever the agent's class raises
        text = f"<{type_of(value)}, whose repr raises {type(error).__name__}: {error}>"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return _cut(_ADDRESS.sub("", text), longest)


def type_of(value: Any) -> str:
    return str(type.__getattribute__(type(value), "__qualname__"))


def _text(value: Any, longest: int, depth: int) -> str:
    kind = type(value)
    if kind is str or kind is bytes:
        return repr(value) if len(value) <= longest else repr(value[:longest]) + f" and {len(value) - longest} more"
    if kind is int and value.bit_length() > 4 * longest:
        return f"<int of {value.bit_length()} bits>"
    write = _CONTAINERS.get(kind)
    if write is None:
        return repr(value)
    if depth >= _DEEPEST:
        return "…"
    return write(value, lambda item: _text(item, longest, depth + 1), longest)


Write = Callable[[Any], str]


def _listed(values: Any, write: Write, longest: int) -> str:
    """Until it is long enough: the rest is counted."""
    said: list[str] = []
    length = 0
    for number, item in enumerate(values):
        if number >= _MOST_ITEMS or length > longest:
            said.append(f"… {len(values) - number} more")
            break
        said.append(write(item))
        length += len(said[-1])
    return ", ".join(said)


def _mapping(value: Mapping[Any, Any], write: Write, longest: int) -> str:
    return f"{{{_listed(value.items(), lambda item: f'{write(item[0])}: {write(item[1])}', longest)}}}"


def _set(value: Any, write: Write, longest: int) -> str:
    return f"{{{_listed(value, write, longest)}}}" if value else "set()"


_CONTAINERS: dict[type, Callable[[Any, Write, int], str]] = {
    list: lambda value, write, longest: f"[{_listed(value, write, longest)}]",
    tuple: lambda value, write, longest: f"({_listed(value, write, longest)}{',' if len(value) == 1 else ''})",
    dict: _mapping,
    set: _set,
    frozenset: lambda value, write, longest: f"frozenset({_set(value, write, longest)})",
}


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
