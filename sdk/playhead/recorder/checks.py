"""What one annotation promises, as a function that says what is wrong with a value, or None.

Checks are structural: plain types, containers, unions and literals, dataclasses, TypedDicts, named tuples, enums and
pydantic models, as deep as they go. They never convert, and what they do not know (a protocol, some library's client)
they let pass: a wrong alarm is worse than none. Of a long container the first thousand items are looked at.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import numbers
import types
import typing
import uuid
from collections import abc
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, Union, get_args, get_origin, is_typeddict

Check = Callable[[Any], str | None]

_MOST_ITEMS = 1_000
# As numbers that are no int of Python's own say what they are: numpy's, say.
_ACCEPTED: Mapping[Any, Any] = {int: numbers.Integral, float: numbers.Real}
_PLAIN = (
    *(str, int, float, bool, bytes, type(None)),
    *(datetime.datetime, datetime.date, datetime.time, datetime.timedelta, Decimal, uuid.UUID),
)
_SEQUENCES = {list: list, set: set, frozenset: frozenset, abc.Sequence: abc.Sequence, abc.Set: abc.Set}
# Looked into where it is a container that can be looked at twice.
_ITERABLES = (abc.Iterable, abc.Collection)
_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)


class Checks:
    """Makes checks, each type's once, so that a type may be made of itself."""

    def __init__(self) -> None:
        self._made: dict[Any, Check | None] = {}

    def of(self, hint: Any) -> Check | None:  # noqa: PLR0911 - one return for each form
        """None where the annotation promises nothing that could be looked at."""
        hint = _plain_form(hint)
        origin, inner = get_origin(hint), get_args(hint)
        if origin is typing.Literal:
            return _literal(inner)
        if origin in (Union, types.UnionType):
            return self._union(inner)
        if hint in _PLAIN:
            return _plain(hint)
        if (origin or hint) is tuple:
            return self._tuple(inner)
        if (origin or hint) in _SEQUENCES:
            return _items(_SEQUENCES[origin or hint], self.of(inner[0]) if inner else None)
        if (origin or hint) in _ITERABLES:
            each = self.of(inner[0]) if inner else None
            return None if each is None else _if_container(_items(abc.Collection, each))
        if (origin or hint) in _MAPPINGS:
            return _entries(*(self.of(one) for one in inner[:2])) if inner else _entries(None, None)
        if isinstance(origin or hint, type) or is_typeddict(hint):
            return self._class(origin or hint)
        return None

    def _class(self, cls: Any) -> Check | None:
        try:
            known = self._made.get(cls, self)
        except TypeError:
            return None
        if known is not self:
            return known  # type: ignore[return-value]
        # Before its own fields are looked at, which may name it.
        self._made[cls] = lambda value: made(value) if made is not None else None
        made = self._made_of(cls)
        self._made[cls] = made
        return made

    def _made_of(self, cls: Any) -> Check | None:
        if is_typeddict(cls):
            return self._typed_dict(cls)
        fields: Any = getattr(cls, "__dataclass_fields__", None)
        if fields is not None:
            names = [field.name for field in dataclasses.fields(cls)]
            return _instance(cls, self._fields(cls, names))
        if issubclass(cls, tuple) and hasattr(cls, "_fields"):
            return _instance(cls, self._fields(cls, getattr(cls, "_fields", ())))
        if hasattr(cls, "model_validate") and hasattr(cls, "model_fields"):
            return _instance(cls, lambda value: _pydantic(cls, value))
        return _instance(cls, lambda value: None) if issubclass(cls, enum.Enum) else None

    def _union(self, inner: tuple[Any, ...]) -> Check | None:
        checks = [self.of(one) for one in inner]
        known = [check for check in checks if check is not None]
        if len(known) != len(checks):
            return None

        def check(value: Any) -> str | None:
            words = []
            for one in known:
                said = one(value)
                if said is None:
                    return None
                words.append(said)
            kinds = [said.partition(", not ")[2] for said in words if said.startswith(f"is {_type(value)}, not ")]
            if len(kinds) == len(words):
                return f"is {_type(value)}, not {' or '.join(kinds)}"
            # Of the right type and wrong inside says more than of another type.
            return next(said for said in words if not said.startswith("is ") or ", not " not in said)

        return check

    def _tuple(self, inner: tuple[Any, ...]) -> Check | None:
        if not inner or inner[1:] == (...,):
            return _items(tuple, self.of(inner[0]) if inner else None)
        each = [self.of(one) for one in inner]

        def check(value: Any) -> str | None:
            if not isinstance(value, tuple):
                return f"is {_type(value)}, not tuple"
            if len(value) != len(each):
                return f"has {len(value)} items, not {len(each)}"
            return _first(
                (f"item {place}", one, item) for place, (one, item) in enumerate(zip(each, value, strict=True))
            )

        return check

    def _typed_dict(self, cls: Any) -> Check:
        hints = hints_of(cls, include_extras=True)
        # Under `from __future__ import annotations` the class itself does not know what is NotRequired.
        may_lack = {name for name, hint in hints.items() if get_origin(hint) is typing.NotRequired}
        must_have = {name for name, hint in hints.items() if get_origin(hint) is typing.Required}
        required = (set(cls.__required_keys__) - may_lack) | must_have
        known = set(cls.__annotations__) | set(hints) | set(cls.__optional_keys__) | required
        fields = {name: self.of(hint) for name, hint in hints.items()}

        def check(value: Any) -> str | None:
            if not isinstance(value, Mapping):
                return f"is {_type(value)}, not {cls.__name__}"
            missing = sorted(required - set(value))
            if missing:
                return f"lacks {', '.join(map(repr, missing))} of {cls.__name__}"
            more = sorted(str(key) for key in set(value) - known)
            if more:
                return f"has {', '.join(map(repr, more))}, which {cls.__name__} does not know"
            return _first((f"field {name!r}", one, value[name]) for name, one in fields.items() if name in value)

        return check

    def _fields(self, cls: Any, names: Iterable[str]) -> Check:
        hints = hints_of(cls)
        checks = [(name, self.of(hints[name])) for name in names if name in hints]
        fields = [(name, check) for name, check in checks if check is not None]
        return lambda value: _first((f"field {name!r}", check, getattr(value, name, None)) for name, check in fields)


