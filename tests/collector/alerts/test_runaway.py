"""A run that takes too much is held against what is usual for its agent, whatever befell the agent in the week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from tests.collector.alerts.asking import MadeRun, shipped, store
from tests.collector.alerts.test_backtest import at
from tests.collector.database import StoreDatabase

from playhead_collector.alerts.admission import Admission
from playhead_collector.alerts.ask import Finding, Moment, ask
from playhead_collector.alerts.backtest import HISTORY

END = datetime(2026, 3, 8, 12, tzinfo=UTC)
NUMBERS = count(1)


def run(version: str, tokens: int, usd: float, ago: timedelta = timedelta()) -> MadeRun:
    used = {"gen_ai.usage.input_tokens": tokens, "gen_ai.usage.output_tokens": 0, "gen_ai.usage.cost": usd}
    made = MadeRun(next(NUMBERS)).root({"gen_ai.agent.version": version})
    return at(made.prompt({"gen_ai.request.model": "m", **used}), END - timedelta(minutes=1) - ago)


def day(ago: int, version: str, tokens: int, usd: float, runs: int = 25) -> list[MadeRun]:
    return [run(version, tokens, usd, timedelta(days=ago, minutes=number)) for number in range(runs)]


def asked(database: StoreDatabase, rule: str, *runs: MadeRun) -> list[Finding]:
    admitted = Admission(database.client).admit(shipped(rule))
    return ask(database.client, admitted, Moment(END, [one.run_id for one in runs], HISTORY))


def test_a_dear_release_that_was_taken_back_hides_no_run_after_it_and_its_own_runs_are_not_told_one_by_one(
    store_database: StoreDatabase,
) -> None:
    dear = day(1, "1.1", 200_000, 2.0, runs=60)
    past = [one for ago in range(2, 7) for one in day(ago, "1.0", 20_000, 0.2)]
    large, as_dear, usual = run("1.0", 150_000, 1.5), run("1.1", 600_000, 6.0), run("1.0", 110_000, 1.1)
    store(store_database, *past, *dear, large, as_dear, usual)
    for rule, value in (("runaway_tokens", 150_000), ("runaway_cost", 1.5)):
        (found,) = asked(store_database, rule, large, as_dear, usual)
        assert (found.run_id, found.value) == (large.run_id, value)
        assert found.step_id == large.steps[-1].span_id.hex()
    assert "19 of 20 of its runs stay below $0.2" in found.summary


def test_dear_days_hide_no_run_of_a_version_that_has_hardly_any_past(store_database: StoreDatabase) -> None:
    past = [one for ago in (0, 1, 3, 5) for one in day(ago, "1.0", 20_000, 0.2, runs=60)]
    past += [one for ago in (2, 4) for one in day(ago, "1.0", 200_000, 2.0)]
    large, usual = run("1.1", 150_000, 1.5), run("1.1", 110_000, 1.1)
    store(store_database, *past, large, usual)
    for rule in ("runaway_tokens", "runaway_cost"):
        assert [found.run_id for found in asked(store_database, rule, large, usual)] == [large.run_id]


def test_a_change_to_a_cheaper_model_hides_no_run_that_does_ten_times_the_work(store_database: StoreDatabase) -> None:
    past = [one for ago in range(1, 7) for one in day(ago, "1.0", 20_000, 2.0)]
    large, usual = run("1.1", 200_000, 2.0), run("1.1", 100_000, 1.0)
    store(store_database, *past, large, usual)
    (found,) = asked(store_database, "runaway_cost", large, usual)
    assert (found.run_id, found.value) == (large.run_id, 2.0)


def test_a_model_that_is_dearer_than_the_one_before_shows_in_what_is_paid(store_database: StoreDatabase) -> None:
    past = [one for ago in range(1, 7) for one in day(ago, "1.0", 20_000, 0.2)]
    dearer = run("1.1", 20_000, 1.3)
    store(store_database, *past, dearer)
    assert [found.run_id for found in asked(store_database, "runaway_cost", dearer)] == [dearer.run_id]
    assert asked(store_database, "runaway_tokens", dearer) == []


def test_of_an_agent_that_has_run_a_few_times_only_what_these_took_counts_beside_the_fixed_figure(
    store_database: StoreDatabase,
) -> None:
    dear = [run("1.0", 900_000, 4.0, timedelta(minutes=number)) for number in range(1, 8)]
    as_dear = run("1.0", 3_000_000, 8.0)
    store(store_database, *dear, as_dear)
    for rule in ("runaway_tokens", "runaway_cost"):
        assert asked(store_database, rule, as_dear) == []


def test_of_an_agent_that_has_run_a_few_times_only_what_is_far_beyond_these_is_told(
    store_database: StoreDatabase,
) -> None:
    few = [run("1.0", 20_000, 0.1, timedelta(minutes=number)) for number in range(1, 8)]
    large = run("1.0", 3_000_000, 8.0)
    store(store_database, *few, large)
    for rule in ("runaway_tokens", "runaway_cost"):
        assert [found.run_id for found in asked(store_database, rule, large)] == [large.run_id]


def test_what_the_first_runs_of_an_agent_take_hides_no_run_for_good(store_database: StoreDatabase) -> None:
    huge = run("1.0", 12_100_000, 30.5)
    store(store_database, run("1.0", 900_000, 4.0, timedelta(minutes=1)), huge)
    for rule in ("runaway_tokens", "runaway_cost"):
        assert [found.run_id for found in asked(store_database, rule, huge)] == [huge.run_id]
