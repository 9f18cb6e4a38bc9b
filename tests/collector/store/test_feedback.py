"""What was said of runs from outside of them: it is found, shown and counted, and a run stays what it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.collector.alerts.asking import SECOND, MadeRun, findings, shipped, store
from tests.collector.database import StoreDatabase, fresh_database
from tests.collector.receive.messages import START

from playhead.feedback import Feedback
from playhead_collector.alerts.changed import changed_runs
from playhead_collector.read.feedback import feedback_of
from playhead_collector.read.query_line import parse_query
from playhead_collector.read.run import read_run
from playhead_collector.read.runs import list_runs
from playhead_collector.read.timeline import timeline_of
from playhead_collector.receive.scores import request_of
from playhead_collector.slo.levels import Window, levels
from playhead_collector.slo.objectives import Acceptance
from playhead_collector.store.engine import Engine

DAY_NS = 86_400 * SECOND
NOW = datetime.fromtimestamp(START / 1e9, UTC) + timedelta(days=4)
LONG = "She rang twice. " * 40 + "It was the wrong Müller."


def run_id(number: int) -> str:
    return f"{number:032x}"


def say(database: StoreDatabase, *said: Feedback, days: int = 3) -> None:
    database.insert(request_of((one, START + days * DAY_NS) for one in said))
    database.recompute({one.run for one in said})


@pytest.fixture(scope="module")
def desk(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    """Four runs; three days later much is said of the first three."""
    with fresh_database(engine, tmp_path_factory.mktemp("feedback")) as database:
        made = [MadeRun(number).root().step("look", {"gen_ai.tool.name": "look"}) for number in (1, 2, 3, 4)]
        store(database, *made)
        step = made[0].steps[1].span_id.hex()
        say(
            database,
            Feedback(run_id(1), "helpful", 0.9, by="ann", via="http"),
            Feedback(run_id(1), "tone", "bad", step, "it shouts", "judge", "sdk"),
            Feedback(run_id(2), "helpful", 0.2, by="ann"),
            Feedback(run_id(2), "label", "refund-bug"),
            Feedback(run_id(2), "label", "needed-a-person"),
            Feedback(run_id(3), "note", None, comment="Asked Ann about it"),
            Feedback(run_id(3), "judged", 1.0, comment=LONG),
        )
        yield database


@pytest.fixture(scope="module")
def other(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    """With nothing in it; each test here has a run of its own."""
    with fresh_database(engine, tmp_path_factory.mktemp("other")) as database:
        yield database


def test_a_run_that_is_scored_days_later_is_what_it_was(other: StoreDatabase) -> None:
    store(other, MadeRun(11).root().step("look"))
    kept = f"SELECT * EXCEPT (computed_at) FROM run_rows FINAL WHERE run_id = '{run_id(11)}'"
    before, computed = other.rows(kept), changed_runs(other.client, NOW - timedelta(days=9999))
    say(other, Feedback(run_id(11), "helpful", 0.1), Feedback(run_id(11), "note", None, "00f067aa0ba902b7", "gone"))
    assert other.rows(kept) == before
    later = changed_runs(other.client, NOW - timedelta(days=9999))
    assert later[run_id(11)].computed > computed[run_id(11)].computed, "rules are asked about it again"


def test_a_run_of_which_nothing_but_scores_is_here_is_no_run_until_its_steps_come(other: StoreDatabase) -> None:
    say(other, Feedback(run_id(12), "helpful", 0.1))
    assert other.rows("SELECT run_id FROM runs WHERE run_id = {run:String}", run=run_id(12)) == []
    store(other, MadeRun(12).root())
    assert len(list_runs(other.client, parse_query(f"score.helpful<0.5 run:{run_id(12)}", NOW))) == 1


def test_the_same_said_twice_is_stored_once_and_under_a_key_the_last_word_counts(other: StoreDatabase) -> None:
    store(other, MadeRun(13).root())
    for value in (0.2, 0.2, 0.9):
        say(other, Feedback(run_id(13), "helpful", value))
        say(other, Feedback(run_id(13), "thumb", value, key="thumb of user-7"))
    said = feedback_of(read_run(other.client, run_id(13)).nodes)
    assert sorted((one.name, one.value) for one in said) == [("helpful", 0.2), ("helpful", 0.9), ("thumb", 0.9)]


def test_a_run_shows_who_said_what_of_it_and_when_and_its_time_line_ends_with_it(desk: StoreDatabase) -> None:
    run = read_run(desk.client, run_id(1))
    said = feedback_of(run.nodes)
    assert sorted(one.words for one in said) == ["helpful 0.9 (by ann)", "tone bad: it shouts (by judge)"]
    assert {one.at.astimezone(UTC) for one in said} == {NOW - timedelta(days=1)}
    places = {node.step.name: (node.depth, node.orphan) for node in run.nodes}
    assert places["score tone"] == (2, False) and places["score helpful"] == (0, False)
    assert timeline_of(run).seconds < 60


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("score.helpful<0.5", [2]),
        ("score.helpful<=0.2", [2]),
        ("score.helpful<0.2", []),
        ("score.helpful>0", [1, 2]),
        ("score.helpful>0 score.tone:bad", [1]),
        ("score.tone:ba*", [1]),
        ("score.tone:b", []),
        ("score.tone<1", []),
        ("label:refund-bug", [2]),
        ("label:refund", []),
        ("label:*-bug agent:support", [2]),
        ("label:refund-bug agent:other", []),
        ('note:"asked ann"', [3]),
        ("note:shouts", [1]),
        ('note:"wrong Müller"', [3]),
        ("note:wrong*zebra", []),
    ],
)
def test_runs_are_found_by_what_was_said_of_them(desk: StoreDatabase, line: str, found: list[int]) -> None:
    rows = list_runs(desk.client, parse_query(line, NOW))
    assert sorted(row.run_id for row in rows) == [run_id(number) for number in found]


def test_a_score_from_outside_counts_in_service_levels_and_a_label_says_that_a_person_had_to_help(
    desk: StoreDatabase,
) -> None:
    window = Window(NOW - timedelta(days=5), NOW - timedelta(days=3))
    (level,) = levels(desk.client, window, "agent", Acceptance("helpful", 0.5))
    assert (level.runs, level.scored, level.successes, level.aided) == (4, 2, 3, 1)


def test_a_low_score_from_outside_is_an_alert_and_no_step_that_is_missing(desk: StoreDatabase) -> None:
    low = findings(desk, shipped("low_score"), {"floor": "0.5"})
    assert sorted(one.group for one in low) == [
        (("run_id", run_id(1)), ("score", "tone")),
        (("run_id", run_id(2)), ("score", "helpful")),
    ]
    assert findings(desk, shipped("spans_missing")) == []
