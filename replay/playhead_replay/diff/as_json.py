"""A diff as plain JSON, for scripts: first a line of the runs, then one for each pair of steps; of groups one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from playhead_replay.diff.changes import Change
from playhead_replay.diff.content import Content
from playhead_replay.diff.group import GroupDiff
from playhead_replay.diff.run import Figure, Pair, RunDiff
from playhead_replay.diff.structure import Absent


def json_of_runs(diff: RunDiff, full: bool) -> Iterator[dict[str, Any]]:
    """Steps that are equal only where all are asked for."""
    first = diff.first
    yield {
        "a": diff.a.as_json(),
        "b": diff.b.as_json(),
        "equal": diff.equal,
        "started_differently": diff.started_differently,
        "first_divergence": None
        if first is None
        else {"moment": "answered" if first.answered else "asked", **_numbers(diff.pairs[first.place])},
        "equal_steps": sum(pair.verdict == "equal" for pair in diff.pairs),
        "figures": {figure.name: _figure(figure) for figure in diff.figures},
        "code": {what: {"a": one, "b": other} for what, one, other in diff.code},
        "not_captured": {"a": diff.not_captured[0], "b": diff.not_captured[1]},
    }
    for pair in diff.pairs:
        if full or pair.verdict != "equal":
            yield {
                "verdict": pair.verdict,
                **_numbers(pair),
                "a": _step(pair.a),
                "b": _step(pair.b),
                "asked": [_change(change) for change in pair.asked],
                "answered": [_change(change) for change in pair.answered],
                "out_of_order": pair.out_of_order,
            }


def _numbers(pair: Pair) -> dict[str, int | None]:
    return {"number_a": pair.number_a, "number_b": pair.number_b}


def _figure(figure: Figure) -> dict[str, Any]:
    return {**asdict(figure), "delta": figure.delta}


def _step(content: Content | None) -> dict[str, Any] | None:
    if content is None:
        return None
    step = content.step
    names = ("step_id", "kind", "name", "tool", "model", "status", "error", "seconds", "input_tokens", "output_tokens")
    return {**{name: getattr(step, name) for name in names}, "cost_usd": step.cost_usd}


def _change(change: Change) -> dict[str, Any]:
    """A side on which there is nothing at the path lacks its key, which null would not say."""
    return {
        "what": change.what,
        "role": change.role,
        "handed_on": change.handed_on,
        "differences": [
            {"path": one.path}
            | {side: value for side, value in (("a", one.a), ("b", one.b)) if not isinstance(value, Absent)}
            for one in change.differences
        ],
    }


def json_of_groups(diff: GroupDiff, filters: Sequence[str]) -> dict[str, Any]:
    first = diff.first
    return {
        "groups": list(filters),
        "equal": diff.equal,
        "first_parting": None if first is None else first.place + 1,
        **asdict(diff),
        "partings": [{**asdict(parting), "clear": parting.clear} for parting in diff.partings],
    }
