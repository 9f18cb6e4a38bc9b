"""Service levels and error budgets of runs that were made for it, on a real store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.collector.alerts.asking import MadeRun, store
from tests.collector.database import StoreDatabase, fresh_database
from tests.collector.receive.messages import START

from playhead.errors import UsageError
from playhead_collector.alerts.alert import Alert, State
from playhead_collector.alerts.journal import Event, Journal
from playhead_collector.slo.alarms import alarms
from playhead_collector.slo.budget import Budget, Burn, _rate, budget
from playhead_collector.slo.levels import Window, levels
from playhead_collector.slo.measured import gauges, measure
from playhead_collector.slo.objectives import Acceptance, Objective, Objectives, read_objectives
from playhead_collector.slo.report import markdown, plot
from playhead_collector.store.engine import Engine

BEGAN = datetime.fromtimestamp(START / 1e9, UTC)
WINDOW = Window(BEGAN - timedelta(days=1), BEGAN + timedelta(hours=1))
RESOLVED = Acceptance("resolved", 0.7)


def scored(run: MadeRun, value: float) -> MadeRun:
    return run.step(
        "score",
        {"playhead.kind": "score", "gen_ai.evaluation.name": "resolved", "gen_ai.evaluation.score.value": value},
    )


def approved(run: MadeRun, by: str) -> MadeRun:
    return run.step(
        "ask", {"playhead.kind": "approval", "playhead.approval.by": by, "playhead.approval.verdict": "approved"}
    )


def priced(run: MadeRun, usd: float) -> MadeRun:
    return run.prompt({"gen_ai.request.model": "m", "gen_ai.usage.cost": usd})


@pytest.fixture(scope="module")
def desk(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    """Five runs: one good, one refused by its score, one failed, one with a person's help, one of another agent."""
    free = {"playhead.tag.segment": "free"}
    with fresh_database(engine, tmp_path_factory.mktemp("desk")) as database:
        store(
            database,
            priced(scored(MadeRun(1).root(free), 0.9), 0.10),
            priced(scored(MadeRun(2).root(free), 0.4), 0.30),
            priced(MadeRun(3).root(failed=True), 0.20),
            approved(approved(MadeRun(4).root(), "policy"), "a person"),
            approved(MadeRun(5, agent="billing").root(), "policy"),
        )
        yield database


def test_success_is_what_ended_well_and_was_accepted_and_its_cost_is_that_of_all_runs(
    desk: StoreDatabase,
) -> None:
    support, billing = levels(desk.client, WINDOW, "agent", RESOLVED)
    assert (support.name, support.runs, support.successes, support.scored, support.aided) == ("support", 4, 2, 2, 1)
    assert support.spent_usd == pytest.approx(0.6)
    assert support.cost_of_success_usd == pytest.approx(0.6), "one success has a cost, the other's is not known"
    assert support.unpriced == 1
    assert (billing.name, billing.aided, billing.cost_of_success_usd) == ("billing", 0, None)
    (free,) = [one for one in levels(desk.client, WINDOW, "segment", RESOLVED) if one.name == "free"]
    assert (free.runs, free.successes) == (2, 1)
    report = markdown(WINDOW, "agent", [support, billing], [])
    assert "| support | 4 | 50.00% | 25.00% | $0.6000+? |" in report


def test_without_an_acceptance_a_run_succeeds_that_ended_well(desk: StoreDatabase) -> None:
    (everything,) = levels(desk.client, WINDOW, "all", Acceptance())
    assert (everything.runs, everything.successes) == (5, 4)


def test_a_budget_is_what_may_go_wrong_and_burns_as_fast_as_runs_fail(store_database: StoreDatabase) -> None:
    store(
        store_database,
        *(MadeRun(number).root(failed=number <= 3) for number in range(1, 101)),
        MadeRun(999, "other").root(failed=True),
    )
    objective = Objective("support succeeds", "success", 0.98, timedelta(days=30), agent="support")
    spent = budget(store_database.client, objective, Acceptance(), BEGAN + timedelta(minutes=1))
    assert (spent.runs, spent.bad, spent.good) == (100, 3, 0.97)
    assert spent.left == pytest.approx(-0.5), "two may fail, and three have"
    assert [round(burn.long_rate, 2) for burn in spent.burns] == [1.5, 1.5, 1.5]
    assert spent.alarm == "ticket", "too slow for a page"
    later = budget(store_database.client, objective, Acceptance(), BEGAN + timedelta(hours=8))
    assert later.alarm == "", "the short window has no bad run any more"
    assert later.daily[-1] == (100, 3)


