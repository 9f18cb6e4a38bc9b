"""Makes text safe to show: what traces and servers send may hold what a terminal obeys, and must never reach it raw."""

from __future__ import annotations

import json
import math
from typing import Any

# C0 but newline and tab, DEL and C1 (in which a terminal finds escape sequences), and what reorders or breaks lines.
_CONTROLS = [code for code in [*range(32), *range(127, 160)] if chr(code) not in "\n\t"]
_ORDER = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029, 0xFEFF]
_SHOWN = {**{code: f"\\x{code:02x}" for code in _CONTROLS}, **{code: f"\\u{code:04x}" for code in _ORDER}}
_SHOWN_IN_JSON = {code: f"\\u{code:04x}" for code in [*_CONTROLS, *_ORDER] if code >= 127}


def printable(text: str) -> str:
    """Text that a terminal shows and does not obey."""
    return text.translate(_SHOWN).encode("utf-8", "replace").decode("utf-8")


def several(count: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def json_line(value: Any, default: Any = str) -> str:
    """One line of JSON, equal to the value when read back, and as harmless as `printable` on a terminal.

    What JSON does not have, infinity and what is no number, is null.
    """
    try:
        text = json.dumps(value, default=default, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), default=default, ensure_ascii=False, allow_nan=False)
    # A lone surrogate is legal in JSON's escapes and nowhere else.
    return text.translate(_SHOWN_IN_JSON).encode("utf-8", "backslashreplace").decode("utf-8")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        # A key is a text anyway.
        return {str(name) if isinstance(name, float) else name: _finite(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
