"""Rules asked about the past: what they would have done then, by when runs ended and not by when they were imported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.collector.alerts.asking import MadeRun, shipped, store, written
from tests.collector.alerts.test_evaluator import FAILED
from tests.collector.database import StoreDatabase

from playhead_collector.alerts.admission import Admission
from playhead_collector.alerts.backtest import Firing, Span, backtest
from playhead_collector.alerts.rule import Rule

DAY = datetime(2026, 3, 1, tzinfo=UTC)
RATE = """-- title: T
-- why: W
-- severity: info
-- group_by: agent
-- every: 1m
-- for: {hold}
-- resolve_after: 2m
-- lookback: 5m
-- parameter: share Float64 = 0.5; of runs that fail
SELECT toString(agent) AS agent, argMax(run_id, end_time) AS run_id, '' AS step_id, avg(status = 'error') AS value,
    'they fail' AS summary
FROM runs
WHERE {{at:Identifier}} > {{since:DateTime64(3, 'UTC')}} AND {{at:Identifier}} <= {{until:DateTime64(3, 'UTC')}}
GROUP BY agent HAVING value > {{share:Float64}}
"""


def at(run: MadeRun, moment: datetime) -> MadeRun:
    """The run as if its first step had begun then."""
    by = int(moment.timestamp() * 1e9) - run.steps[0].start_time_unix_nano
    for step in run.steps:
        step.start_time_unix_nano += by
        step.end_time_unix_nano += by
    return run


def looping(number: int, calls: int) -> MadeRun:
    run = MadeRun(number).root()
    for _ in range(calls):
        run.tool("get_order", "{}")
    return run


def firings(database: StoreDatabase, rule: Rule, **chosen: str) -> list[Firing]:
    span = Span.of(DAY, DAY + timedelta(hours=2), rule.every)
    return backtest(database.client, Admission(database.client).admit(rule), chosen, span)


def minutes(moment: datetime | None) -> float | None:
    return None if moment is None else round((moment - DAY).total_seconds() / 60, 1)


def test_a_rule_about_runs_fires_when_each_run_ended_and_another_figure_compares(store_database: StoreDatabase) -> None:
    store(
        store_database,
        at(looping(1, 5), DAY + timedelta(minutes=10)),
        at(looping(2, 3), DAY + timedelta(minutes=30)),
        at(looping(3, 9), DAY + timedelta(days=3)),
    )
    (only,) = firings(store_database, shipped("repeated_call"))
    assert (minutes(only.fired_at), minutes(only.over_at), only.runs) == (10.1, 25.1, (looping(1, 5).run_id,))
    assert [one.value for one in firings(store_database, shipped("repeated_call"), repeats="3")] == [5, 3]


def test_runs_of_one_group_are_one_firing_as_long_as_they_keep_coming(
    store_database: StoreDatabase, tmp_path: Path
) -> None:
    rule = written(tmp_path, "failed", FAILED.format(hold="0s", resolve_after="10m", status="error"))
    for number, minute in enumerate((5, 12, 20, 60)):
        store(store_database, at(MadeRun(number + 1).root(failed=True), DAY + timedelta(minutes=minute)))
    first, second = firings(store_database, rule)
    assert (minutes(first.fired_at), minutes(first.over_at), len(first.runs)) == (5.0, 30.0, 3)
    assert (minutes(second.fired_at), minutes(second.over_at)) == (60.0, 70.0)


def test_what_names_no_run_fires_when_the_last_of_the_runs_ended(store_database: StoreDatabase, tmp_path: Path) -> None:
    text = FAILED.format(hold="0s", resolve_after="10m", status="error").replace(
        "SELECT run_id,", "SELECT '' AS run_id,"
    )
    rule = written(tmp_path, "failed", text.replace("WHERE run_id", "WHERE runs.run_id"))
    for number, minute in enumerate((5, 12)):
        store(store_database, at(MadeRun(number + 1).root(failed=True), DAY + timedelta(minutes=minute)))
    (only,) = firings(store_database, rule)
    assert (minutes(only.fired_at), minutes(only.over_at), only.runs) == (12.0, 22.0, ())


def test_a_rule_about_a_window_fires_after_its_time_and_is_over_when_it_was(
    store_database: StoreDatabase, tmp_path: Path
) -> None:
    for minute in range(20):
        failed = 5 <= minute < 15
        store(store_database, at(MadeRun(minute + 1).root(failed=failed), DAY + timedelta(minutes=minute)))
    (at_once,) = firings(store_database, written(tmp_path, "rate", RATE.format(hold="0s")))
    (held,) = firings(store_database, written(tmp_path, "rate", RATE.format(hold="3m")))
    assert minutes(held.fired_at) == (minutes(at_once.fired_at) or 0) + 3
    assert minutes(held.over_at) == minutes(at_once.over_at)
    assert 5 < (minutes(at_once.fired_at) or 0) < 10 and 15 < (minutes(at_once.over_at) or 0) < 25
    assert firings(store_database, written(tmp_path, "rate", RATE.format(hold="0s")), share="1.0") == []


def test_a_run_is_held_against_the_past_that_it_had_when_it_ended(
    store_database: StoreDatabase, tmp_path: Path
) -> None:
    rule = written(
        tmp_path,
        "earlier",
        """-- title: T
-- why: W
-- severity: info
-- lookback: 1d
SELECT run_id, '' AS step_id, 'that many ended before' AS summary, (SELECT count() FROM runs
    WHERE {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= {until:DateTime64(3, 'UTC')}) AS value
FROM runs WHERE run_id IN {runs:Array(String)}
""",
    )
    minutes_of_day = (5, 6, 100)
    store(
        store_database,
        *(at(MadeRun(number).root(), DAY + timedelta(minutes=one)) for number, one in enumerate(minutes_of_day, 1)),
    )
    assert [(minutes(one.fired_at), one.value) for one in firings(store_database, rule)] == [(5, 2), (6, 2), (100, 3)]
