"""A score is low where the scores of its agent hardly ever are, however far they are scattered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.collector.alerts.asking import MadeRun, shipped, store
from tests.collector.alerts.test_backtest import at
from tests.collector.database import StoreDatabase

from playhead_collector.alerts.admission import Admission
from playhead_collector.alerts.ask import Moment, ask
from playhead_collector.alerts.backtest import HISTORY

END = datetime(2026, 3, 8, 12, tzinfo=UTC)


def scored(number: int, score: float) -> MadeRun:
    made = MadeRun(number).root()
    made.step(
        "score coverage",
        {"playhead.kind": "score", "gen_ai.evaluation.name": "coverage", "gen_ai.evaluation.score.value": score},
    )
    return at(made, END - timedelta(minutes=100 - number))


def test_a_score_is_low_only_far_below_where_scattered_scores_end(store_database: StoreDatabase) -> None:
    # Half of the middle, 0.42, is 0.21; the lowest twentieth begins at 0.26.
    usual = [scored(number, 0.24 + 0.36 * number / 60) for number in range(1, 61)]
    unlucky, bad = scored(61, 0.16), scored(62, 0.05)
    store(store_database, *usual, unlucky, bad)
    rule = Admission(store_database.client).admit(shipped("low_score"))
    (found,) = ask(store_database.client, rule, Moment(END, [unlucky.run_id, bad.run_id], HISTORY))
    assert (found.run_id, found.value) == (bad.run_id, 0.05)
