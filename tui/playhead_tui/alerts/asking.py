"""What the screen of alerts reads: all that it shows of them at once, asked beside the screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from clickhouse_connect.driver.client import Client

from playhead_collector.alerts.alert import Alert
from playhead_collector.alerts.behind import events_of, shown_by
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.rule_folder import read_rules
from playhead_collector.alerts.settings import read_figures
from playhead_collector.alerts.standing import Asked, Standing, rules_asked, standing_alerts
from playhead_tui.alerts.sheets import Behind
from playhead_tui.alerts.table import by_urgency

OVER = timedelta(days=7)
"""How long an alert that is over is still shown."""
_HISTORY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class All:
    """How alerts stand, the most urgent first."""

    standings: list[Standing]
    asked: Asked

    @property
    def trouble(self) -> str:
        """Why there may be more than is shown; empty where the rules are asked."""
        if not self.asked.ever:
            return (
                "nobody has asked the rules of this store yet: 'playhead up' does, or 'playhead alerts run --store URL'"
            )
        if not self.asked.is_current:
            behind = int(self.asked.behind.total_seconds()) // 60
            return (
                f"the rules are not asked: runs changed {max(1, behind)}m after the last look; does the collector run?"
            )
        return ""


def all_alerts(client: Client, now: datetime) -> All:
    return All(by_urgency(standing_alerts(client, now - OVER)), rules_asked(client))


def behind(client: Client, alert: Alert, now: datetime) -> Behind:
    return Behind(alert.alert_id, shown_by(client, alert), events_of(client, alert, now - _HISTORY))


def rules_by_name(folder: Path | None, settings: Path | None) -> dict[str, Rule]:
    """With the figures that are set of them. The broken ones are left out; 'playhead alerts check' names them."""
    figures = read_figures(settings)
    return {rule.name: figures.as_set(rule) for rule in read_rules(folder).rules}
