"""What one process says of another's run, and what becomes of it."""

from __future__ import annotations

import logging

import pytest
from tests.sdk.collector import FakeCollector, attributes

import playhead
from playhead.recorder.recorder import Recorder

RUN = "0af7651916cd43dd8448eb211c80319c"
STEP = "00f067aa0ba902b7"


def sent(recorder: Recorder, collector: FakeCollector) -> dict[str, dict[str, object]]:
    """What was said of the run, by the ids of its steps."""
    assert recorder.worker.flush(120.0)
    return {
        span.span_id.hex(): {"name": span.name, "parent": span.parent_span_id.hex(), **attributes(span)}
        for span in collector.ended.values()
        if span.trace_id.hex() == RUN
    }


def test_a_score_by_a_runs_id_is_a_step_of_that_run(recorder: Recorder, collector: FakeCollector) -> None:
    playhead.score("helpful", 0.8, run=RUN.upper(), step=STEP, by="judge-2", comment="it answered")
    (said,) = sent(recorder, collector).values()
    assert said == {
        "name": "score helpful", "parent": STEP, "playhead.kind": "feedback", "gen_ai.evaluation.name": "helpful",
        "gen_ai.evaluation.score.value": 0.8, "gen_ai.evaluation.explanation": "it answered",
        "playhead.score.of": STEP, "playhead.score.by": "judge-2", "playhead.score.via": "sdk",
    }  # fmt: skip


def test_the_same_said_twice_is_one_step_and_under_a_key_the_later_word_has_its_place(
    recorder: Recorder, collector: FakeCollector
) -> None:
    for _ in range(2):
        playhead.score("label", "refund-bug", run=RUN)
    assert len(sent(recorder, collector)) == 1
    for thumb in (True, False):
        playhead.score("thumb", thumb, run=RUN, key="thumb of user-7")
    said = sent(recorder, collector)
    assert len(said) == 2
    assert [one["gen_ai.evaluation.score.value"] for one in said.values() if one["name"] == "score thumb"] == [0.0]


def test_within_an_agent_it_is_no_step_of_the_agents_own_run(recorder: Recorder, collector: FakeCollector) -> None:
    @playhead.agent(name="judge")
    def judge() -> str:
        with playhead.limits(max_steps=1):
            playhead.score("helpful", 1, run=RUN)
            playhead.score("note", None, comment="looked at", run=RUN)
        return "done"

    assert judge() == "done"
    assert len(sent(recorder, collector)) == 2
    (own,) = [span for span in collector.ended.values() if span.trace_id.hex() != RUN]
    assert attributes(own)["playhead.run.steps"] == 1


def test_what_is_no_runs_id_is_said_in_the_log_and_never_into_the_agent(
    recorder: Recorder, collector: FakeCollector, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="playhead"):
        playhead.score("helpful", 1, run="0af7")
        playhead.score("helpful", 1, run=RUN, step="7")
        playhead.score("helpful", 1, run="0" * 32)
    assert len(caplog.records) == 3 and "run='0af7'" in caplog.text and "step='7'" in caplog.text
    assert not sent(recorder, collector)
