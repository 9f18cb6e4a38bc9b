"""Which rules have to be asked about which of the runs that changed: all of their conditions in one statement.

Asking sixteen rules about fifty runs takes a second of CPU, nearly all of it the engine's reading of sixteen statements
over views of sixty columns; most of them can find nothing (no score was given, no state was left). A rule says in its
header what must be so of a run for that not to be in vain: `only_if`.

Must never keep a rule from a run that it would find something about: a condition is one that is necessary, and where
the sieve fails every rule is asked about every run.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from playhead_collector.alerts.ask import LONG_AGO, as_bound, batches
from playhead_collector.alerts.condition import condition_values, sieve_of
from playhead_collector.alerts.rule import BEGAN, Rule

log = logging.getLogger(__name__)

Chosen = Mapping[str, str]


def sift(
    client: Client, rules: Sequence[tuple[Rule, Chosen]], runs: Sequence[str], began: datetime = LONG_AGO
) -> dict[str, list[str]]:
    """By rule, the runs that it has to be asked about; no step of any began before the moment given."""
    everything = {rule.name: list(runs) for rule, _ in rules}
    conditional = [(rule, chosen) for rule, chosen in rules if rule.only_if]
    if not conditional or not runs:
        return everything
    held: dict[str, list[str]] = {rule.name: [] for rule, _ in conditional}
    statement = sieve_of([rule for rule, _ in conditional])
    values = {name: value for rule, chosen in conditional for name, value in condition_values(rule, chosen).items()}
    try:
        for some in batches(runs):
            for run, *holds in client.query(
                statement, parameters={**values, **some, BEGAN: as_bound(began)}
            ).result_rows:
                for (rule, _), is_so in zip(conditional, holds, strict=True):
                    if is_so:
                        held[rule.name].append(str(run))
    except ClickHouseError as error:
        log.warning("every rule is asked about every run, as what they are asked about is not known: %s", error)
        return everything
    return {**everything, **held}
