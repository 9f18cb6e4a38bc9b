"""A rule that cannot be asked, for a while or of some runs: its alerts, and when it is asked after all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError
from tests.collector.alerts.asking import MadeRun, shipped, store, written
from tests.collector.alerts.clock import Clock
from tests.collector.alerts.test_evaluator import FAILING, TWICE, evaluator, looping, rule_about, said
from tests.collector.database import StoreDatabase

from playhead_collector.alerts import evaluator as evaluators
from playhead_collector.alerts.alert import State
from playhead_collector.alerts.ask import ask as really_ask
from playhead_collector.alerts.evaluator import Evaluator
from playhead_collector.alerts.marks import Kind, say_mark
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.errors import RuleRefused


def refuse(*_: object) -> None:
    """In the place of `ask`."""
    raise DatabaseError("too much at once")


def test_alerts_of_a_rule_whose_file_is_broken_stay_as_they_are(store_database: StoreDatabase, tmp_path: Path) -> None:
    firing, pending = rule_about(tmp_path), shipped("repeated_call")
    pending = replace(pending, hold=timedelta(hours=1))
    store(store_database, looping(), MadeRun(2).root(failed=True))
    before = Evaluator(store_database.client, [Ruling(firing), Ruling(pending, TWICE)], alone=True)
    assert sorted(state for state, _, _ in said(before.look())) == ["firing", "pending"]
    after = Evaluator(store_database.client, [], alone=True, broken={firing.name})
    assert [event.alert.rule for event in after.look().events] == [pending.name]
    assert [alert.rule for alert in after.alerts.values() if alert.stands] == [firing.name]
    # Mended, it goes on.
    mended = evaluator(store_database, firing)
    store(store_database, MadeRun(3).root(failed=True))
    (event,) = mended.look().events
    assert (event.alert.state, len(event.alert.runs)) == (State.FIRING, 2)


def test_what_was_silenced_of_a_rule_that_is_broken_since_is_told_when_it_is_mended(
    store_database: StoreDatabase, tmp_path: Path
) -> None:
    rule = rule_about(tmp_path)
    silence = say_mark(store_database.client, Kind.SILENCE, seconds=3600, by="ada")
    store(store_database, MadeRun(1).root(failed=True))
    assert said(evaluator(store_database, rule).look()) == [("firing", "support", ())]
    say_mark(store_database.client, Kind.SILENCE, seconds=0, by="ada", mark_id=silence)
    assert Evaluator(store_database.client, [], alone=True, broken={rule.name}).look().events == ()
    assert said(evaluator(store_database, rule).look()) == [("firing", "support", ("chat",))]


def test_a_broken_rule_keeps_no_other_from_being_asked(store_database: StoreDatabase, tmp_path: Path) -> None:
    broken = written(tmp_path, "broken", rule_about(tmp_path).text.replace("FROM runs", "FROM nowhere"))
    rulings = [Ruling(broken), Ruling(shipped("repeated_call"), TWICE, notify=("chat",))]
    mine = Evaluator(store_database.client, rulings, alone=True)
    store(store_database, looping())
    assert said(mine.look()) == [("firing", "support", ("chat",))]
    assert "nowhere" in mine.failures["broken"]


def test_what_a_rule_could_not_be_asked_about_it_is_asked_about_with_the_next_look(
    store_database: StoreDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = evaluator(store_database)
    store(store_database, looping())

    with monkeypatch.context() as patched:
        patched.setattr(evaluators, "ask", refuse)
        assert mine.look().events == ()
    assert mine.failures == {"repeated_call": "too much at once"}
    assert said(mine.look()) == [("firing", "support", ("chat",))]
    assert mine.failures == {}


@pytest.mark.parametrize("refused", [True, False])
def test_alerts_of_a_rule_that_cannot_be_asked_stay_as_they_are_and_their_time_counts_from_when_it_can(
    store_database: StoreDatabase, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    rule = rule_about(tmp_path, resolve_after="10m")
    mine = evaluator(store_database, rule)
    store(store_database, MadeRun(1).root(failed=True))
    assert said(mine.look()) == [("firing", "support", ("chat",))]

    def inadmissible(*_: object) -> None:
        raise RuleRefused(rule.path, 1, "no")

    with monkeypatch.context() as patched:
        if refused:
            patched.setattr(Ruling, "admitted", inadmissible)
        else:
            patched.setattr(evaluators, "ask", refuse)
        store(store_database, MadeRun(2).root())
        for _ in range(3):
            clock.passed += timedelta(hours=1)
            assert mine.look().events == ()
        assert list(mine.failures) == [rule.name]
    clock.passed += timedelta(minutes=9)
    assert mine.look().events == ()
    assert mine.failures == {}
    clock.passed += timedelta(minutes=9)
    assert said(mine.look()) == [("resolved", "support", ("chat",))]


def test_alerts_of_a_rule_about_a_window_that_could_not_be_asked_are_not_over_when_it_is_asked_again(
    store_database: StoreDatabase, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = evaluator(store_database, written(tmp_path, "failing", FAILING))
    store(store_database, MadeRun(1).root(failed=True))
    assert said(mine.look()) == [("firing", "support", ("chat",))]

    with monkeypatch.context() as patched:
        patched.setattr(evaluators, "ask", refuse)
        for _ in range(3):
            clock.passed += timedelta(hours=1)
            assert mine.look().events == ()
    clock.passed += timedelta(minutes=1)
    assert mine.look().events == ()
    clock.passed += timedelta(minutes=10)
    assert said(mine.look()) == [("resolved", "support", ("chat",))]


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize(("waited", "runs"), [(timedelta(0), [2]), (timedelta(days=2), [])])
def test_what_was_put_off_is_asked_by_the_next_process_unless_that_was_long_ago(
    store_database: StoreDatabase,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    alone: bool,
    waited: timedelta,
    runs: list[int],
) -> None:
    monkeypatch.setattr(evaluators, "OVERLAP", timedelta(milliseconds=1))
    ruling = Ruling(replace(shipped("repeated_call"), every=timedelta(minutes=10), only_if=""), TWICE)
    first = Evaluator(store_database.client, [ruling], alone=alone)
    store(store_database, MadeRun(1).root())
    assert first.look().asked == 1
    # It is put off, and others are judged after it.
    store(store_database, looping(2))
    assert first.look().asked == 0
    clock.passed += waited
    monkeypatch.setattr(evaluators, "ask", refuse)
    store(store_database, MadeRun(3).root())
    assert first.look().runs == 1
    first.leave()
    monkeypatch.setattr(evaluators, "ask", really_ask)
    second = Evaluator(store_database.client, [ruling], alone=alone)
    clock.passed += timedelta(seconds=3)
    second.look()
    assert [alert.runs for alert in second.alerts.values()] == [[MadeRun(run).run_id] for run in runs]


COUNTED = """-- title: T
-- why: W
-- severity: info
-- resolve_after: 1h
SELECT run_id, step_id, toUInt32(attributes['n']) AS value, 'it counted' AS summary
FROM steps WHERE run_id IN {runs:Array(String)} AND value > 0
"""


def test_a_run_that_a_rule_cannot_be_asked_about_keeps_it_from_no_other_and_is_asked_about_when_it_can_be(
    store_database: StoreDatabase, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mine = evaluator(store_database, written(tmp_path, "counted", COUNTED))
    store(store_database, *(MadeRun(number).root({"n": "oops" if number == 5 else "1"}) for number in range(1, 9)))
    bad = MadeRun(5).run_id
    found = {run for event in mine.look().events for run in event.alert.runs}
    assert found == {MadeRun(number).run_id for number in range(1, 9)} - {bad}
    assert bad in mine.failures["counted"] and bad in caplog.text
    store(store_database, MadeRun(9).root({"n": "1"}))
    assert [event.alert.runs for event in mine.look().events] == [[MadeRun(9).run_id]]
    # A while later it is tried again, with what is new, and the look after that asks about the others alone.
    caplog.clear()
    for number in (10, 11):
        clock.passed += timedelta(minutes=1)
        store(store_database, MadeRun(number).root({"n": "1"}))
        assert [len(mine.look().events) for _ in range(2)] == [0, 1]
    assert list(mine.failures) == ["counted"] and bad not in caplog.text
    clock.passed += timedelta(hours=2)
    mine.look()
    assert (mine.look().asked, mine.failures) == (0, {})


def test_where_a_rule_fails_for_most_runs_it_is_the_rule_and_all_of_them_are_left_to_ask(
    store_database: StoreDatabase, clock: Clock, tmp_path: Path
) -> None:
    mine = evaluator(store_database, written(tmp_path, "counted", COUNTED))
    store(store_database, *(MadeRun(number).root({"n": "oops"}) for number in range(1, 31)))
    assert mine.look().asked == 0
    assert "oops" in mine.failures["counted"]
