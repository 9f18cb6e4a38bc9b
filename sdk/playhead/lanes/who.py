"""Whose code it is: the agent's own (its modules and the packages it uses), or the machinery beneath.

The standard library, OpenTelemetry and Playhead are machinery: what they read of the world is theirs, except where a
module of the standard library reads on behalf of its caller (`uuid`, `secrets`, `random`, `tempfile`).
"""

from __future__ import annotations

import re
import sys
from types import FrameType

OURS = frozenset(
    {"playhead", "opentelemetry", "playhead_collector", "playhead_replay", "playhead_tui", "_pytest", "pluggy"}
)
# Within ours, and an agent all the same.
AGENTS = frozenset({"playhead_collector.demo"})
MACHINERY = (OURS | frozenset(sys.stdlib_module_names)) - {"__main__"}
# Look through these to their caller.
TRANSPARENT = frozenset(
    {
        "uuid",
        "secrets",
        "random",
        "tempfile",
        "dataclasses",
        "functools",
        "datetime",
        "_strptime",
        "os",
        "collections.abc",
    }
    | {"playhead.effects.files", "playhead.effects.entropy"}  # ours, between one hook and another
)

_INSTALLED = re.compile(r"/(?:site|dist)-packages/")
_known: dict[str, bool] = {}


def is_ours(module: str) -> bool:
    return module.partition(".")[0] in OURS and not _is_agent(module)


def _is_agent(module: str) -> bool:
    return ".".join(module.split(".")[:2]) in AGENTS


def is_machinery(module: str) -> bool:
    known = _known.get(module)
    if known is None:
        known = _known[module] = module.partition(".")[0] in MACHINERY and not _is_agent(module)
    return known


def called_by_agent(depth: int = 2, through: frozenset[str] = TRANSPARENT) -> bool:
    """Whether the code that called our caller is the agent's own, seen through what reads on behalf of its caller."""
    try:
        frame: FrameType | None = sys._getframe(depth)
    except ValueError:
        # The interpreter itself calls, as it does to show the lines of an exception that nobody caught.
        return False
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        known = _known.get(module)
        if not (is_machinery(module) if known is None else known):
            return True
        if module not in through:
            return False
        frame = frame.f_back
    return False


def place_of_agent(depth: int = 2) -> str:
    """`file:line` of the agent's own code that is nearest above our caller; empty where there is none.

    Where it is a package that the agent uses (a client of HTTP), the line that called into it says more.
    """
    nearest = ""
    try:
        frame: FrameType | None = sys._getframe(depth)
    except ValueError:
        return ""
    while frame is not None:
        if not is_machinery(frame.f_globals.get("__name__", "")):
            place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
            if not _INSTALLED.search(place):
                return place
            nearest = nearest or place
        frame = frame.f_back
    return nearest
