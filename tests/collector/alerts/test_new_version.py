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


def test_a_release_that_was_taken_back_is_no_measure_for_the_next(store_database: StoreDatabase) -> None:
    def day(number: int) -> datetime:
        return SUNDAY + timedelta(days=number)

    past = [run for number in (-3, -2, 0) for run in runs("1.0", 60, 2, day(number))]
    store(store_database, *past, *runs("1.1", 60, 36, day(-1)), *runs("1.2", 60, 15, day(1)))
    rule = Admission(store_database.client).admit(shipped("new_version"))
    (worse,) = ask(store_database.client, rule, Moment(day(1) + timedelta(hours=6), [], HISTORY))
    assert worse.group == (("agent", "support"), ("what", "1.2"))
    assert "25% fail, before it 4.1%" in worse.summary


def test_a_bad_afternoon_before_a_release_does_not_hide_what_it_made_worse(store_database: StoreDatabase) -> None:
    def day(number: int) -> datetime:
        return SUNDAY + timedelta(days=number)

    past = [run for number in (-4, -3, -2, -1) for run in runs("1.0", 60, 2, day(number))]
    store(store_database, *past, *runs("1.0", 60, 40, day(0)), *runs("1.1", 60, 15, day(1)))
    rule = Admission(store_database.client).admit(shipped("new_version"))
    (worse,) = ask(store_database.client, rule, Moment(day(1) + timedelta(hours=6), [], HISTORY))
    assert "25% fail, before it 3.7%" in worse.summary


def test_a_bad_release_that_another_follows_is_what_that_one_is_held_against(store_database: StoreDatabase) -> None:
    def day(number: int) -> datetime:
        return SUNDAY + timedelta(days=number)

    bad = [run for number in (-3, -2, -1, 0) for run in runs("1.1", 60, 18, day(number))]
    store(store_database, *runs("1.0", 60, 2, day(-4)), *bad, *runs("1.2", 60, 15, day(1)))
    rule = Admission(store_database.client).admit(shipped("new_version"))
    assert ask(store_database.client, rule, Moment(day(1) + timedelta(hours=6), [], HISTORY)) == []


def test_what_was_taken_back_is_known_where_the_past_begins_in_the_middle_of_it(store_database: StoreDatabase) -> None:
    def day(number: int) -> datetime:
        return SUNDAY + timedelta(days=number)

    # The past of seven days begins in the second half of the bad release.
    past = [run for number in (-7, -4, -3, 0) for run in runs("1.0", 60, 2, day(number))]
    store(store_database, *past, *runs("1.1", 120, 72, day(-6) + timedelta(hours=3)), *runs("1.2", 60, 15, day(1)))
    rule = Admission(store_database.client).admit(shipped("new_version"))
    (worse,) = ask(store_database.client, rule, Moment(day(1) + timedelta(hours=4, minutes=30), [], HISTORY))
    assert "before it 4.1%" in worse.summary


def test_two_users_who_try_again_are_no_bad_release_of_an_agent_of_which_hardly_any_run_fails(
    store_database: StoreDatabase,
) -> None:
    begin = datetime(2026, 3, 3, 8, tzinfo=UTC)
    store(store_database, *runs("1.0", 900, 0, begin - timedelta(days=3)), *runs("1.1", 60, 5, begin))
    rule = Admission(store_database.client).admit(shipped("new_version"))

    def found() -> list[Finding]:
        return ask(store_database.client, rule, Moment(begin + timedelta(hours=12), [], HISTORY))

    assert found() == []
    store(store_database, *runs("1.1", 20, 10, begin + timedelta(hours=1)))
    assert [one.summary for one in found()] == ["support with 1.1, in 80 runs: 18.8% fail, before it 0.1%"]


def called(version: str, model: str, many: int, since: datetime, *, lost: int = 0, slips: int = 0) -> Iterator[MadeRun]:
    """With a call of a model and of a tool each; `lost` fail before either, and in `slips` more the tool fails."""
    for number in range(many):
        made = MadeRun(next(NUMBERS)).root({"gen_ai.agent.version": version}, failed=number < lost)
        if number >= lost:
            made.prompt({"gen_ai.request.model": model}).tool("get_order", "{}", failed=number < lost + slips)
        yield at(made, since + number * timedelta(hours=5) / many)


def test_who_failed_before_a_model_was_asked_counts_with_the_model_of_its_version(
    store_database: StoreDatabase,
) -> None:
    past = [run for ago in (3, 2, 1) for run in called("1.0", "m-1", 60, SUNDAY - timedelta(days=ago), lost=1)]
    store(store_database, *past, *called("1.1", "m-2", 60, SUNDAY, lost=15))
    rule = Admission(store_database.client).admit(shipped("new_model"))
    (worse,) = ask(store_database.client, rule, Moment(SUNDAY + timedelta(hours=6), [], HISTORY))
    assert worse.group == (("agent", "support"), ("what", "m-2"))
    assert "in 60 runs: 25% fail" in worse.summary


def test_a_tool_that_failed_on_the_way_makes_no_way_that_was_not_taken_before(store_database: StoreDatabase) -> None:
    past = [run for ago in (3, 2, 1) for run in called("1.0", "m-1", 60, SUNDAY - timedelta(days=ago))]
    store(store_database, *past, *called("1.1", "m-1", 60, SUNDAY, slips=15))
    rule = Admission(store_database.client).admit(shipped("new_version"))
    assert ask(store_database.client, rule, Moment(SUNDAY + timedelta(hours=6), [], HISTORY)) == []
