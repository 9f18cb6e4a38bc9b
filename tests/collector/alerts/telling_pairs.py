"""The pairs of agents through a real collector, and every rule asked about them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.e2e.running import Up, clean_environment, up, wait_for

from playhead_collector.alerts.admission import Admitted
from playhead_collector.alerts.ask import ARRIVAL, LONG_AGO, Moment, ask
from playhead_collector.alerts.backtest import HISTORY
from playhead_collector.alerts.changed import changed_runs, store_time
from playhead_collector.alerts.rule_folder import read_rules
from playhead_collector.alerts.sieve import sift
from playhead_collector.read.source import open_source
from playhead_collector.store.address import parse_address

REPOSITORY = Path(__file__).resolve().parents[3]
# What is not so at once: how much later it is asked.
LATER = {
    "stalled_run": timedelta(minutes=10),
    "approval_waiting": timedelta(hours=2),
    "service_silent": timedelta(days=7, hours=1),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A collector that has the pairs."""

    collector: Up

    def named_by(self, rule_name: str, later: timedelta | None = None) -> set[str]:
        """The agents, tools or services that a rule names; of a run, its agent."""
        with open_source(parse_address(self.collector.store)) as source:
            client = source.client
            rule = next(one for one in read_rules(Path(__file__).parent).rules if one.name == rule_name)
            now = store_time(client)
            # All of it arrived in the last minutes; the past ended hours ago.
            has_window = any(one.name == "window" for one in rule.parameters)
            shift = LATER.get(rule_name, timedelta(minutes=1)) if later is None else later
            # A condition of a rule must not keep it from what it is to find.
            runs = sift(client, [(rule, {})], sorted(changed_runs(client, LONG_AGO)))[rule.name]
            moment = Moment(now + shift, runs, HISTORY if has_window else ARRIVAL)
            # Through the collector's port, whose guard admits it.
            found = ask(client, Admitted(rule, rule.text), moment, {})
            if "run_id" not in rule.group_by:
                return {value for finding in found for _, value in finding.group[:1]}
            agents = {str(row[0]): str(row[1]) for row in client.query("SELECT run_id, agent FROM runs").result_rows}
            return {agents[finding.run_id] for finding in found}


@contextmanager
def told(folder: Path, rules: Sequence[str] = ()) -> Iterator[Told]:
    with up(folder) as collector:
        _phase(collector, "past", rules)
        # Arrivals are told by the second.
        began = int(time.time()) + 1
        wait_for(lambda: time.time() > began + 1, "the next second")
        _phase(collector, "now", rules)
        yield Told(collector)


def _phase(collector: Up, phase: str, rules: Sequence[str]) -> None:
    python, journal = [sys.executable, "-m"], str(collector.folder / phase)
    environment = clean_environment(collector.folder, {})
    program = [*python, "tests.collector.alerts.pairs", collector.url, journal, phase, *rules]
    subprocess.run(program, cwd=REPOSITORY, env=environment, check=True, timeout=300)
    # What a killed process had no time to send.
    ship = [*python, "playhead", "ship", "--wait", "60", "--journal", journal, "--endpoint", collector.url]
    subprocess.run(ship, env=environment, check=True, timeout=120, capture_output=True)
    collector.wait_until_stored()
