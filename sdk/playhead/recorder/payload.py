"""Values as text, for the attributes of steps: readable typed JSON, never pickle."""

from __future__ import annotations

from typing import Any

from playhead.values.encoding import encode


def payload(value: Any) -> str:
    """A text as it is, anything else as JSON. Never raises."""
    if isinstance(value, str):
        return value
    return encode(value).json
