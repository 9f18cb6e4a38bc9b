"""How often an agent fails is held against how often it used to, and against how much that used to vary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from tests.collector.alerts.asking import MadeRun, shipped, store
from tests.collector.alerts.test_backtest import at
from tests.collector.database import StoreDatabase

from playhead_collector.alerts.admission import Admission
from playhead_collector.alerts.ask import Moment, ask
from playhead_collector.alerts.backtest import HISTORY

END = datetime(2026, 3, 8, tzinfo=UTC)
RUNS = 20
NUMBERS = count(1)


def windows(agent: str, failed: Sequence[int]) -> Iterator[MadeRun]:
    """An agent with twenty runs in each two hours, of which so many failed; the last two hours end at END."""
    for ago, failures in enumerate(reversed(failed)):
        for number in range(RUNS):
            moment = END - timedelta(hours=2 * ago, minutes=5 * number + 1)
            yield at(MadeRun(next(NUMBERS), agent).root(failed=number < failures), moment)


def named(database: StoreDatabase) -> set[str]:
    rule = Admission(database.client).admit(shipped("agent_errors"))
    return {dict(found.group)["agent"] for found in ask(database.client, rule, Moment(END, [], HISTORY), {})}


def test_as_many_failures_are_told_of_an_agent_that_fails_steadily_and_not_of_one_that_fails_in_clusters(
    store_database: StoreDatabase,
) -> None:
    store(store_database, *windows("steady", [1] * 30 + [10]), *windows("clusters", [0, 0, 5, 0, 0] * 6 + [10]))
    assert named(store_database) == {"steady"}


def test_an_agent_that_fails_in_clusters_and_now_always_is_told_of(store_database: StoreDatabase) -> None:
    store(store_database, *windows("clusters", [0, 0, 5, 0, 0] * 6 + [20]))
    assert named(store_database) == {"clusters"}


def test_an_outage_does_not_hide_a_smaller_one_days_later(store_database: StoreDatabase) -> None:
    store(store_database, *windows("support", [1] * 10 + [20] * 4 + [1] * 16 + [9]))
    assert named(store_database) == {"support"}


def test_what_fails_somewhat_more_often_is_told_of_when_it_goes_on_and_not_when_it_is_over(
    store_database: StoreDatabase,
) -> None:
    store(
        store_database,
        *windows("goes on", [2] * 28 + [9, 9]),
        *windows("began", [2] * 29 + [9]),
        *windows("over", [2] * 26 + [20, 20, 20, 2]),
    )
    assert named(store_database) == {"goes on"}
