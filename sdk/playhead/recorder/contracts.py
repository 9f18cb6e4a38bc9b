"""What a function's annotations promise, where they can be checked: dataclasses, TypedDicts and pydantic models.

A check is structural and one level deep into containers of such types. It never converts and never raises into the
agent: it says what is wrong.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Union, get_args, get_origin, is_typeddict

Check = Callable[[Any], str | None]
_SIMPLE = (str, int, float, bool, bytes)


@dataclasses.dataclass(frozen=True, slots=True)
class Contract:
    """The checks of a function's parameters and of its result, under `return`."""

    checks: Mapping[str, Check]

    def violations(self, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for name, check in self.checks.items():
            if name in values:
                words = _safely(check, values[name])
                if words is not None:
                    yield name, f"{name}: {words}"


def contract_of(function: Callable[..., Any]) -> Contract:
    """Annotations that cannot be resolved promise nothing."""
    try:
        hints = typing.get_type_hints(function)
    except Exception:  # noqa: BLE001 - names that exist for a type checker only
        return Contract({})
    found = ((name, _check_of(hint)) for name, hint in hints.items())
    return Contract({name: check for name, check in found if check is not None})


def _check_of(hint: Any) -> Check | None:  # noqa: PLR0911 - one return for each form
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        checks = [_check_of(one) for one in inner if one is not type(None)]
        known = [check for check in checks if check is not None]
        if not known or len(known) != len(checks):
            return None
        may_be_none = type(None) in inner
        return lambda value: None if may_be_none and value is None else _any_of(known, value)
    if origin in (list, tuple, set, frozenset) and inner:
        each = _check_of(inner[0])
        return None if each is None or inner[1:] not in ((), (...,)) else _check_items(origin, each)
    if is_typeddict(hint):
        return _typed_dict(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _instance(hint, lambda value: _fields(hint, value))
    if isinstance(hint, type) and hasattr(hint, "model_validate") and hasattr(hint, "model_dump"):
        return _instance(hint, lambda value: _pydantic(hint, value))
    return None


def _any_of(checks: list[Check], value: Any) -> str | None:
    words = [check(value) for check in checks]
    return None if None in words else " and ".join(word for word in words if word)


def _check_items(kind: Any, each: Check) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, kind):
            return f"is {_type(value)}, not {kind.__name__}"
        for place, item in enumerate(value):
            words = each(item)
            if words is not None:
                return f"item {place} {words}"
        return None

    return check


def _instance(hint: type, further: Check) -> Check:
    def check(value: Any) -> str | None:
        return further(value) if isinstance(value, hint) else f"is {_type(value)}, not {hint.__name__}"

    return check


def _typed_dict(hint: Any) -> Check:
    required, known = hint.__required_keys__, hint.__annotations__
    simple = {key: one for key, one in typing.get_type_hints(hint).items() if one in _SIMPLE}

    def check(value: Any) -> str | None:
        if not isinstance(value, Mapping):
            return f"is {_type(value)}, not {hint.__name__}"
        missing = sorted(required - set(value))
        if missing:
            return f"lacks {', '.join(map(repr, missing))} of {hint.__name__}"
        more = sorted(str(key) for key in set(value) - set(known))
        if more:
            return f"has {', '.join(map(repr, more))}, which {hint.__name__} does not know"
        return _wrong_field(simple, value)

    return check


def _fields(hint: Any, value: Any) -> str | None:
    try:
        hints = typing.get_type_hints(hint)
    except Exception:  # noqa: BLE001 - names that exist for a type checker only
        return None
    simple = {field.name: hints[field.name] for field in dataclasses.fields(hint) if hints.get(field.name) in _SIMPLE}
    return _wrong_field(simple, {name: getattr(value, name, None) for name in simple})


def _pydantic(hint: Any, value: Any) -> str | None:
    """A model that was changed after it was made, or made without validation, may not be one any more."""
    try:
        hint.model_validate(value.model_dump(warnings=False))
    except ValueError as error:
        return f"is no valid {hint.__name__}: {' '.join(str(error).split())[:300]}"
    return None


def _wrong_field(simple: Mapping[str, Any], value: Mapping[str, Any]) -> str | None:
    for name, kind in simple.items():
        if name not in value:
            continue
        item = value[name]
        fits = isinstance(item, kind) or (kind is float and isinstance(item, int))
        if not fits or (isinstance(item, bool) and kind in (int, float)):
            return f"field {name!r} is {_type(item)}, not {kind.__name__}"
    return None


def _type(value: Any) -> str:
    return "None" if value is None else type(value).__name__


def _safely(check: Check, value: Any) -> str | None:
    try:
        return check(value)
    except Exception:  # noqa: BLE001 - an agent's own __getattr__ or __iter__; the contract is not worth its run
        return None
