"""The first record of a recording: what a replay must know of the process before it serves anything."""

from __future__ import annotations

import os
import platform
import sys
import time
from typing import Any, Literal

from playhead.lanes.opening import VERSION

Level = Literal["exact", "wire"]


def header(level: Level, lane: str) -> dict[str, Any]:
    return {
        "engine": VERSION,
        "level": level,
        "monotonic_ns": time.monotonic_ns(),
        "python": platform.python_version(),
        "hash_seed": os.environ.get("PYTHONHASHSEED"),
        "arguments": sys.argv,
        "lane": lane,
    }
