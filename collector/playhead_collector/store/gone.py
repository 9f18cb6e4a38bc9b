"""The words in the place of a payload that is past the days that it is kept for."""

from __future__ import annotations

GONE = "playhead: payload gone after "
"""How they begin."""


def words_for(days: int) -> str:
    return f"{GONE}{days} day{'' if days == 1 else 's'}"
