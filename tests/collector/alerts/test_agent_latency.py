"""The slowest runs of an agent are held against its past, and a release that is gone is none of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from tests.collector.alerts.asking import MadeRun, shipped, store
from tests.collector.alerts.test_backtest import at
from tests.collector.database import StoreDatabase

from playhead_collector.alerts.admission import Admission
from playhead_collector.alerts.ask import Moment, ask
from playhead_collector.alerts.backtest import HISTORY

END = datetime(2026, 3, 8, tzinfo=UTC)
NUMBERS = count(200_000)


def day(agent: str, ago: int, version: str, seconds: float, runs: int = 60) -> Iterator[MadeRun]:
    """Runs that ended in the last hour of a day, or last two."""
    for number in range(runs):
        run = MadeRun(next(NUMBERS), agent).root({"gen_ai.agent.version": version})
        run.steps[0].end_time_unix_nano = run.steps[0].start_time_unix_nano + int(seconds * 1e9) + number
        yield at(run, END - timedelta(days=ago, minutes=number + 1, seconds=seconds))


def week(agent: str, slow: str, now: float) -> Iterator[MadeRun]:
    """Of four days with `slow`, the last of them the day before yesterday, and two with another version."""
    for ago, version, seconds in [(6, "1.0", 1.0), *((ago, slow, 4.0) for ago in (5, 4, 3, 2)), (1, "1.0", 1.0)]:
        yield from day(agent, ago, version, seconds)
    yield from day(agent, 0, "1.0", now)


def test_a_slow_release_that_was_taken_back_does_not_hide_what_is_slow_after_it(store_database: StoreDatabase) -> None:
    store(store_database, *week("slower", "1.1", 3.0), *week("as before", "1.1", 1.0), *week("always so", "1.0", 3.0))
    rule = Admission(store_database.client).admit(shipped("agent_latency_p95"))
    found = ask(store_database.client, rule, Moment(END, [], HISTORY), {})
    assert [dict(one.group)["agent"] for one in found] == ["slower"]
    assert found[0].summary == "p95 of slower is 3 s, where it used to be 1"


def test_a_quick_release_that_was_taken_back_is_not_what_an_agent_used_to_be(store_database: StoreDatabase) -> None:
    """As with a release that asked nobody: what it made is short, and counts twice as often as runs with a person."""
    for agent, now in (("as before", 3.0), ("slower", 9.0)):
        for ago in (6, 5, 4, 1):
            store(store_database, *day(agent, ago, "1.0", 3.0, 30))
        for ago in (3, 2):
            store(store_database, *day(agent, ago, "1.1", 1.0, 110))
        store(store_database, *day(agent, 0, "1.0", now))
    rule = Admission(store_database.client).admit(shipped("agent_latency_p95"))
    found = ask(store_database.client, rule, Moment(END, [], HISTORY), {})
    assert [one.summary for one in found] == ["p95 of slower is 9 s, where it used to be 3"]
