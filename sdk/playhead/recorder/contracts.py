"""What a function's annotations promise of its arguments, of its result, and of what it yields.

A contract never raises into the agent and never changes a value: it says what is wrong. Annotations that cannot be
resolved promise nothing, each for itself.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import sys
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, get_args

from playhead.recorder.checks import Check, Checks

_NOTHING_FURTHER: tuple[Check | None, Check | None] = (None, None)


@dataclasses.dataclass(frozen=True, slots=True)
class Contract:
    """The checks of a function's parameters, and of its result under `return`."""

    checks: Mapping[str, Check]
    item: Check | None = None
    """Of what a generator yields."""
    further: tuple[Check | None, Check | None] = _NOTHING_FURTHER
    """Of what comes in `*args`, and in `**named`."""
    parameters: frozenset[str] = frozenset()

    @property
    def promises_nothing(self) -> bool:
        return not self.checks and self.further is _NOTHING_FURTHER

    def violations(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Of arguments, by name, or of the result."""
        found = []
        for name, value in values.items():
            check = self.checks.get(name)
            if check is not None and (words := _safely(check, value)) is not None:
                found.append((name, f"{name}: {words}"))
        if self.further is not _NOTHING_FURTHER:
            found += self._violations_further(values)
        return found

    def _violations_further(self, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        rest, named = self.further
        for value in values.get("*", ()) if rest is not None else ():
            if rest is not None and (words := _safely(rest, value)) is not None:
                yield "*", f"*: {words}"
        for name, value in values.items() if named is not None else ():
            known = name in self.parameters or name in ("*", "return")
            if named is not None and not known and (words := _safely(named, value)) is not None:
                yield name, f"{name}: {words}"

    def violation_of_item(self, value: Any) -> str | None:
        return None if self.item is None else _safely(self.item, value)


def contract_of(function: Callable[..., Any], around: Mapping[str, Any] | None = None) -> Contract:
    """`around` has the names that the function's annotations find where it was defined, inside of another one."""
    try:
        return _contract_of(function, around or {})
    except Exception:  # noqa: BLE001 - an annotation may be anything, with an `__eq__` of its own
        return Contract({})


def _contract_of(function: Callable[..., Any], around: Mapping[str, Any]) -> Contract:
    hints = _hints(function, around)
    checks = Checks()
    item: Check | None = None
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        # What it returns is the third of a Generator's types. Another function's iterator cannot be seen without use.
        inner = get_args(hints.pop("return", None))
        item = checks.of(inner[0]) if inner else None
        if len(inner) == 3 and inner[2] is not type(None) and inspect.isgeneratorfunction(function):
            hints["return"] = inner[2]
    parameters = _parameters(function)
    kinds = {parameter.kind: name for name, parameter in parameters.items()}
    rest = hints.pop(kinds.get(inspect.Parameter.VAR_POSITIONAL, ""), Any)
    named = hints.pop(kinds.get(inspect.Parameter.VAR_KEYWORD, ""), Any)
    found = ((name, checks.of(hint)) for name, hint in hints.items())
    return Contract(
        {name: check for name, check in found if check is not None},
        item,
        _NOTHING_FURTHER if rest is Any and named is Any else (checks.of(rest), checks.of(named)),
        frozenset(parameters),
    )


def names_around(function: Callable[..., Any]) -> dict[str, Any]:
    """The names that a local function's annotations may mean, as they are where it is decorated.

    Annotations that are texts (`from __future__ import annotations`) are resolved later, when that place is gone.
    """
    if "<locals>" not in getattr(function, "__qualname__", ""):
        return {}
    texts = [text for text in getattr(function, "__annotations__", {}).values() if isinstance(text, str)]
    wanted = {name for text in texts for name in _names_in(text)}
    here = sys._getframe(1)
    frame = here.f_back
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith("playhead.recorder."):
        frame = frame.f_back
    found: dict[str, Any] = {}
    while frame is not None and frame.f_code.co_name != "<module>" and wanted - found.keys():
        found = {name: frame.f_locals[name] for name in wanted & frame.f_locals.keys()} | found
        frame = frame.f_back
    return found


def _names_in(text: str) -> tuple[str, ...]:
    try:
        return compile(text, "<annotation>", "eval").co_names
    except SyntaxError:
        return ()


def _hints(function: Callable[..., Any], around: Mapping[str, Any]) -> dict[str, Any]:
    plain = inspect.unwrap(function)
    if not inspect.isroutine(plain):
        plain = plain.func if isinstance(plain, functools.partial) else type(plain).__call__
    names = {**getattr(plain, "__globals__", {}), **_closure(plain), **around}
    found: dict[str, Any] = {}
    for name, annotation in getattr(plain, "__annotations__", {}).items():
        holder = type("holder", (), {"__annotations__": {name: annotation}})
        # Whatever evaluating somebody's annotation raises: names that exist for a type checker only, above all.
        with suppress(Exception):
            found |= typing.get_type_hints(holder, globalns=names, localns=names)
    return found


def _closure(function: Any) -> dict[str, Any]:
    try:
        return dict(inspect.getclosurevars(function).nonlocals)
    except (TypeError, ValueError):
        return {}


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


def _safely(check: Check, value: Any) -> str | None:
    try:
        return check(value)
    except Exception:  # noqa: BLE001 - an agent's own __getattr__ or __iter__; the contract is not worth its run
        return None