@pytest.mark.parametrize(
    ("indicator", "at_most", "bad"), [("latency", 0.2, 5), ("latency", 9.0, 0), ("cost", 0.15, 2), ("unaided", 0, 1)]
)
def test_an_objective_may_be_about_time_cost_or_help(
    desk: StoreDatabase, indicator: str, at_most: float, bad: int
) -> None:
    objective = Objective("one", indicator, 0.9, timedelta(days=1), at_most=at_most)
    assert budget(desk.client, objective, RESOLVED, WINDOW.until).bad == bad


def test_a_cost_of_which_a_part_is_known_is_too_much_or_nobody_knows(store_database: StoreDatabase) -> None:
    unpriced: dict[str, str | int] = {"gen_ai.request.model": "nobody's", "gen_ai.usage.input_tokens": 5_000_000}
    runs = [priced(MadeRun(1).root(), 0.01), priced(MadeRun(2).root(), 0.01), priced(MadeRun(3).root(), 0.90)]
    store(store_database, runs[0], *(run.prompt(unpriced) for run in runs[1:]))
    objective = Objective("one", "cost", 0.9, timedelta(days=1), at_most=0.5)
    told = budget(store_database.client, objective, Acceptance(), WINDOW.until)
    assert (told.runs, told.bad) == (2, 1)
    (level,) = levels(store_database.client, WINDOW, "all", Acceptance())
    assert level.unpriced == 2
    assert level.spent_usd == pytest.approx(0.92)


@pytest.mark.parametrize(("target", "bad"), [(0.98, 20), (0.99, 10), (0.95, 50), (0.999, 1), (0.9, 100)])
def test_a_budget_is_spent_with_the_last_run_that_may_fail(target: float, bad: int) -> None:
    told = Budget(Objective("one", "success", target, timedelta(days=4)), 1000, bad, (), ())
    assert told.left == 0
    assert _rate([(0, 1000, bad)], 3600, target) == 1


def test_runs_that_say_nothing_of_what_is_grouped_by_are_a_series_of_their_own(desk: StoreDatabase) -> None:
    """An empty label is none to Prometheus: runs without a model and those without a segment would be one series."""
    objective = Objective("one", "success", 0.9, timedelta(days=1))
    told = measure(desk.client, Objectives(RESOLVED, (objective,), ("model", "segment")), WINDOW.until)
    (runs,) = [family for family in gauges({"default": told}) if family.name == "playhead_level_runs"]
    assert {(sample.labels.get("model"), sample.labels.get("segment"), sample.value) for sample in runs.samples} == {
        ("m", None, 3), ("(none)", None, 2), (None, "free", 2), (None, "(none)", 3),
    }  # fmt: skip


def test_two_windows_have_to_agree_before_anybody_is_woken() -> None:
    assert Burn("page", 3600, 300, 14.4, long_rate=20, short_rate=15).burning
    assert not Burn("page", 3600, 300, 14.4, long_rate=20, short_rate=0).burning
    assert not Burn("page", 3600, 300, 14.4, long_rate=10, short_rate=30).burning


def test_days_are_plotted_with_gaps_where_nothing_ran() -> None:
    objective = Objective("one", "success", 0.9, timedelta(days=4))
    assert plot(Budget(objective, 30, 11, (), ((10, 0), (0, 0), (10, 1), (10, 10)))) == "▁ ▂█"


def test_a_file_of_objectives_is_read(tmp_path: Path) -> None:
    path = tmp_path / "slo.toml"
    path.write_text(
        '[acceptance]\nscore = "resolved"\nleast = 0.7\n'
        '[[objective]]\nname = "in time"\nindicator = "latency"\nat_most = 30\ntarget = 0.95\nwindow = "12h"\n'
    )
    told = read_objectives(path)
    assert told.acceptance == RESOLVED
    assert told.metrics_by == ("agent",)
    assert told.objectives == (Objective("in time", "latency", 0.95, timedelta(hours=12), at_most=30.0),)


