"""Values as text, for the attributes of steps: readable JSON, never pickle."""

from __future__ import annotations

import json
from typing import Any


def payload(value: Any) -> str:
    """A text as it is, anything else as JSON. Never raises."""
    if isinstance(value, str):
        return value
    try:
        return _encode(value)
    except (TypeError, ValueError, RecursionError):
        return _said(value)


def _said(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - an agent's own __repr__
        return f"<{type(value).__name__} whose repr raises {type(error).__name__}>"


_encode = json.JSONEncoder(ensure_ascii=False, default=_said).encode
