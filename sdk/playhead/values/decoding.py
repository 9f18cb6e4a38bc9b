"""Turns what `encode` wrote back into values.

A recording comes from elsewhere, so decoding builds only plain kinds (dataclasses, enums, named tuples, pydantic
models, exceptions) of classes that the process has, without calling their code: attributes are put where they were. It
never imports on its own, never calls a name out of the text, and says what it cannot build.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import importlib
import json
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from playhead.errors import PlayheadError
from playhead.values.kinds import PATHS, class_in, is_pydantic

Resolve = Callable[[str], Any]
"""Finds a class by `module:name`; what it returns is checked to be a class of the kind that is asked for."""

_FACTORIES: dict[str, type] = {kind.__name__: kind for kind in (list, dict, set, int, float, str, bool, tuple)}


class Undecodable(PlayheadError):
    """A value was not recorded exactly, or its class is not here; says which."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """Stands for a value that could not be written, where an approximation was asked for."""

    name: str
    fields: dict[str, Any] = field(default_factory=dict)


def loaded_class(name: str) -> Any:
    """A class of a module that is loaded already."""
    module, _, qualname = name.partition(":")
    return class_in(sys.modules.get(module), qualname)


def import_class(name: str) -> Any:
    """A class, its module imported where need be: for a recording that one trusts as much as the code."""
    module, _, qualname = name.partition(":")
    try:
        return class_in(importlib.import_module(module), qualname)
    except ImportError:
        return None


def decode(text: str, resolve: Resolve = loaded_class, *, approximate: bool = False) -> Any:
    """The value that was encoded. What was not encoded exactly raises, unless an approximation will do."""
    try:
        tree = json.loads(text)
        if '"$' not in text:
            return tree
        return _Decoder(tree, resolve, approximate).value(tree)
    except Undecodable:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise Undecodable(f"this is not an encoded value: {error}") from error


class _Decoder:
    def __init__(self, tree: Any, resolve: Resolve, approximate: bool) -> None:
        self._tree = tree
        self._resolve = resolve
        self._approximate = approximate
        # What a place in the tree became: references name places.
        self._built: dict[int, Any] = {}

    def value(self, tree: Any) -> Any:
        if isinstance(tree, list):
            return self._fill(tree, [], tree)
        if not isinstance(tree, dict):
            return tree
        mark = next(iter(tree), "")
        if mark[:1] != "$":
            made = self._keep(tree, {})
            made.update({key: self.value(item) for key, item in tree.items()})
            return made
        if leaf := _LEAVES.get(mark):
            return leaf(tree)
        build = _CONTAINERS.get(mark)
        if build is None:
            raise Undecodable(f"'{mark}' is no kind of value that this version knows")
        return build(self, tree)

    def _keep(self, tree: Any, made: Any) -> Any:
        self._built[id(tree)] = made
        return made

    def _fill(self, tree: Any, made: Any, items: list[Any]) -> Any:
        self._keep(tree, made)
        for item in items:
            made.append(self.value(item))
        return made

    def _values(self, items: Any) -> list[Any]:
        return [self.value(item) for item in items]

    def ref(self, tree: dict[str, Any]) -> Any:
        place = self._tree
        for written in tree["$ref"].split("/")[1:]:
            step = written.replace("~1", "/").replace("~0", "~")
            place = place[int(step)] if isinstance(place, list) else place[step]
        if id(place) not in self._built:
            raise Undecodable(f"the reference to '{tree['$ref']}' comes before what it means")
        return self._built[id(place)]

    def collection(self, tree: dict[str, Any]) -> Any:
        mark, items = next(iter(tree.items()))
        made: Any = {"$tuple": tuple, "$set": set, "$frozenset": frozenset}[mark](self._values(items))
        return self._keep(tree, made)

    def deque(self, tree: dict[str, Any]) -> Any:
        return self._fill(tree, deque(maxlen=tree.get("maxlen")), tree["$deque"])

    def mapping(self, tree: dict[str, Any]) -> Any:
        mark, pairs = next(iter(tree.items()))
        factory = _FACTORIES.get(tree.get("factory", ""))
        kinds: dict[str, Callable[[], Any]] = {
            "$dict": dict,
            "$ordereddict": OrderedDict,
            "$counter": Counter,
            "$defaultdict": lambda: defaultdict(factory),
        }
        made = self._keep(tree, kinds[mark]())
        for key, item in pairs:
            made[self.value(key)] = self.value(item)
        return made

    def enum(self, tree: dict[str, Any]) -> Any:
        cls = self._class(tree["$enum"], lambda found: issubclass(found, Enum), "an enum")
        name = tree.get("name")
        if name is not None:
            if name not in cls.__members__:
                raise Undecodable(f"the enum {tree['$enum']} has no member '{name}' any more")
            return self._keep(tree, cls.__members__[name])
        return self._keep(tree, cls(self.value(tree["value"])))

    def namedtuple(self, tree: dict[str, Any]) -> Any:
        def fits(found: Any) -> bool:
            return issubclass(found, tuple) and isinstance(getattr(found, "_fields", None), tuple)

        cls = self._class(tree["$namedtuple"], fits, "a named tuple")
        return self._keep(tree, tuple.__new__(cls, self._values(tree["fields"])))

    def dataclass(self, tree: dict[str, Any]) -> Any:
        cls = self._class(tree["$dataclass"], dataclasses.is_dataclass, "a dataclass")
        made = self._keep(tree, object.__new__(cls))
        self._restore(made, tree["fields"])
        return made

    def pydantic(self, tree: dict[str, Any]) -> Any:
        cls = self._class(tree["$pydantic"], is_pydantic, "a pydantic model")
        made = self._keep(tree, object.__new__(cls))
        held: dict[str, Any] = {}
        object.__setattr__(made, "__dict__", held)
        held.update({key: self.value(item) for key, item in tree["fields"].items()})
        object.__setattr__(made, "__pydantic_fields_set__", set(tree.get("set", held)))
        for key in ("extra", "private"):
            more = tree.get(key)
            if more is None:
                # A class that allows extras has a dict for them, empty or not.
                more = {} if key == "extra" and cls.model_config.get("extra") == "allow" else None
            told = None if more is None else {name: self.value(item) for name, item in more.items()}
            object.__setattr__(made, f"__pydantic_{key}__", told)
        return made

    def exception(self, tree: dict[str, Any]) -> Any:
        cls = self._class(tree["$exception"], lambda found: issubclass(found, BaseException), "an exception")
        base = next(found for found in cls.__mro__ if found.__module__ == "builtins")
        args = self._values(tree["args"])
        # The built-in class's own construction, never that of the agent's class.
        made = self._keep(tree, base.__new__(cls, *args))
        base.__init__(made, *args)
        self._restore(made, tree.get("fields", {}))
        for note in tree.get("notes", ()):
            BaseException.add_note(made, note)
        for key in ("cause", "context"):
            if key in tree:
                setattr(made, f"__{key}__", self.value(tree[key]))
        made.__suppress_context__ = bool(tree.get("suppress"))
        return made

    def _restore(self, made: Any, fields: dict[str, Any]) -> None:
        for name, item in fields.items():
            if name.startswith("__") and name.endswith("__"):
                raise Undecodable(f"'{name}' is no field of a value")
            object.__setattr__(made, name, self.value(item))

    def inexact(self, tree: dict[str, Any]) -> Any:
        mark, told = next(iter(tree.items()))
        if not self._approximate:
            raise Undecodable(f"this value was not recorded exactly: {told}")
        if mark == "$like":
            return self.value(tree["value"])
        return tree["begins"] if "begins" in tree else Opaque(str(told), tree.get("fields", {}))

    def _class(self, name: str, fits: Callable[[Any], bool], what: str) -> Any:
        found = self._resolve(name)
        if found is None:
            raise Undecodable(f"the class {name} is not here: import its module, or decode with import_class")
        if not isinstance(found, type) or not fits(found):
            raise Undecodable(f"{name} is not {what}")
        return found


def _zone(tree: Any) -> dt.tzinfo | None:
    if tree is None:
        return None
    return ZoneInfo(tree["$zone"]) if "$zone" in tree else _timezone(tree)


def _timezone(tree: dict[str, Any]) -> dt.timezone:
    offset = dt.timedelta(*tree["$timezone"])
    return dt.timezone(offset, tree["name"]) if "name" in tree else dt.timezone(offset)


def _when(kind: Any) -> Callable[[dict[str, Any]], Any]:
    def build(tree: dict[str, Any]) -> Any:
        made = kind.fromisoformat(tree[f"${kind.__name__}"])
        if "tz" in tree:
            made = made.replace(tzinfo=_zone(tree["tz"]))
        return made.replace(fold=1) if tree.get("fold") else made

    return build


def _fraction(tree: dict[str, Any]) -> Fraction:
    told = tree["$fraction"]
    return Fraction(told) if isinstance(told, str) else Fraction(*(int(part, 16) for part in told))


def _number(tree: Any) -> float:
    return float(tree["$float"] if isinstance(tree, dict) else tree)


def _path(tree: dict[str, Any]) -> Any:
    return (PATHS[tree["class"]] if "class" in tree else Path)(tree["$path"])


_LEAVES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "$int": lambda tree: int(tree["$int"], 16),
    "$float": _number,
    "$complex": lambda tree: complex(*(_number(part) for part in tree["$complex"])),
    "$ascii": lambda tree: tree["$ascii"].encode("ascii"),
    "$bytes": lambda tree: base64.b64decode(tree["$bytes"]),
    "$bytearray": lambda tree: bytearray(base64.b64decode(tree["$bytearray"])),
    "$datetime": _when(dt.datetime),
    "$time": _when(dt.time),
    "$date": lambda tree: dt.date.fromisoformat(tree["$date"]),
    "$timedelta": lambda tree: dt.timedelta(*tree["$timedelta"]),
    "$timezone": _timezone,
    "$zone": _zone,
    "$decimal": lambda tree: Decimal(tree["$decimal"]),
    "$fraction": _fraction,
    "$uuid": lambda tree: UUID(tree["$uuid"]),
    "$range": lambda tree: range(*(int(part, 16) for part in tree["$range"])),
    "$ellipsis": lambda tree: ...,
    "$path": _path,
}
_CONTAINERS: dict[str, Callable[[_Decoder, dict[str, Any]], Any]] = {
    "$ref": _Decoder.ref,
    **dict.fromkeys(("$tuple", "$set", "$frozenset"), _Decoder.collection),
    "$deque": _Decoder.deque,
    **dict.fromkeys(("$dict", "$ordereddict", "$counter", "$defaultdict"), _Decoder.mapping),
    "$enum": _Decoder.enum,
    "$namedtuple": _Decoder.namedtuple,
    "$dataclass": _Decoder.dataclass,
    "$pydantic": _Decoder.pydantic,
    "$exception": _Decoder.exception,
    **dict.fromkeys(("$opaque", "$like", "$cut"), _Decoder.inexact),
}
