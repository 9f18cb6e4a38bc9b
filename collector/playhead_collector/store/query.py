"""Loads the SQL files of `queries/`: one query a file, its reasons as comments, its values always bound."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_REASONS = re.compile(r"\A(?:--[^\n]*\n)+")


@cache
def load(name: str) -> str:
    """Without the reasons at its top: who reads an audit log wants to see what was asked."""
    text = (files("playhead_collector.store") / "queries" / f"{name}.sql").read_text(encoding="utf-8")
    return _REASONS.sub("", text)
