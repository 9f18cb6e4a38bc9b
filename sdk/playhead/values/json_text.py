"""JSON written fast: the standard library's encoder in C, built once instead of at each call.

Building it costs as much as writing a small value does, and a step writes four.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def writer(default: Callable[[Any], Any], *, allow_nan: bool) -> Callable[[Any], str]:
    """A function that writes a value compactly, and what is no JSON by `default`. It does not look for circles."""
    fast: Any = getattr(json.encoder, "c_make_encoder", None)
    if fast is None:
        return json.JSONEncoder(
            ensure_ascii=False, separators=(",", ":"), allow_nan=allow_nan, check_circular=False, default=default
        ).encode
    pieces = fast(None, default, json.encoder.encode_basestring, None, ":", ",", False, False, allow_nan)
    return lambda value: "".join(pieces(value, 0))
