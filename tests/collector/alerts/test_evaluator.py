"""From steps that arrive to alerts that stand: on a real store, with restarts, late steps and clocks that are wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from tests.collector.alerts.asking import MadeRun, findings, shipped, store, written
from tests.collector.alerts.clock import Clock
from tests.collector.database import StoreDatabase

from playhead_collector.alerts import evaluator as evaluators
from playhead_collector.alerts.admission import Admitted
from playhead_collector.alerts.alert import State
from playhead_collector.alerts.ask import Finding
from playhead_collector.alerts.ask import ask as really_ask
from playhead_collector.alerts.evaluator import Evaluator, Look
from playhead_collector.alerts.marks import Kind, say_mark
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.store.ddl import Form
from playhead_collector.store.erase import Subject, erase

TWICE = {"repeats": "2"}
FAILED = """-- title: T
-- why: W
-- severity: info
-- group_by: agent
-- for: {hold}
-- resolve_after: {resolve_after}
SELECT run_id, toString(agent) AS agent, '' AS step_id, errors AS value, 'it failed' AS summary
FROM runs WHERE run_id IN {{runs:Array(String)}} AND status = '{status}'
"""
FAILING = """-- title: T
-- why: W
-- severity: info
-- every: 1s
-- group_by: agent
-- lookback: 30m
-- resolve_after: 10m
SELECT run_id, toString(agent) AS agent, '' AS step_id, errors AS value, 'it failed' AS summary
FROM runs WHERE {at:Identifier} > {since:DateTime64(3, 'UTC')} AND status = 'error'
"""


def evaluator(database: StoreDatabase, rule: Rule | None = None, told: str = "chat") -> Evaluator:
    """As a collector's after its start."""
    ruling = Ruling(rule or shipped("repeated_call"), {} if rule else TWICE, notify=(told,))
    return Evaluator(database.client, [ruling], alone=True)


def said(look: Look) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(event.alert.state.value, event.alert.labels.get("agent", ""), event.notify) for event in look.events]


def looping(number: int = 1) -> MadeRun:
    return MadeRun(number).root().tool("get_order", "{}").tool("get_order", "{}")


def rule_about(folder: Path, hold: str = "0s", resolve_after: str = "1h", status: str = "error") -> Rule:
    return written(folder, "failed", FAILED.format(hold=hold, resolve_after=resolve_after, status=status))


def test_a_run_that_changed_is_judged_once_and_its_alert_is_owed_to_its_receivers(
    store_database: StoreDatabase,
) -> None:
    mine = evaluator(store_database)
    assert mine.look().runs == 0
    store(store_database, looping(), MadeRun(2).root())
    look = mine.look()
    assert look.runs == 2
    assert said(look) == [("firing", "support", ("chat",))]
    ((key, alert),) = mine.alerts.items()
    assert [(owed.alert.alert_id, owed.receiver) for owed in look.owed] == [(key, "chat")]
    assert alert.evidence == ((looping().run_id, looping().steps[-1].span_id.hex()),)
    again = mine.look()
    assert (again.runs, again.events, again.owed) == (0, (), ())


def test_a_restart_tells_nobody_twice_and_owes_what_was_not_told(store_database: StoreDatabase) -> None:
    store(store_database, looping())
    (owed,) = evaluator(store_database).look().owed
    restarted = evaluator(store_database)
    look = restarted.look()
    assert look.events == ()
    assert [(one.alert.key, one.event) for one in look.owed] == [(owed.alert.key, owed.event)]
    restarted.journal.told(look.owed[:1], "sent", owed.alert.changed_at)
    assert evaluator(store_database).look().owed == ()


def test_what_could_not_be_told_yet_is_owed_with_its_attempts_after_a_restart(store_database: StoreDatabase) -> None:
    store(store_database, looping())
    first = evaluator(store_database)
    (owed,) = first.look().owed
    first.journal.told([owed], "failed", owed.alert.changed_at, "connection refused")
    (again,) = evaluator(store_database).look().owed
    assert (again.event, again.attempts) == (owed.event, 1)