WHOLE = "[[objective]]\nname = 'a'\nindicator = 'success'\ntarget = 0.9\n"
IN_TIME = WHOLE.replace("success", "latency")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[objective]]\nname = 'a'\nindicator = 'success'\ntarget = 99\n", "between 0 and 1"),
        ("[[objective]]\nname = 'a'\nindicator = 'speed'\ntarget = 0.9\n", "one of success"),
        ("[[objective]]\nname = 'a'\nindicator = 'latency'\ntarget = 0.9\n", "at_most goes with latency"),
        ("[[objective]]\nname = 'a'\nindicator = 'success'\ntarget = 0.9\nwindow = 'soon'\n", '"30d"'),
        (WHOLE + "window = '9999999d'\n", "3650d at the most"),
        (WHOLE + "window = '99999999999999d'\n", "3650d at the most"),
        (WHOLE.replace("[[objective]]", "[objective]"), "[[objective]], in two brackets"),
        ("objective = [1]\n", "[[objective]], in two brackets"),
        ("[[acceptance]]\nscore = 'a'\n", "write it as [acceptance]"),
        ("metrics = 3\n", "write it as [metrics]"),
        (IN_TIME + "at_most = nan\n", "0 or more"),
        (IN_TIME + "at_most = -1\n", "0 or more"),
        (IN_TIME + f"at_most = 1{400 * '0'}\n", "0 or more"),
        ("[acceptance]\nscore = 'a'\nleast = inf\n", "how much of it"),
        ("[[objective]]\nname = 'a'\ntarge = 0.9\n", "did you mean 'target'"),
        ("[[objective]]\nindicator = 'success'\ntarget = 0.9\n", "has no name"),
        ("[acceptance]\nscore = 'a'\n", "how much of it"),
        ("[metrics]\nby = ['team']\n", "a list of agent, version, model, segment"),
        ("[metrics]\nby = []\n", "a list of agent, version, model, segment"),
        ("not toml", "no TOML"),
    ],
)
def test_what_is_wrong_in_it_is_said(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "slo.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as refused:
        read_objectives(path)
    assert reason in str(refused.value)


def test_metrics_are_by_the_groups_that_the_file_names_and_say_how_many_are_left_out(
    store_database: StoreDatabase, tmp_path: Path
) -> None:
    store(
        store_database,
        *(MadeRun(number, f"agent-{number // 2}").root({"playhead.tag.segment": "free"}) for number in range(1, 46)),
    )
    path = tmp_path / "slo.toml"
    path.write_text(
        '[[objective]]\nname = "a"\nindicator = "success"\ntarget = 0.9\n[metrics]\nby = ["agent", "segment"]\n'
    )
    measured = measure(store_database.client, read_objectives(path), BEGAN + timedelta(minutes=1))
    told = [sample for family in gauges({"default": measured}) for sample in family.samples]
    runs = {
        next(value for name, value in sample.labels.items() if name in ("agent", "segment")): sample.value
        for sample in told
        if sample.name == "playhead_level_runs"
    }
    # Of 23 agents two have one run.
    assert len(runs) == 21 and runs["free"] == 45 and runs["agent-1"] == 2 and "agent-0" not in runs
    left_out = {s.labels["by"]: s.value for s in told if s.name == "playhead_level_groups_left_out"}
    assert left_out == {"agent": 3, "segment": 0}


def test_an_alarm_came_so_long_after_the_first_run_that_it_is_linked_to_had_arrived(desk: StoreDatabase) -> None:
    journal = Journal(desk.client)
    arrived = {
        str(row["run_id"]): row["arrived_at"].replace(tzinfo=UTC)
        for row in desk.rows("SELECT run_id, arrived_at FROM runs")
    }
    first, second, other = (f"{number:032x}" for number in (1, 2, 5))
    began = max(arrived.values())

    def fire(rule: str, after_s: float, *runs: str) -> None:
        at = min(arrived[run] for run in runs) + timedelta(seconds=after_s)
        alert = Alert(
            alert_id=f"{rule} {runs}", rule=rule, severity="info", group=(), state=State.FIRING, changed_at=at,
            pending_at=at, fired_at=at, seen_at=at, value=1, summary="", labels={"agent": "support"},
            evidence=tuple((run, "") for run in runs),
        )  # fmt: skip
        journal.write([Event(alert)], at)

    fire("slow", 90, first, second)
    fire("slow", 30, second)
    fire("quick", 2, other)
    window = Window(began - timedelta(hours=1), began + timedelta(hours=1))
    slow, quick = alarms(desk.client, window)
    assert (slow.rule, slow.alarms, slow.slowest_s, quick.rule, quick.p95_s) == ("slow", 2, 90, "quick", 2)
    assert alarms(desk.client, window, agent="nobody") == []
    assert "| slow | 2 |" in markdown(window, "agent", [], [], [slow])
