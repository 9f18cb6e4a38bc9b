"""What a run of an agent takes is held against the middle day of the agent's past."""

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
NUMBERS = count(100_000)


def runs(agent: str, tokens: int, ago: timedelta) -> Iterator[MadeRun]:
    """Twenty runs within half an hour that ended so long before END, each a little dearer than the one before."""
    for number in range(20):
        used = {"gen_ai.usage.input_tokens": tokens + number, "gen_ai.usage.output_tokens": 10}
        yield at(MadeRun(next(NUMBERS), agent).root().prompt(used), END - ago - timedelta(minutes=number + 1))


def test_a_dear_day_does_not_hide_a_dear_hour_days_later(store_database: StoreDatabase) -> None:
    made = [
        run
        for agent, now in (("dear", 2600), ("as usual", 1100))
        for day, tokens in [*((day, 9000 if day == 4 else 1000) for day in range(1, 7)), (0, now)]
        for run in runs(agent, tokens, timedelta(days=day))
    ]
    store(store_database, *made)
    rule = Admission(store_database.client).admit(shipped("agent_tokens"))
    found = ask(store_database.client, rule, Moment(END, [], HISTORY), {})
    assert [dict(one.group)["agent"] for one in found] == ["dear"]


def test_what_an_hour_has_too_few_runs_to_tell_three_hours_tell_until_the_last_is_as_ever(
    store_database: StoreDatabase,
) -> None:
    made: list[MadeRun] = []
    for agent, last in (("dear", 24_000), ("over", 1000)):
        for day in range(1, 7):
            for hour, tokens in ((0, 100), (1, 1000), (10, 10_000)):
                made += runs(agent, tokens, timedelta(days=day, hours=hour))
        for hour, level in ((2, 24_000), (1, 24_000), (0, last)):
            made += [
                one for tokens in (level // 10, level) for one in list(runs(agent, tokens, timedelta(hours=hour)))[:6]
            ]
    store(store_database, *made)
    rule = Admission(store_database.client).admit(shipped("agent_tokens"))
    found = ask(store_database.client, rule, Moment(END, [], HISTORY), {})
    assert [dict(one.group)["agent"] for one in found] == ["dear"]
    assert found[0].summary.startswith("a run of dear takes 7")


def test_what_is_as_it_was_before_some_cheap_days_is_nothing_new(store_database: StoreDatabase) -> None:
    levels = {6: 200, 5: 200, 4: 200, 3: 200, 2: 200, 1: 1000, 0: 1100}
    store(store_database, *(run for day, tokens in levels.items() for run in runs("back", tokens, timedelta(days=day))))
    rule = Admission(store_database.client).admit(shipped("agent_tokens"))
    assert ask(store_database.client, rule, Moment(END, [], HISTORY), {}) == []
    store(store_database, *runs("back", 9000, timedelta()))
    (found,) = ask(store_database.client, rule, Moment(END, [], HISTORY), {})
    assert "where it used to take 1019" in found.summary