def test_a_process_that_dies_before_it_wrote_down_what_it_found_had_not_looked(
    store_database: StoreDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(store_database, looping())
    dying = evaluator(store_database)

    def die(*_: object, **__: object) -> None:
        raise DatabaseError("the power went")

    with monkeypatch.context() as patched:
        patched.setattr(dying.journal, "write", die)
        with pytest.raises(DatabaseError):
            dying.look()
    # Tried again, or by the next process: once.
    assert said(dying.look()) == [("firing", "support", ("chat",))]
    assert evaluator(store_database).look().events == ()


def test_a_late_step_that_mends_a_run_keeps_its_alert_from_firing(
    store_database: StoreDatabase, tmp_path: Path
) -> None:
    rule = rule_about(tmp_path, hold="1h", status="incomplete")
    mine = evaluator(store_database, rule)
    whole = MadeRun(1).root().tool("get_order", "{}")
    late = whole.steps.pop(0)
    store(store_database, whole)
    assert said(mine.look()) == [("pending", "", ())]
    whole.steps = [late]
    store(store_database, whole)
    assert said(mine.look()) == [("dropped", "support", ())]


def test_what_an_agents_clock_says_decides_nothing(store_database: StoreDatabase, tmp_path: Path) -> None:
    ahead, behind = (MadeRun(number).root(failed=True) for number in (1, 2))
    for run, by in ((ahead, 400 * 86400), (behind, -400 * 86400)):
        for step in run.steps:
            step.start_time_unix_nano += by * 10**9
            step.end_time_unix_nano += by * 10**9
    mine = evaluator(store_database, rule_about(tmp_path))
    mine.look()
    store(store_database, ahead, behind)
    look = mine.look()
    assert look.runs == 2
    (event,) = look.events
    assert sorted(event.alert.runs) == [ahead.run_id, behind.run_id]


def test_a_run_that_went_on_for_days_is_judged_by_all_of_its_steps(store_database: StoreDatabase) -> None:
    long = looping()
    for step in long.steps[:2]:
        step.start_time_unix_nano -= 3 * 86400 * 10**9
        step.end_time_unix_nano -= 3 * 86400 * 10**9
    mine = evaluator(store_database)
    mine.look()
    store(store_database, MadeRun(2).root(), long)
    assert said(mine.look()) == [("firing", "support", ("chat",))]


def test_a_second_run_is_linked_to_a_firing_alert_and_nobody_is_told_again(
    store_database: StoreDatabase, tmp_path: Path
) -> None:
    mine = evaluator(store_database, rule_about(tmp_path))
    store(store_database, MadeRun(1).root(failed=True))
    mine.look()
    store(store_database, MadeRun(2).root(failed=True))
    look = mine.look()
    assert (len(look.events), look.owed) == (1, ())
    assert len(look.events[0].alert.evidence) == 2


def test_an_alert_is_over_when_it_was_not_found_for_its_time_and_fires_anew_for_what_comes_after(
    store_database: StoreDatabase, tmp_path: Path
) -> None:
    rule = rule_about(tmp_path, resolve_after="0s")
    mine = evaluator(store_database, rule)
    store(store_database, MadeRun(1).root(failed=True))
    assert said(mine.look()) == [("firing", "support", ("chat",))]
    assert said(mine.look()) == [("resolved", "support", ("chat",))]
    # A run that is judged again after a restart is old news.
    assert evaluator(store_database, rule).look().events == ()
    store(store_database, MadeRun(2).root(failed=True))
    (event,) = mine.look().events
    assert (event.alert.state, event.alert.runs) == (State.FIRING, [MadeRun(2).run_id])


def test_a_run_that_is_judged_again_long_after_its_alert_was_over_fires_for_what_is_new_alone(
    store_database: StoreDatabase, clock: Clock
) -> None:
    """A score that comes for it a week later, or a price, has its row computed anew."""
    mine = evaluator(store_database)
    store(store_database, looping())
    assert said(mine.look()) == [("firing", "support", ("chat",))]
    clock.passed += timedelta(hours=2)
    assert said(mine.look()) == [("resolved", "support", ("chat",))]
    clock.passed += timedelta(days=1)
    assert (mine.look().events, mine.alerts) == ((), {})
    store(store_database, looping())
    look = mine.look()
    assert (look.runs, look.asked, look.events) == (1, 1, ())
    store(store_database, looping().tool("get_order", "{}"))
    assert said(mine.look()) == [("firing", "support", ("chat",))]


def test_whose_a_run_is_is_said_where_the_rule_returns_an_agent_that_is_empty(
    store_database: StoreDatabase, tmp_path: Path
) -> None:
    text = FAILED.format(hold="0s", resolve_after="1h", status="error").replace("group_by: agent", "group_by: run_id")
    rule = written(tmp_path, "failed", text.replace("toString(agent) AS agent", "'' AS agent"))
    say_mark(store_database.client, Kind.SILENCE, matching={"agent": "support"}, seconds=3600, by="ada")
    mine = evaluator(store_database, rule)
    versions = {"gen_ai.agent.version": "7"}
    silenced, other = MadeRun(1).root(versions, failed=True), MadeRun(2, agent="triage").root(versions, failed=True)
    store(store_database, silenced, other)
    first = mine.look()
    assert sorted(said(first)) == [("firing", "support", ()), ("firing", "triage", ("chat",))]
    assert {event.alert.labels["version"] for event in first.events} == {"7"}
    # Found again, it is still theirs.
    store(store_database, silenced.tool("get_order", "{}"))
    assert (mine.look().asked, mine.look().owed) == (1, ())


def test_who_was_told_that_an_alert_of_a_rule_fires_is_told_when_the_rule_is_gone(
    store_database: StoreDatabase,
) -> None:
    store(store_database, looping())
    assert said(evaluator(store_database).look()) == [("firing", "support", ("chat",))]
    look = Evaluator(store_database.client, [], alone=True).look()
    assert said(look) == [("resolved", "support", ("chat",))]
    assert [one.receiver for one in look.owed if one.alert.state is State.RESOLVED] == ["chat"]


def test_who_was_told_of_the_last_beginning_is_told_of_the_end_whoever_is_told_of_the_rule_by_now(
    store_database: StoreDatabase, tmp_path: Path
) -> None:
    rule = rule_about(tmp_path, resolve_after="0s")
    store(store_database, MadeRun(1).root(failed=True))
    assert said(evaluator(store_database, rule).look()) == [("firing", "support", ("chat",))]
    later = evaluator(store_database, rule, told="pager")
    # It begins with what was judged lately, and finds the run once more.
    assert said(later.look()) == []
    assert said(later.look()) == [("resolved", "support", ("chat",))]
    store(store_database, MadeRun(2).root(failed=True))
    assert said(later.look()) == [("firing", "support", ("pager",))]
    assert said(later.look()) == [("resolved", "support", ("pager",))]


def test_what_is_found_of_runs_is_on_its_way_before_windows_are_looked_at(
    store_database: StoreDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    rulings = [Ruling(shipped("stalled_run")), Ruling(shipped("repeated_call"), TWICE, notify=("chat",))]
    mine = Evaluator(store_database.client, rulings, alone=True, tell=lambda owed: told.append(owed.alert.rule))

    def ask(client: Client, admitted: Admitted, *more: Any) -> list[Finding]:
        told.append(f"asks {admitted.rule.name}")
        return really_ask(client, admitted, *more)

    monkeypatch.setattr(evaluators, "ask", ask)
    store(store_database, looping())
    assert len(mine.look().owed) == 1
    assert told == ["asks repeated_call", "repeated_call", "asks stalled_run"]


def test_where_the_next_look_is_waited_for_one_rule_about_a_window_is_asked_in_each_and_all_come_to_their_turn(
    store_database: StoreDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluators, "WINDOWS_S", 3600.0)
    asked: list[str] = []

    def ask(client: Client, admitted: Admitted, *more: Any) -> list[Finding]:
        asked.append(admitted.rule.name)
        return really_ask(client, admitted, *more)

    monkeypatch.setattr(evaluators, "ask", ask)
    names = ["stalled_run", "approval_waiting", "service_silent"]
    rulings = [Ruling(shipped(name)) for name in names]
    hurried = Evaluator(store_database.client, rulings, alone=True, is_waited_for=lambda: True)
    unhurried = Evaluator(store_database.client, rulings, alone=True)
    assert [hurried.look().asked for _ in names] == [1, 1, 1]
    assert sorted(asked) == sorted(names)
    assert unhurried.look().asked == 3


def test_each_statement_of_a_look_waits_for_readers_and_all_of_them_no_longer_than_one_may(
    store_database: StoreDatabase,
) -> None:
    had: list[float] = []

    def give_way(patience_s: float) -> float:
        had.append(patience_s)
        return max(0.0, patience_s - 0.75)

    rulings = [Ruling(shipped("repeated_call"), TWICE), Ruling(shipped("stalled_run"))]
    mine = Evaluator(store_database.client, rulings, alone=True, give_way=give_way)
    store(store_database, looping())
    assert mine.look().asked == 2
    assert had == [evaluators.GIVES_WAY_S, evaluators.GIVES_WAY_S - 0.75, 0.0]
    # The next look has its own.
    mine.look()
    assert had[3] == evaluators.GIVES_WAY_S


def test_what_a_look_takes_is_not_what_it_waits(store_database: StoreDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluators, "GIVES_WAY_S", 3600.0)
    rulings = [Ruling(shipped("repeated_call"), TWICE)]
    alone = Evaluator(store_database.client, rulings, alone=True)
    beside_a_reader = Evaluator(store_database.client, rulings, alone=True, give_way=lambda patience_s: 0.0)
    assert alone.look().seconds > 0
    assert beside_a_reader.look().seconds == 0


def test_an_alert_goes_with_the_run_that_it_named_and_nothing_of_it_is_written_again(
    store_database: StoreDatabase, tmp_path: Path
) -> None:
    mine = evaluator(store_database, rule_about(tmp_path, resolve_after="0s"))
    erased, kept = MadeRun(1, "billing").root(failed=True), MadeRun(2, "support").root(failed=True)
    store(store_database, erased, kept)
    owed = {one.alert.labels["agent"]: one for one in mine.look().owed}
    for one in owed.values():
        mine.journal.told([one], "sent", one.alert.changed_at)
    gone = erase(store_database.client, Subject.RUN, erased.run_id, Form(), wait_s=0)
    assert (gone.rows["alert_events"], gone.rows["alert_notices"]) == (1, 1)
    # It is still known to who asks, and over now: of that nothing is written, and nobody is told.
    look = mine.look()
    assert said(look) == [("resolved", "support", ("chat",))]
    for table in ("alert_events", "alert_notices"):
        left = {row["alert_id"] for row in store_database.rows(f"SELECT alert_id FROM {table}")}
        assert left == {owed["support"].alert.alert_id}


def test_what_a_row_does_not_say_is_no_word(store_database: StoreDatabase, tmp_path: Path) -> None:
    text = FAILED.format(hold="0s", resolve_after="1h", status="error")
    silent = text.replace("'it failed'", "CAST(NULL AS Nullable(String))").replace("'' AS", "NULL AS tool, NULL AS")
    store(store_database, MadeRun(1).root(failed=True))
    (finding,) = findings(store_database, written(tmp_path, "silent", silent))
    assert (finding.summary, finding.step_id, finding.labels) == ("", "", {"tool": ""})
