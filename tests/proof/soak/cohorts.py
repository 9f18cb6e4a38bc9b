"""Runs that are made older than they are before the soak begins, so that retention has something to do in it.

Retention counts whole days from a step's arrival. So a cohort's arrival is put back, in the closed store, by so much
that its day is over at a set moment of the soak. Payloads are due at full hours: at the last one before that moment,
which lies before the soak where it has none. Its runs say that they began on a day of their own.

    python -m tests.proof.soak.cohorts STORE ARRIVALS
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

from tests.proof.soak.traffic import Told

from playhead_collector.store.address import parse_address
from playhead_collector.store.engine import Engine

HOUR_S, DAY_S = 3_600, 86_400
DEFAULT, FIELDS = "playhead", "playhead_fields"
"""Databases: runs of the first go after a day, payloads of the second, whose runs are kept for longer."""
FLAGS = ("--retention", "1", "--retention", "fields=3", "--payload-retention", "fields=1")
_TABLES = ("step_rows", "message_rows", "scope_rows", "responses", "run_rows")


@dataclass(frozen=True, slots=True)
class Cohort:
    mark: str
    """What the ids of its runs begin with."""
    database: str
    due_at: float
    """As a part of the soak: when its day is over (its payloads': at the last full hour). Above 1 it is kept."""
    days_ago: int
    """When its runs say that they began."""

    @property
    def goes(self) -> bool:
        return self.due_at < 1

    def due(self, begins_at: float, length_s: float) -> float:
        """As a time of the clock."""
        moment = begins_at + self.due_at * length_s
        return moment if self.database == DEFAULT else moment // HOUR_S * HOUR_S

    def arrived(self, begins_at: float, length_s: float) -> int:
        # A second before a full hour, it is due a day after the hour.
        return int(self.due(begins_at, length_s)) - DAY_S - (self.database == FIELDS)


COHORTS = (
    Cohort("c0", DEFAULT, 0.15, 3),
    Cohort("c1", DEFAULT, 0.4, 4),
    Cohort("c2", DEFAULT, 0.65, 5),
    Cohort("c3", DEFAULT, 50, 6),
    Cohort("d0", FIELDS, 0.7, 3),
    Cohort("d1", FIELDS, 50, 4),
)
RUNS_OF_EACH = 150


def runs_of(cohort: Cohort, now_ns: int) -> list[Told]:
    # Above any number that the soak's own traffic comes to.
    first = (1 + COHORTS.index(cohort)) * 10**9
    start = now_ns - cohort.days_ago * DAY_S * 10**9
    return [Told(first + number, start + number * 10**9, cohort.mark) for number in range(RUNS_OF_EACH)]


def make_older(store: str, begins_at: float, length_s: float) -> None:
    """In a process of its own, since it opens the folder."""
    arrivals = {one.mark: one.arrived(begins_at, length_s) for one in COHORTS}
    subprocess.run([sys.executable, "-m", "tests.proof.soak.cohorts", store, json.dumps(arrivals)], check=True)


def main(store: str, arrivals: str) -> None:
    told: dict[str, int] = json.loads(arrivals)
    engine = Engine(parse_address(store))
    try:
        for database in (DEFAULT, FIELDS):
            _make_older(engine, database, told)
    finally:
        engine.close()


def _make_older(engine: Engine, database: str, arrivals: dict[str, int]) -> None:
    client = engine.connect(database)
    marks, times = list(arrivals), list(arrivals.values())
    for table in _TABLES:
        client.command(f"CREATE TABLE older AS {table}")
        client.command(
            f"INSERT INTO older SELECT * REPLACE (toDateTime(transform(substring(run_id, 1, 2), {marks}, {times}, "
            f"toUnixTimestamp(arrived_at)), 'UTC') AS arrived_at) FROM {table}",
        )
        client.command(f"EXCHANGE TABLES older AND {table}")
        client.command("DROP TABLE older SYNC")


if __name__ == "__main__":
    main(*sys.argv[1:])