def hints_of(cls: Any, *, include_extras: bool = False) -> dict[str, Any]:
    """A class's annotations, without those that cannot be resolved: names that exist for a type checker only."""
    try:
        return typing.get_type_hints(cls, include_extras=include_extras)
    except Exception:  # noqa: BLE001 - whatever evaluating somebody's annotation raises
        found: dict[str, Any] = {}
        for base in reversed(getattr(cls, "__mro__", (cls,))):
            for name, annotation in getattr(base, "__annotations__", {}).items():
                alone = type("alone", (), {"__annotations__": {name: annotation}, "__module__": base.__module__})
                try:
                    found |= typing.get_type_hints(alone, include_extras=include_extras)
                except Exception:  # noqa: BLE001
                    found.pop(name, None)
        return found


def _plain_form(hint: Any) -> Any:
    """Without what only wraps it: `Annotated`, `NotRequired`, new types, aliases of Python 3.12."""
    while True:
        if get_origin(hint) in (typing.Annotated, typing.Required, typing.NotRequired, typing.Final):
            hint = get_args(hint)[0]
        elif isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        elif type(hint).__name__ == "TypeAliasType":
            hint = hint.__value__
        else:
            return type(None) if hint is None else hint


def _plain(kind: Any) -> Check:
    accepted = _ACCEPTED.get(kind, kind)
    name = "None" if kind is type(None) else kind.__name__

    def check(value: Any) -> str | None:
        if type(value) is kind:
            return None
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind in (int, float)):
            return f"is {_type(value)}, not {name}"
        return None

    return check


def _literal(allowed: tuple[Any, ...]) -> Check:
    def check(value: Any) -> str | None:
        if any(type(value) is type(one) and value == one for one in allowed):
            return None
        return f"is {value!r:.80}, none of {', '.join(map(repr, allowed))}"

    return check


def _items(kind: Any, each: Check | None) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, kind):
            return f"is {_type(value)}, not {kind.__name__}"
        if each is None or isinstance(value, (str, bytes)):
            return None
        return _first((f"item {place}", each, item) for place, item in enumerate(islice(value, _MOST_ITEMS)))

    return check


def _if_container(check: Check) -> Check:
    return lambda value: check(value) if isinstance(value, (list, tuple, set, frozenset)) else None


def _entries(key: Check | None, each: Check | None) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, Mapping):
            return f"is {_type(value)}, not dict"
        if key is None and each is None:
            return None
        entries = list(islice(value.items(), _MOST_ITEMS))
        return _first((f"key {name!r:.80}", key, name) for name, _ in entries) or _first(
            (f"[{name!r:.80}]", each, item) for name, item in entries
        )

    return check


def _instance(cls: type, further: Check) -> Check:
    return lambda value: further(value) if isinstance(value, cls) else f"is {_type(value)}, not {cls.__name__}"


def _pydantic(cls: Any, value: Any) -> str | None:
    """A model that was changed after it was made, or made without validation, may not be one any more."""
    try:
        try:
            cls.model_validate(dict(value), by_name=True)
        except TypeError:  # pydantic before 2.11
            cls.model_validate(value.model_dump(by_alias=True, warnings=False))
    except ValueError as error:
        return f"is no valid {cls.__name__}: {' '.join(str(error).split())[:300]}"
    return None


def _first(looked_at: Iterable[tuple[str, Check | None, Any]]) -> str | None:
    """The first that is wrong, with its place."""
    for where, check, value in looked_at:
        words = None if check is None else check(value)
        if words is not None:
            return f"{where} {words}"
    return None


def _type(value: Any) -> str:
    return "None" if value is None else type(value).__name__
