"""Alerts and service levels of a collector: rules, receivers and objectives, read once at its start, and what goes on
about them in all of its projects.
"""

from __future__ import annotations

import logging

from playhead_collector.alerts.rule_folder import read_rules
from playhead_collector.alerts.settings import read_settings
from playhead_collector.alerts.watch import ASKING, Watch
from playhead_collector.config import Settings
from playhead_collector.metrics import Metrics
from playhead_collector.slo.measuring import Measuring
from playhead_collector.slo.objectives import objectives_of
from playhead_collector.store.address import DEFAULT_PROJECT, Embedded
from playhead_collector.store.readers import Readers
from playhead_collector.store.store import Store

log = logging.getLogger(__name__)


def watch_of(settings: Settings, store: Store, metrics: Metrics, readers: Readers) -> Watch:
    """Raises UsageError where the settings of alerts are wrong; a broken rule is told of, and the others go on."""
    rules = read_rules(settings.alert_rules)
    for refused in rules.refused:
        log.error("alert rule refused: %s", refused)
    chosen = read_settings(settings.alert_settings)
    for said in chosen.unheard(rules).values():
        log.error("somebody is not told of an alert rule: %s", said)
    return Watch(
        lambda project: store.reader(project, ASKING),
        _projects(settings),
        chosen.rulings(rules),
        dict(chosen.receivers),
        broken=chosen.held(rules),
        # Others may write through the port of one that has an admin token.
        alone=isinstance(settings.address, Embedded) and not settings.admin_token,
        looked=metrics.looked,
        told=metrics.told,
        give_way=readers.wait_for,
    )


def measuring_of(settings: Settings, store: Store, metrics: Metrics, watch: Watch) -> Measuring:
    """Raises UsageError where the file of objectives is wrong."""
    return Measuring(
        lambda project: store.reader(project, ASKING),
        _projects(settings),
        objectives_of(settings.objectives),
        settings.levels_every_s,
        has_turn=watch.has_turn,
        measured=metrics.measured,
    )


def _projects(settings: Settings) -> list[str]:
    return sorted({DEFAULT_PROJECT, *settings.tokens(settings.ingest_token).values()})
