"""Loads the SQL files of `queries/`: one query a file, its reasons as comments, its values always bound."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def load(name: str) -> str:
    return (files("playhead_collector.store") / "queries" / f"{name}.sql").read_text(encoding="utf-8")
