"""What a rule is: one question in SQL about stored runs, who it is for, and when its answer is an alert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

SHIPPED = Path(str(files("playhead_collector.alerts") / "rules"))
RUNS = "runs"
BEGAN = "began"
SINCE = "since"
UNTIL = "until"
AT = "at"

BOUND: Mapping[str, str] = {
    RUNS: "Array(String)",
    BEGAN: "DateTime64(3,'UTC')",
    SINCE: "DateTime64(3,'UTC')",
    UNTIL: "DateTime64(3,'UTC')",
    AT: "Identifier",
}
"""What the evaluator binds, with the type that a rule has to give it."""

ROW: Mapping[str, str] = {"run_id": "String", "step_id": "String", "value": "a number", "summary": "String"}
"""The columns that each row of a rule has, beside those that it is grouped by."""


class Severity(StrEnum):
    """How much it matters, least first."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A figure that a rule's SELECT takes: one that its users may set, or a constant."""

    name: str
    type: str
    default: str
    about: str
    path: Path
    """The file that says so."""
    line: int


@dataclass(frozen=True, slots=True)
class Rule:
    """As its file has it."""

    name: str
    path: Path
    asks: Path
    """The file that has its SELECT: its own, or that of the rule that it is like."""
    text: str
    """The whole of that file: comments are the engine's to skip, and lines stay what they are."""
    title: str
    why: str
    severity: Severity
    owner: str
    runbook: str
    every: timedelta
    """How often a rule about a window is asked; one about runs is asked whenever runs changed."""
    hold: timedelta
    """`for:` how long a group must have been returned before it fires."""
    resolve_after: timedelta
    """How long it must not have been returned before it is over."""
    lookback: timedelta
    """How far `{since}` lies before `{until}`."""
    group_by: tuple[str, ...]
    notify: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    constants: tuple[Parameter, ...]
    bound: frozenset[str]
    """Which values of the evaluator's its SELECT takes."""
    only_if: str = ""
    """What must be so of a run that it can find something about: an aggregate over the run's steps (see sieve.py)."""

    @property
    def shipped(self) -> bool:
        """Whether it came with the package."""
        return self.path.parent == SHIPPED

    @property
    def about_runs(self) -> bool:
        """Whether it judges each of the runs that changed by itself, or else a window of time."""
        return RUNS in self.bound

    def values(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """Its parameters' values: those chosen, else what its file says. Constants are what they are."""
        constants = {one.name: one.default for one in self.constants}
        return constants | {one.name: chosen.get(one.name, one.default) for one in self.parameters}
