"""Values as text, for the attributes of steps: readable typed JSON, never pickle."""

from __future__ import annotations

from enum import Enum
from typing import Any

from playhead.values.encoding import encode


def word(value: Any) -> str:
    """A name that somebody gave a state, a user or a session: a text; an enum's is its value, or its name."""
    if isinstance(value, Enum):
        value = value.value if isinstance(value.value, str) else value.name
    return value if type(value) is str else payload(value)


def payload(value: Any) -> str:
    """A text as it is, anything else as JSON. Never raises."""
    if isinstance(value, str):
        return value
    return encode(value).json
