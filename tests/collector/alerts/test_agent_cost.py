"""What a run of an agent takes is held against the agent's past, by the run and by the step."""

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


def test_what_befalls_each_step_is_told_where_runs_are_long_and_short(store_database: StoreDatabase) -> None:
    def of_lengths(agent: str, tokens: int, ago: timedelta, lengths: tuple[int, ...]) -> Iterator[MadeRun]:
        for number in range(12):
            run = MadeRun(next(NUMBERS), agent).root()
            for _ in range(lengths[number % len(lengths)]):
                run = run.prompt({"gen_ai.usage.input_tokens": tokens + number, "gen_ai.usage.output_tokens": 10})
            yield at(run, END - ago - timedelta(minutes=number + 1))

    made: list[MadeRun] = []
    # Three times the tokens a run, both: twelve such runs of one may be chance, and twelve times such steps are none.
    for agent, tokens, lengths in (("dear steps", 3000, (1, 3, 9)), ("long runs by chance", 1000, (9,))):
        for day in range(1, 7):
            made += of_lengths(agent, 1000, timedelta(days=day), (1, 3, 9))
        made += of_lengths(agent, tokens, timedelta(), lengths)
    store(store_database, *made)
    rule = Admission(store_database.client).admit(shipped("agent_tokens"))
    found = ask(store_database.client, rule, Moment(END, [], HISTORY), {})
    assert [dict(one.group)["agent"] for one in found] == ["dear steps"]


def test_a_dear_yesterday_hides_no_dear_hour_when_it_is_over(store_database: StoreDatabase) -> None:
    made: list[MadeRun] = []
    for agent, since in (("dear again", 1000), ("dear since yesterday", 9000)):
        for day in range(2, 7):
            made += runs(agent, 1000, timedelta(days=day))
        for hours, tokens in ((18, 9000), (16, 9000), (14, 9000), (4, since), (0, 9000)):
            made += runs(agent, tokens, timedelta(hours=hours))
    store(store_database, *made)
    rule = Admission(store_database.client).admit(shipped("agent_tokens"))
    found = ask(store_database.client, rule, Moment(END, [], HISTORY), {})
    assert [dict(one.group)["agent"] for one in found] == ["dear again"]
