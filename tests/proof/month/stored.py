"""The month in a store: each run as OTLP through the collector's own views and recomputation, without its ports.

What is left out is the network and the spool (they do not change a span). Runs arrive in the order in which they began.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from tests.proof.month.encode import encode
from tests.proof.month.month import Month
from tests.proof.month.telling import Told

_RUNS_A_SEGMENT = 4_000


class Takes(Protocol):
    def insert(self, *requests: bytes) -> None: ...
    def recompute(self, run_ids: list[str]) -> None: ...


@dataclass(slots=True)
class Labels:
    """What is known of the runs that were stored."""

    runs: int = 0
    steps: int = 0
    of_run: dict[str, list[str]] = field(default_factory=dict)
    """The faults of each run that has one."""
    looks_like: dict[str, str] = field(default_factory=dict)
    of_fault: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def store(month: Month, into: Takes) -> Labels:
    labels = Labels()
    runs = month.runs()
    while segment := list(islice(runs, _RUNS_A_SEGMENT)):
        into.insert(encode(segment))
        into.recompute([run.run_id for run in _labelled(segment, labels)])
    return labels


def _labelled(segment: list[Told], labels: Labels) -> Iterator[Told]:
    for run in segment:
        labels.runs += 1
        labels.steps += len(run.spans)
        if run.labels:
            labels.of_run[run.run_id] = run.labels
        if run.look_alike_of:
            labels.looks_like[run.run_id] = run.look_alike_of
        for fault in run.labels:
            labels.of_fault[fault].add(run.run_id)
        yield run
