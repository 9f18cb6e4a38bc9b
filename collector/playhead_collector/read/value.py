"""Values as emitters write them: structured, as JSON in a string, or as Python prints them; and back to text.

Nothing here raises on strange input: what cannot be decoded is kept as the text it was. Python's literals are the
only code-like thing that is ever evaluated, and only within bounds of length and depth.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable
from typing import TypeAlias

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

Data: TypeAlias = "bool | int | float | str | bytes | list[Data] | dict[str, Data] | None"

# Deeper values are shown as text. Protobuf itself stops at 100 messages, three of which make one level.
_DEEPEST = 60
_LONGEST_LITERAL = 200_000


def of_any_value(value: AnyValue, depth: int = 0) -> Data:
    """A protobuf value as Python's own; null for one that is empty."""
    field = value.WhichOneof("value")
    if field is None:
        return None
    if depth >= _DEEPEST:
        return str(value)
    if field == "array_value":
        return [of_any_value(item, depth + 1) for item in value.array_value.values]
    if field == "kvlist_value":
        return of_attributes(value.kvlist_value.values, depth + 1)
    plain: Data = getattr(value, field)
    return plain


def of_attributes(attributes: Iterable[KeyValue], depth: int = 0) -> dict[str, Data]:
    """Attributes by key; of a key that came twice, the first."""
    found: dict[str, Data] = {}
    for attribute in attributes:
        found.setdefault(attribute.key, of_any_value(attribute.value, depth))
    return found


def decoded(value: Data) -> Data:
    """What a string holds, if it holds JSON or a Python literal; else the value itself."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text or text[0] not in "{[\"'(":
        return value
    try:
        parsed: Data = json.loads(text)
    except (ValueError, RecursionError):
        return _literal(text, value)
    return parsed


def _literal(text: str, otherwise: str) -> Data:
    if len(text) > _LONGEST_LITERAL or _depth(text) > _DEEPEST:
        return otherwise
    try:
        literal = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return otherwise
    return _plain(literal)


def _depth(text: str) -> int:
    """How deep brackets nest at most; those inside strings count too, which only errs to the safe side."""
    deepest = depth = 0
    for letter in text:
        if letter in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in ")]}":
            depth -= 1
    return deepest


def _plain(literal: object) -> Data:
    """A Python literal in the types that values have here."""
    if isinstance(literal, dict):
        return {str(key): _plain(item) for key, item in literal.items()}
    if isinstance(literal, (list, tuple, set, frozenset)):
        return [_plain(item) for item in literal]
    if literal is None or isinstance(literal, (bool, int, float, str, bytes)):
        return literal
    return str(literal)


def as_text(value: Data) -> str:
    """A value for people: a string as it is, anything else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=_bytes_as_text)
    except (ValueError, TypeError, RecursionError):
        return "(a value too deep to show)"


def _bytes_as_text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
