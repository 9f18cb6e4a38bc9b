"""What is told of an alert, before it takes a receiver's form; and what keeps a receiver from being told."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from string import Template

from playhead.errors import PlayheadError
from playhead_collector.alerts.alert import Alert, State
from playhead_collector.alerts.journal import told_at
from playhead_collector.alerts.rule import Rule
from playhead_collector.read.words import iso

TITLE = "[$status] $rule_title"
TEXT = "$summary"


class Undelivered(PlayheadError):
    """A receiver did not take a message; it is tried again. Says nothing secret: an address may hold a token."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event of one alert, for one receiver."""

    alert: Alert
    event: int
    rule: Rule | None
    """None where the rule is gone since."""
    project: str
    """Receivers are those of all projects, and alerts of two may be alike in all else."""

    @property
    def is_over(self) -> bool:
        return self.alert.state is State.RESOLVED

    @property
    def status(self) -> str:
        return "resolved" if self.is_over else "firing"

    @property
    def once(self) -> str:
        """The same for each attempt at this message, and for no other."""
        return f"{self.alert.key}-{self.event}"

    @property
    def at(self) -> datetime:
        """When there was something to tell: where a silence ended since, later than the alert changed."""
        return told_at(self.event)

    def words(self) -> dict[str, str]:
        """What templates may name, as `$summary`: labels and groups under their own names, too."""
        alert, rule = self.alert, self.rule
        value = "?" if math.isnan(alert.value) else f"{alert.value:g}"
        run, step = alert.evidence[0] if alert.evidence else ("", "")
        return {
            **alert.labels,
            **dict(alert.group),
            "status": self.status,
            "rule": alert.rule,
            "rule_title": rule.title if rule is not None else alert.rule,
            "why": rule.why if rule is not None else "",
            "owner": rule.owner if rule is not None else "",
            "runbook": rule.runbook if rule is not None else "",
            "severity": alert.severity,
            "summary": alert.summary,
            "value": value,
            "run_id": run,
            "step_id": step,
            "alert_id": alert.alert_id,
            "project": self.project,
        }

    def filled(self, template: str, said: Callable[[str], str] = str) -> str:
        """A template with the words in it, in the form that `said` gives them; what is no word of these stays as it is
        written.
        """
        return Template(template).safe_substitute({name: said(word) for name, word in self.words().items()})

    def as_json(self) -> dict[str, object]:
        """For programs."""
        alert, words = self.alert, self.words()
        return {
            "version": 1,
            "status": self.status,
            "project": self.project,
            "alert_id": alert.alert_id,
            "key": alert.key,
            "rule": alert.rule,
            "title": words["rule_title"],
            "why": words["why"],
            "severity": alert.severity,
            "owner": words["owner"],
            "runbook": words["runbook"],
            "group": dict(alert.group),
            "labels": dict(alert.labels),
            "value": alert.value if math.isfinite(alert.value) else None,  # JSON has no other
            "summary": alert.summary,
            "runs": [{"run_id": run, "step_id": step} for run, step in alert.evidence],
            "pending_at": iso(alert.pending_at),
            "fired_at": _iso(alert.fired_at),
            "resolved_at": _iso(alert.changed_at if self.is_over else None),
        }


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment is not None else None
