"""The runs of a group: which a line means, and the way that each of them took."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from playhead_collector.read.filter import RunFilter
from playhead_collector.read.query_line import NAMES, narrowed, parse_query, quoted, terms
from playhead_collector.read.run import Node
from playhead_collector.read.runs import RunRow
from playhead_replay.diff.group import Member
from playhead_replay.diff.way import way_of

MOST_MEMBERS = 100
"""The latest so many runs are compared, where nothing else is asked for."""
# Runs of a group whose steps are in memory at once.
_AT_ONCE = 20


def group_of(line: str, now: datetime, *, within: str = "", limit: int = MOST_MEMBERS) -> RunFilter:
    """The runs of a group, of those that another line means. In a shell `version=1.4.1` comes to mind as well as
    `version:1.4.1`.
    """
    parts = []
    for term in terms(line):
        named = term.sign == "=" and term.field in NAMES
        parts.append(f"{term.field}:{quoted(term.value)}" if named else line[term.start : term.end])
    return replace(parse_query(narrowed(within, " ".join(parts)), now), limit=limit)


def read_members(
    rows: Sequence[RunRow],
    steps_of: Callable[[Sequence[str]], Mapping[str, Sequence[Node]]],
    progress: Callable[[int], None],
) -> list[Member]:
    """`steps_of` reads the steps of some runs; `progress` is told how many are done."""
    members: list[Member] = []
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        steps = steps_of([row.run_id for row in some])
        members += [Member(row, way_of(row.run_id, steps[row.run_id])) for row in some]
        progress(len(members))
    return members
