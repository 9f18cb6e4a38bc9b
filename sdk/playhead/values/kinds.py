"""Which kind of value a value is, for encoding: by its exact type where that is plain, else by what its class is.

Nothing here calls into the agent's classes, and nothing imports pydantic: a model is known by what it carries.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import math
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PosixPath, PurePosixPath, PureWindowsPath, WindowsPath
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

PATHS = {kind.__name__: kind for kind in (PosixPath, PurePosixPath, PureWindowsPath, WindowsPath)}
# Attributes that built-in exceptions keep beside their arguments.
_EXTRAS: tuple[tuple[type[BaseException], tuple[str, ...]], ...] = (
    (OSError, ("filename", "filename2")),
    (ImportError, ("name", "path")),
    (NameError, ("name",)),
    (AttributeError, ("name",)),
)
_BUILT_IN = (str, int, float, bytes, list, dict, tuple, set, frozenset)


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    closed: bool = False
    """It is built from what is within it, and so cannot hold itself."""


def _bytes(value: bytes) -> Any:
    # Bytes that are text are shown as such.
    if value.isascii() and value.decode("ascii").isprintable():
        return {"$ascii": value.decode("ascii")}
    return {"$bytes": base64.b64encode(value).decode("ascii")}


def _float(value: float) -> Any:
    return value if math.isfinite(value) else {"$float": repr(value)}


def _timedelta(value: dt.timedelta) -> Any:
    return {"$timedelta": [value.days, value.seconds, value.microseconds]}


def _timezone(value: dt.timezone) -> Any:
    offset = value.utcoffset(None)
    tree: dict[str, Any] = {"$timezone": [offset.days, offset.seconds, offset.microseconds]}
    name = value.tzname(None)
    return tree if name == dt.timezone(offset).tzname(None) else {**tree, "name": name}


def _zone(value: ZoneInfo) -> Any:
    return {"$zone": value.key} if value.key else None


def _when(value: dt.datetime | dt.time) -> Any:
    zone = value.tzinfo
    tree: dict[str, Any]
    if zone is None or type(zone) is dt.timezone:
        tree = {f"${type(value).__name__}": value.isoformat()}
        told = None if zone is None else _timezone(zone)
        if told and "name" in told:
            tree["tz"] = told
    else:
        # Only the zones of the standard library are asked for anything.
        told = _zone(zone) if type(zone) is ZoneInfo else None
        if told is None:
            return None
        tree = {f"${type(value).__name__}": value.replace(tzinfo=None).isoformat(), "tz": told}
    return {**tree, "fold": 1} if value.fold else tree


def _decimal(value: Decimal) -> Any:
    return {"$decimal": str(value)}


def _fraction(value: Fraction) -> Any:
    return {"$fraction": [hex(value.numerator), hex(value.denominator)]} if _huge(value) else {"$fraction": str(value)}


def _huge(value: Fraction) -> bool:
    return max(value.numerator.bit_length(), value.denominator.bit_length()) > 10_000


def _path(value: Any) -> Any:
    tree: dict[str, Any] = {"$path": str(value)}
    return tree if type(value) is type(Path()) else {**tree, "class": type(value).__name__}


LEAVES: dict[type, Callable[[Any], Any]] = {
    int: lambda value: {"$int": hex(value)},
    float: _float,
    complex: lambda value: {"$complex": [_float(value.real), _float(value.imag)]},
    bytes: _bytes,
    bytearray: lambda value: {"$bytearray": base64.b64encode(value).decode("ascii")},
    dt.datetime: _when,
    dt.time: _when,
    dt.date: lambda value: {"$date": value.isoformat()},
    dt.timedelta: _timedelta,
    dt.timezone: _timezone,
    ZoneInfo: _zone,
    Decimal: _decimal,
    Fraction: _fraction,
    UUID: lambda value: {"$uuid": str(value)},
    range: lambda value: {"$range": [hex(part) for part in (value.start, value.stop, value.step)]},
    type(...): lambda value: {"$ellipsis": True},
    **dict.fromkeys(PATHS.values(), _path),
}
"""Kinds that hold no other value: how each is written; None where this one cannot be."""

_KINDS: dict[type, Kind] = {
    list: Kind("list"),
    dict: Kind("dict"),
    tuple: Kind("tuple", closed=True),
    set: Kind("set", closed=True),
    frozenset: Kind("set", closed=True),
    deque: Kind("deque"),
    OrderedDict: Kind("mapping"),
    Counter: Kind("mapping"),
    defaultdict: Kind("mapping"),
}
_EXCEPTION = Kind("exception", closed=True)
_DATACLASS = Kind("dataclass")
_PYDANTIC = Kind("pydantic")
_NAMEDTUPLE = Kind("namedtuple", closed=True)
_LIKE = Kind("like", closed=True)


def kind_of(value: Any) -> Kind | None:
    """The kind of a value that may hold others; None where it is none that can be written."""
    cls = type(value)
    if found := _KINDS.get(cls):
        return found
    if issubclass(cls, BaseException):
        return _EXCEPTION
    if issubclass(cls, _BUILT_IN):
        plain = issubclass(cls, tuple) and isinstance(getattr(cls, "_fields", None), tuple)
        return _NAMEDTUPLE if plain and not getattr(value, "__dict__", None) else _LIKE
    if is_pydantic(cls):
        return _PYDANTIC
    return _DATACLASS if dataclasses.is_dataclass(cls) else None


def is_pydantic(cls: type) -> bool:
    return hasattr(cls, "model_dump") and hasattr(cls, "__pydantic_validator__") and hasattr(cls, "model_fields")


_names: WeakKeyDictionary[type, tuple[str, bool]] = WeakKeyDictionary()


def name_of(cls: type) -> tuple[str, bool]:
    """A class as `module:name`, and whether that name leads back to it."""
    found = _names.get(cls)
    if found is None:
        name = f"{cls.__module__}:{cls.__qualname__}"
        found = _names[cls] = (name, class_in(sys.modules.get(cls.__module__), cls.__qualname__) is cls)
    return found


def class_in(module: Any, qualname: str) -> Any:
    found = module
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found


def state_of(value: Any) -> dict[str, Any]:
    """What an instance holds: its own attributes and those in its class's slots, by name."""
    state: dict[str, Any] = {}
    cls = type(value)
    for base in reversed(cls.__mro__):
        slots = base.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else tuple(slots):
            name = f"_{base.__name__.lstrip('_')}{slot}" if slot.startswith("__") and not slot.endswith("__") else slot
            if slot not in ("__dict__", "__weakref__"):
                try:
                    state[name] = object.__getattribute__(value, name)
                except AttributeError:
                    continue
    held = getattr(value, "__dict__", None)
    if isinstance(held, dict):
        state.update({key: item for key, item in list(held.items()) if isinstance(key, str)})
    for kind, names in _EXTRAS:
        if isinstance(value, kind):
            state.update({name: item for name in names if (item := getattr(value, name, None)) is not None})
    return state
