"""Alerts of a collector: its rules and receivers, read once at its start, and a watch over all of its projects."""

from __future__ import annotations

import logging

from playhead_collector.alerts.rule_folder import read_rules
from playhead_collector.alerts.settings import read_settings
from playhead_collector.alerts.watch import ASKING, Watch
from playhead_collector.config import Settings
from playhead_collector.metrics import Metrics
from playhead_collector.store.address import DEFAULT_PROJECT, Embedded
from playhead_collector.store.store import Store

log = logging.getLogger(__name__)


def watch_of(settings: Settings, store: Store, metrics: Metrics) -> Watch:
    """Raises UsageError where the settings of alerts are wrong; a broken rule is told of, and the others go on."""
    rules = read_rules(settings.alert_rules)
    for refused in rules.refused:
        log.error("alert rule refused: %s", refused)
    chosen = read_settings(settings.alert_settings)
    projects = {DEFAULT_PROJECT, *settings.tokens(settings.ingest_token).values()}
    return Watch(
        lambda project: store.reader(project, ASKING),
        sorted(projects),
        chosen.rulings(rules),
        dict(chosen.receivers),
        alone=isinstance(settings.address, Embedded),
        looked=metrics.looked,
        told=metrics.told,
    )
