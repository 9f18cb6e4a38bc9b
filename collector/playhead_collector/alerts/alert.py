"""An alert, a rule and a group for which it found something; and how it stands after it was found again, or was not.

Nothing here knows a store or a clock: states follow from what was found, and when.

    (nothing) ──found──> pending ──found for `for:`──> firing ──not found for `resolve_after`──> resolved
                            └──not found──> dropped
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from playhead_collector.alerts.ask import Finding, Group
from playhead_collector.alerts.rule import Rule

EVIDENCE = 20
"""Runs that an alert is linked to at most, the first ones."""


class State(StrEnum):
    """Where an alert is in its life."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it stands."""

    alert_id: str
    rule: str
    severity: str
    group: Group
    state: State
    changed_at: datetime
    pending_at: datetime
    fired_at: datetime | None
    seen_at: datetime
    """When it was found last. After a restart, the restart, and while its rule cannot be asked, now: silence while
    nobody looked is no silence.
    """
    value: float
    summary: str
    labels: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[tuple[str, str], ...] = ()
    """Runs, each with its step."""
    announced: bool = False
    """Whether somebody was told that it fires."""

    @property
    def stands(self) -> bool:
        return self.state in (State.PENDING, State.FIRING)

    @property
    def key(self) -> str:
        """Of this firing: the same for each message about it, also where one is sent twice."""
        return f"{self.alert_id}-{int(self.fired_at.timestamp() * 1000) if self.fired_at else 0}"

    @property
    def runs(self) -> list[str]:
        return [run for run, _ in self.evidence if run]


def alert_id(rule: str, group: Group) -> str:
    told = "\x1f".join([rule, *(f"{name}\x1e{value}" for name, value in group)])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def found(before: Alert | None, rule: Rule, findings: Sequence[Finding], now: datetime) -> Alert:
    """How it stands when a rule returned its group, in these rows."""
    first = findings[0]
    shown = tuple((finding.run_id, finding.step_id) for finding in findings)
    if before is not None and before.stands:
        told = replace(
            before,
            seen_at=now,
            value=first.value,
            summary=first.summary,
            labels=labels_over(before.labels, first.labels),
            evidence=_linked(before.evidence, shown),
        )
    else:
        told = Alert(
            alert_id=alert_id(rule.name, first.group),
            rule=rule.name,
            severity=rule.severity,
            group=first.group,
            state=State.PENDING,
            changed_at=now,
            pending_at=now,
            fired_at=None,
            seen_at=now,
            value=first.value,
            summary=first.summary,
            labels=first.labels,
            evidence=_linked((), shown),
        )
    if told.state is State.PENDING and now - told.pending_at >= rule.hold:
        return replace(told, state=State.FIRING, fired_at=now, changed_at=now)
    return told


def labels_over(before: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """What is told goes over what is known, but for what is told to be empty."""
    return {**told, **before, **{name: value for name, value in told.items() if value}}


def missed(before: Alert, rule: Rule, now: datetime) -> Alert:
    """How it stands when a rule was asked, and did not return its group."""
    if before.state is State.PENDING:
        return replace(before, state=State.DROPPED, changed_at=now)
    return lapsed(before, rule, now)


def lapsed(before: Alert, rule: Rule, now: datetime) -> Alert:
    """How it stands when time has passed in which it was not found."""
    if before.state is State.FIRING and now - before.seen_at >= rule.resolve_after:
        return replace(before, state=State.RESOLVED, changed_at=now)
    return before


def is_news(before: Alert | None, after: Alert) -> bool:
    """Whether it has to be written down. Figures change with every look; they are written when something else does."""
    if before is None:
        return True
    return (before.state, before.evidence, before.announced) != (after.state, after.evidence, after.announced)


def _linked(before: tuple[tuple[str, str], ...], shown: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """One step a run, the first that showed it."""
    steps: dict[str, str] = {}
    for run, step in before + shown:
        steps.setdefault(run, step)
    return tuple(steps.items())[:EVIDENCE]
