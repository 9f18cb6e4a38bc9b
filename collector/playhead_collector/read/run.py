"""One run, whole: its row, its steps as a tree in order of time, and each step's span and log records as they came."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import NamedTuple

from clickhouse_connect.driver.client import Client
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from playhead.errors import UsageError
from playhead_collector.read.runs import RunRow
from playhead_collector.read.spans import (
    Context,
    StoredSpan,
    ask_for_context,
    ask_for_context_of_step,
    ask_for_records,
    ask_for_spans,
    records_from,
    spans_from,
)
from playhead_collector.read.together import Question, Row, ask_together, results_together, rows_of
from playhead_collector.store.query import load


class Step(NamedTuple):
    """A step's figures. None is unknown, never zero. A tuple, because a row of the store is one: of 10,000 steps each a
    frozen dataclass took 45 ms to be made.
    """

    run_id: str
    step_id: str
    parent_id: str
    kind: str
    name: str
    start_time: datetime
    seconds: float | None
    status: str
    error: str
    tool: str
    provider: str
    model: str
    finish_reason: str
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    reasoning_tokens: int | None
    first_token_seconds: float | None
    state: str
    arguments_hash: int
    """Of equal calls it is equal; 0 where there are no arguments."""
    from_outside: bool
    """Whether it is what somebody said of the run, and nothing that the run did."""
    counted: bool
    """Whether this step is the one that counts its model call; another may tell of the same."""
    cost_usd: float | None


_figures_of = itemgetter(*(name for name in Step._fields if name not in ("counted", "cost_usd")))


@dataclass(slots=True)
class Node:
    """A step in its place. `orphan` says that the step it names as its parent is not there."""

    step: Step
    stored: StoredSpan | None
    depth: int
    orphan: bool
    records: Sequence[LogRecord] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """What one step said."""

    step_id: str
    stored: StoredSpan | None
    """None where it is there no longer."""
    records: list[LogRecord]


@dataclass(frozen=True, slots=True)
class Run:
    row: RunRow
    nodes: list[Node]
    """Depth first; siblings by their start."""
    loose_records: list[LogRecord]
    """Log records that belong to no step of the run."""


def find_run(client: Client, prefix: str) -> str:
    """The id of the one run that begins so; `last` is the latest."""
    if prefix == "last":
        rows = client.query(load("last_run")).result_rows
        if not rows:
            raise UsageError("there are no runs yet; send some, or try 'playhead demo'")
        return str(rows[0][0])
    text = prefix.lower()
    if not re.fullmatch(r"[0-9a-f]{1,32}", text):
        raise UsageError(
            f"{prefix!r} is no run id: it takes the 32 hex digits of the trace id, or the first few, or 'last'"
        )
    rows = client.query(load("runs_by_prefix"), parameters={"prefix": text}).result_rows
    if not rows:
        raise UsageError(f"no run begins with {prefix!r}; 'playhead runs' lists what there is")
    if len(rows) > 1:
        raise UsageError(f"{len(rows)} or more runs begin with {prefix!r}: " + ", ".join(str(row[0]) for row in rows))
    return str(rows[0][0])


def find_step(client: Client, run_id: str, prefix: str) -> str:
    """The id of the one step of a run that begins so."""
    rows = client.query(load("steps_by_prefix"), parameters={"run": run_id, "prefix": prefix.lower()}).result_rows
    if len(rows) != 1:
        several = f"{len(rows)} or more steps begin" if rows else "no step begins"
        raise UsageError(
            f"{several} with {prefix!r} in run {run_id[:12]}: write its id, 16 hex digits; "
            f"'playhead show --ids {run_id[:12]}' has them"
        )
    return str(rows[0][0])


def read_run(client: Client, run_id: str) -> Run:
    """The run with all that it holds; raises UsageError where there is none."""
    found, rows, told, *around = ask_together(
        client,
        Question("one_run", {"run": run_id}),
        ask_for_spans([run_id]),
        ask_for_records([run_id]),
        *ask_for_context([run_id]),
    )
    row, costs = _found(found, run_id)
    nodes, loose = _nodes(rows, told, Context(*around), costs)
    return Run(row, nodes, loose)


def read_figures(client: Client, run_id: str) -> Run:
    """As `read_run`, but nothing of what its steps said and no log records: `stored` is None of each."""
    of_run, of_steps = results_together(
        client, Question("one_run", {"run": run_id}), Question("steps_of_run", {"run": run_id})
    )
    row, costs = _found(rows_of(of_run), run_id)
    columns = dict(zip(of_steps.column_names, of_steps.result_columns, strict=True))
    told = [costs.get(step_id, _NO_CALL) for step_id in columns["step_id"]]
    columns |= zip(("counted", "cost_usd"), zip(*told, strict=True), strict=False)
    # Column by column, and never as rows by name: of 10,000 steps that took 40 ms.
    steps = zip(repeat(run_id), *(columns[name] for name in Step._fields[1:]), strict=False)
    return Run(row, _tree([Step._make(step) for step in steps], {}), [])


def read_said(client: Client, run_id: str, step_id: str) -> Words:
    """What one step said, ahead of the rest of its run."""
    rows, told, *around = ask_together(
        client,
        ask_for_spans([run_id], [step_id]),
        ask_for_records([run_id], [step_id]),
        *ask_for_context_of_step(run_id, step_id),
    )
    context = Context(*around)
    return Words(step_id, next(spans_from(rows, context), None), [one.record for one in records_from(told, context)])


def read_first_said(client: Client, run_id: str) -> Words | None:
    """What the step said that the run most likely begins with; None where there is no step."""
    found = client.query(load("first_of_run"), parameters={"run": run_id}).result_rows
    return read_said(client, run_id, str(found[0][0])) if found else None


Costs = Mapping[str, tuple[bool, float | None]]
"""By step whether it counts its call, and what that cost."""
_NO_CALL = (False, None)


def _found(found: Sequence[Row], run_id: str) -> tuple[RunRow, Costs]:
    if not found:
        raise UsageError(f"there is no run {run_id}")
    row = found[0]
    calls = zip(row.pop("calls.step_id"), row.pop("calls.cost_usd"), row.pop("calls.is_sum"), strict=True)
    return RunRow.of(row), {step_id: (not is_sum, cost) for step_id, cost, is_sum in calls}


def _step(row: Row, costs: Costs) -> Step:
    return Step._make((*_figures_of(row), *costs.get(row["step_id"], _NO_CALL)))


def read_steps(client: Client, run_ids: Sequence[str]) -> dict[str, list[Node]]:
    """The steps of several runs at once, as `read_run` has them, but for what they cost, which is not known here."""
    rows, told, *around = ask_together(
        client, ask_for_spans(run_ids), ask_for_records(run_ids), *ask_for_context(run_ids)
    )
    context = Context(*around)
    rows_of: dict[str, list[Row]] = {run_id: [] for run_id in run_ids}
    told_of: dict[str, list[Row]] = defaultdict(list)
    for by_run, found in ((rows_of, rows), (told_of, told)):
        for one in found:
            by_run[one["run_id"]].append(one)
    return {run_id: _nodes(found, told_of[run_id], context, {})[0] for run_id, found in rows_of.items()}


def _nodes(
    rows: Sequence[Row], told: Sequence[Row], context: Context, costs: Costs
) -> tuple[list[Node], list[LogRecord]]:
    """Steps in their places, and the log records that belong to none."""
    steps = [_step(one, costs) for one in rows]
    stored = {one.step_id: one for one in spans_from(rows, context)}
    records: dict[str, list[LogRecord]] = defaultdict(list)
    for record in records_from(told, context):
        records[record.step_id].append(record.record)
    nodes = _tree(steps, stored)
    for node in nodes:
        node.records = records.pop(node.step.step_id, [])
    return nodes, [record for left in records.values() for record in left]


def _tree(steps: list[Step], stored: Mapping[str, StoredSpan]) -> list[Node]:
    there = {step.step_id for step in steps}
    children: dict[str, list[Step]] = defaultdict(list)
    roots: list[Step] = []
    # The latest first, as they are put on the pile below.
    for step in sorted(steps, key=attrgetter("start_time", "step_id"), reverse=True):
        if step.parent_id in there and step.parent_id != step.step_id:
            children[step.parent_id].append(step)
        else:
            roots.append(step)
    nodes: list[Node] = []
    placed: set[str] = set()

    def place(first: Step) -> None:
        pending = [(first, 0)]
        while pending:
            step, depth = pending.pop()
            step_id, parent_id = step.step_id, step.parent_id
            if step_id in placed:
                continue
            placed.add(step_id)
            nodes.append(Node(step, stored.get(step_id), depth, bool(parent_id) and parent_id not in there))
            if step_id in children:
                pending += [(child, depth + 1) for child in children[step_id]]

    for root in reversed(roots):
        place(root)
    # Steps that are each other's ancestors hang from no root; they are shown all the same.
    for step in steps:
        place(step)
    return nodes
