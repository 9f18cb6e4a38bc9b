"""Outcomes: what an effect gave, as JSON; exceptions are raised again with their type.

Never pickle. A class is looked up among modules that are already imported, and only exceptions are ever made from a
name.
"""

from __future__ import annotations

import base64
import builtins
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from playhead.lanes.divergence import Divergence
from playhead.lanes.pending import Outcome, Pending

T = TypeVar("T")


class RecordedError(Exception):
    """Stands for a recorded exception whose class is not to be found in this process."""


def failed(error: BaseException) -> list[Any]:
    cls, arguments = type(error), error.args
    if isinstance(error, OSError) and len(arguments) == 2 and error.filename is not None:
        arguments = (*arguments, error.filename)  # it keeps the name of the file apart
    return ["!", [cls.__module__, cls.__qualname__, [_plain(argument) for argument in arguments], str(error)]]


def packed(pack: Callable[[Any], Any], value: Any) -> list[Any]:
    """What came, as JSON. What cannot be written says so: the agent gets it all the same, a replay stops there."""
    try:
        return ["=", pack(value)]
    except Exception as error:  # noqa: BLE001 - ours, and never the agent's
        return ["?", f"{type(value).__qualname__}: {error}"]


def result(outcome: Outcome) -> Any:
    """The recorded value, or the recorded exception, raised."""
    if outcome is None:
        return None
    if outcome[0] == "!":
        raise rebuilt(outcome[1])
    if outcome[0] == "?":
        raise Divergence(f"this result could not be recorded ({outcome[1]}), so it cannot be served")
    return outcome[1]


def given(pending: Pending, unpack: Callable[[Any, T | None], T]) -> T:
    """What the agent gets of an effect that is over: the live thing where there is one, else what was recorded."""
    outcome: Outcome = pending.outcome
    if outcome is not None and outcome[0] == "=":
        return unpack(outcome[1], pending.value)
    if outcome is not None and outcome[0] == "!" and isinstance(pending.value, BaseException):
        raise pending.value  # the live one, with its traceback
    if outcome is not None and outcome[0] == "?" and pending.value is not None:
        return pending.value  # type: ignore[no-any-return]
    return unpack(result(outcome), pending.value)


def rebuilt(written: list[Any]) -> BaseException:
    module, name, arguments, text = written
    found: Any = builtins if module == "builtins" else sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if not (isinstance(found, type) and issubclass(found, BaseException)):
        return RecordedError(f"{module}.{name}: {text}")
    values = [_unplain(argument) for argument in arguments]
    try:
        error = found(*values)
    except Exception:  # noqa: BLE001 - a class that wants other arguments than it keeps
        error = found.__new__(found)
        error.args = tuple(values)
    return error if _says(error, text) else _saying(error, text)


def _says(error: BaseException, text: str) -> bool:
    try:
        return str(error) == text
    except Exception:  # noqa: BLE001 - it asks something of an argument that came back as a text
        return False


def _saying(error: BaseException, text: str) -> BaseException:
    """The same kind of exception, with the words that it had: aiohttp makes them from objects that are gone."""
    kind = type(error)
    named = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__str__": lambda _: text}
    with suppress(TypeError):  # a built-in one: what it says is made of its arguments
        error.__class__ = type(kind.__name__, (kind,), {**named, "__slots__": ()})
    return error


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, BaseException):
        return {"error": failed(value)[1]}
    return {"text": str(value)}


def _unplain(value: Any) -> Any:
    if isinstance(value, dict):
        if "bytes" in value:
            return base64.b64decode(value["bytes"])
        if "error" in value:
            return rebuilt(value["error"])
        return value.get("text")
    return value
