"""What an engineer on call should not overlook in a run: loops, failures that nobody reported, a context that blew up.

A remark states what was seen, with its number, and never what it means: nine equal calls may be a loop or polling.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from playhead.printable import several
from playhead_collector.read.runs import RunRow
from playhead_collector.read.together import Question, ask_together
from playhead_collector.read.words import count, duration

# Fewer equal calls are a retry.
REPEATED = 3
# A context that grew less, or to less, is a conversation.
GREW = 16
LARGE_INPUT = 10_000

# A result that says it is a failure, in the forms that tools have for it; a quote may be escaped (JSON within JSON).
FAILED_RESULT = (
    r'(?i)^[\s"\\]*(?:error|exception|traceback)\b'
    r'|\\*"(?:content|output|response|result|text)\\*"\s*:\s*\\*"(?:error|exception|traceback)\b'
    r'|\\*"(?:ok|success|succeeded)\\*"\s*:\s*false'
    r'|\\*"is_?error\\*"\s*:\s*true'
    r'|\\*"error\\*"\s*:\s*(?:\\*"[^"\\]|\{)'
    r'|\\*"status\\*"\s*:\s*\\*"(?:error|failed|failure)\\*"'
)


@dataclass(frozen=True, slots=True)
class Remark:
    text: str
    grave: bool = False
    """Whether the run says itself that it failed."""


def remarks_on(client: Client, runs: Sequence[RunRow], now: datetime | None = None) -> dict[str, list[Remark]]:
    """By run, the gravest first; runs without any are not in it."""
    if not runs:
        return {}
    ids = [run.run_id for run in runs]
    now = now or datetime.now(UTC)
    facts, told, parents = ask_together(
        client,
        Question("remarks_of_runs", {"runs": ids}),
        Question("failed_results", {"runs": ids, "pattern": FAILED_RESULT}),
        Question("forks_of_runs", {"runs": ids}),
    )
    forks = {row["run_id"]: _of_its_parent(row["parent"], row["at"], row["ended"]) for row in parents}
    seen = {row["run_id"]: (row["tool_calls"], row["inputs"], row["last_seen"]) for row in facts}
    failed: dict[str, list[str]] = defaultdict(list)
    for row in told:
        failed[row["run_id"]].append(row["tool"])
    found: dict[str, list[Remark]] = {}
    for run in runs:
        calls, inputs, last_seen = seen.get(run.run_id, ([], [], run.start_time))
        remarks = [
            *_of_its_end(run, last_seen, now),
            *forks.get(run.run_id, []),
            *(Remark(f"{tool} ×{times} with the same arguments") for tool, times in _repeated(calls)),
            *(Remark(f"{tool} answered with an error") for tool in failed[run.run_id]),
            *_of_its_context(inputs),
        ]
        if run.errors and run.status != "error":
            remarks.append(Remark(f"{several(run.errors, 'failed step')} on the way"))
        if remarks:
            found[run.run_id] = remarks
    return found


def says_failure(result: str) -> bool:
    """Of a tool's result, as `FAILED_RESULT` has it."""
    return re.search(FAILED_RESULT, result) is not None


def _of_its_end(run: RunRow, last_seen: datetime, now: datetime) -> list[Remark]:
    if run.status == "error":
        return [Remark(run.error or "failed", grave=True)]
    if run.status == "open":
        ago = (now - (last_seen if last_seen.tzinfo else last_seen.replace(tzinfo=UTC))).total_seconds()
        return [Remark(f"has not ended; last heard of {duration(max(0.0, ago))} ago")]
    if run.status == "incomplete":
        return [Remark("some of its steps have not arrived")]
    return []


def _of_its_parent(parent: str, at: int, ended: str) -> list[Remark]:
    """Without a step it was executed again on the way to another fork of its process."""
    fork = Remark(f"⑂ of {parent[:12]}" + (f" at step {at}" if at else ""))
    return [fork, Remark(f"the fork ended: {ended}")] if ended else [fork]


def _repeated(calls: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Of each tool the call that was repeated most: fifty of them that each came twice as often say no more."""
    most: dict[str, int] = {}
    for (tool, _), times in Counter(calls).most_common():
        if times >= REPEATED:
            most.setdefault(tool, times)
    return list(most.items())


def _of_its_context(inputs: Sequence[int]) -> list[Remark]:
    if not inputs or max(inputs) < LARGE_INPUT or max(inputs) < GREW * inputs[0]:
        return []
    return [Remark(f"context grew from {count(inputs[0])} to {count(max(inputs))} tokens")]
