"""What is new is held against what was before it for a day of the agent's usual work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from tests.collector.alerts.asking import MadeRun, shipped, store
from tests.collector.alerts.test_backtest import at
from tests.collector.database import StoreDatabase

from playhead_collector.alerts.admission import Admission
from playhead_collector.alerts.ask import Finding, Moment, ask
from playhead_collector.alerts.backtest import HISTORY

SUNDAY = datetime(2026, 3, 8, 9, tzinfo=UTC)
NUMBERS = count(1)


def runs(version: str, many: int, failed: int, since: datetime) -> Iterator[MadeRun]:
    """In five hours, those that fail spread among them."""
    for number in range(many):
        given = {"gen_ai.agent.version": version}
        made = MadeRun(next(NUMBERS)).root(given, failed=number * failed // many != (number + 1) * failed // many)
        yield at(made, since + number * timedelta(hours=5) / many)


def test_a_release_of_a_quiet_sunday_is_new_until_there_was_a_day_s_work_with_it(store_database: StoreDatabase) -> None:
    workdays = [SUNDAY - timedelta(days=ago) for ago in range(2, 7)]
    past = [run for day in workdays for run in runs("1.0", 60, 2, day)]
    few = runs("1.1", 12, 4, SUNDAY)
    monday = SUNDAY + timedelta(days=1)
    store(store_database, *past, *few, *runs("1.1", 60, 20, monday))
    rule = Admission(store_database.client).admit(shipped("new_version"))

    def found(until: datetime) -> list[Finding]:
        return ask(store_database.client, rule, Moment(until, [], HISTORY))

    assert found(monday) == [], "twelve runs say nothing"
    (worse,) = found(monday + timedelta(hours=2, minutes=30))
    assert worse.group == (("agent", "support"), ("what", "1.1"))
    assert "in 42 runs: 33.3% fail, before it 3.7%" in worse.summary
    assert found(monday + timedelta(hours=6)) == [], "more than a day's work: it is new no longer"
