"""How a replay says that it is not the recorded run: what was asked, what stands nearest, and what differs.

`BaseException`, because an agent's `except Exception:` (a retry, a fallback) must not swallow the end of a replay.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

MOST_DIFFERENCES = 8
LONGEST_VALUE = 120


class Divergence(BaseException):
    """The first place where a replay asks for something that the recording does not hold."""

    def __init__(self, what: str, *, lane: str = "", kind: str = "", differences: list[str] | None = None) -> None:
        self.what = what
        self.lane = lane
        self.kind = kind
        self.differences = differences or []
        super().__init__("\n  ".join([what, *self.differences]))


class ForkEnded(BaseException):
    """A fork asks for what its recording does not answer and what the world may not, or cannot, be asked for."""


class RecordingEnded(BaseException):
    """The recording ends here: the process was cut off, or never got an answer to what everything waits for."""


class RunEnded(RecordingEnded):
    """The run that is replayed is over, and all that was recorded of it was asked for. What comes after is not its."""


def differences(recorded: Any, asked: Any) -> list[str]:
    """The fields that differ between two details, JSON bodies taken apart; the first few."""
    before, after = dict(_fields("", recorded)), dict(_fields("", asked))
    found = []
    for path in [*before, *(path for path in after if path not in before)]:
        if before.get(path, _ABSENT) != after.get(path, _ABSENT):
            found.append(f"{path or 'value'}: recorded {_short(before, path)}, now {_short(after, path)}")
    if len(found) > MOST_DIFFERENCES:
        found[MOST_DIFFERENCES:] = [f"and {len(found) - MOST_DIFFERENCES} more"]
    return found


_ABSENT = object()


def _short(fields: dict[str, Any], path: str) -> str:
    if path not in fields:
        return "nothing"
    text = json.dumps(fields[path], ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def _fields(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            value = json.loads(value)
        except ValueError:
            yield path, value
            return
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _fields(f"{path}.{key}" if path else str(key), item)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _fields(f"{path}[{index}]", item)
    else:
        yield path, value
