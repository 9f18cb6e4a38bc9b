"""What is said of runs over HTTP: what is kept of it, and what is refused with which words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.collector.receive.receiver import JSON, Receiver, TokenGate, receiving

from playhead_collector.receive.scores import LONGEST_COMMENT, MOST_SCORES
from playhead_collector.receive.signal import Signal

RUN = "0af7651916cd43dd8448eb211c80319c"
STEP = "00f067aa0ba902b7"
VALUES = "write true or false, a finite number, or a text of 1 to 200 characters"


def post(receiver: Receiver, said: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    reply = receiver.send(body, JSON, path="/v1/scores", headers=headers)
    return reply.status, json.loads(reply.body)


def spans(receiver: Receiver) -> list[Any]:
    return [
        span
        for kept in receiver.spool.kept
        for resource in kept.traces().resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def test_a_score_is_kept_as_a_step_of_its_run_through_the_same_spool(receiver: Receiver) -> None:
    said = {
        "run_id": RUN.upper(),
        "step_id": STEP,
        "name": "helpful",
        "value": 0.8,
        "by": "ann",
        "at": "2026-11-21T09:30:00Z",
    }
    status, answer = post(receiver, said)
    (span,) = spans(receiver)
    assert (status, answer) == (200, {"accepted": 1, "step_ids": [span.span_id.hex()]})
    (kept,) = receiver.spool.kept
    assert (kept.project, kept.signal, kept.runs) == ("default", Signal.TRACES, frozenset({bytes.fromhex(RUN)}))
    assert (span.trace_id.hex(), span.parent_span_id.hex(), span.name) == (RUN, STEP, "score helpful")
    assert span.start_time_unix_nano == span.end_time_unix_nano == 1_795_253_400_000_000_000
    assert {one.key: one.value.string_value or one.value.double_value for one in span.attributes} == {
        "playhead.kind": "feedback", "gen_ai.evaluation.name": "helpful", "gen_ai.evaluation.score.value": 0.8,
        "playhead.score.of": STEP, "playhead.score.by": "ann", "playhead.score.via": "http",
    }  # fmt: skip


def test_labels_and_notes_are_said_beside_scores_in_one_body(receiver: Receiver) -> None:
    scores = [
        {"run_id": RUN, "name": "resolved", "value": True},
        {"run_id": RUN, "name": "tone", "value": "bad", "comment": "shouts"},
        {"run_id": RUN, "label": "refund-bug"},
        {"run_id": RUN, "note": "asked; \u00e4 he says so"},
    ]
    status, answer = post(receiver, json.dumps({"scores": scores}).encode())
    assert (status, answer["accepted"]) == (200, 4)
    assert [span.name for span in spans(receiver)] == ["score resolved", "score tone", "label", "note"]


def test_the_same_said_twice_has_the_same_step_and_under_a_key_so_has_another_value(receiver: Receiver) -> None:
    def ids(**said: Any) -> list[str]:
        found: list[str] = post(receiver, {"run_id": RUN, **said})[1]["step_ids"]
        return found

    assert ids(name="helpful", value=1) == ids(name="helpful", value=1.0)
    assert ids(name="helpful", value=1) != ids(name="helpful", value=0)
    assert ids(name="helpful", value=1, key="k") == ids(name="helpful", value=0, key="k")
    assert ids(name="helpful", value=1, key="k") != ids(name="helpful", value=1)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"{", "the body is no JSON"),
        (b"[" * 100_000, "the body is no JSON"),
        ([], "nothing was taken: Input should be"),
        ({}, "run_id: Field required"),
        ({"run_id": "0af7", "name": "a", "value": 1}, "run_id is no run's id: it has 32 hex digits"),
        ({"run_id": "0" * 32, "name": "a", "value": 1}, "run_id is no run's id"),
        ({"run_id": RUN, "step_id": "x", "name": "a", "value": 1}, "step_id is no step's id"),
        ({"run_id": RUN}, "write one of them"),
        ({"run_id": RUN, "label": "a", "note": "b"}, "write one of them"),
        ({"run_id": RUN, "name": "a"}, "write how it was"),
        ({"run_id": RUN, "label": "a", "value": 1}, "a label or a note has no value"),
        ({"run_id": RUN, "name": "", "value": 1}, "name: String should have at least 1 character"),
        ({"run_id": RUN, "name": "a", "value": []}, f"nothing was taken: value: {VALUES}"),
        ({"run_id": RUN, "name": "a", "value": "x" * 201, "b": 1}, f"taken: value: {VALUES}; b: Extra inputs"),
        ({"run_id": RUN, "name": "a", "value": 1, "score": 2}, "score: Extra inputs are not permitted"),
        ({"run_id": RUN, "note": "x" * (LONGEST_COMMENT + 1)}, "note: String should have at most 10000 characters"),
        ({"run_id": RUN, "name": "a", "value": 1, "at": "2999-01-01T00:00:00Z"}, "between 2000 and now"),
        ({"run_id": RUN, "name": "a", "value": 1, "at": "2026-01-01T00:00:00"}, "at: Input should have timezone info"),
        ({"scores": [{"run_id": RUN, "label": "a"}, {"run_id": RUN, "name": "a", "value": {}}]}, f"1].value: {VALUES}"),
        ({"scores": []}, "at least 1 item"),
        (b'{"run_id": "%s", "name": "a", "value": NaN}' % RUN.encode(), f"value: {VALUES}"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place_and_nothing_is_taken(receiver: Receiver, said: Any, words: str) -> None:
    status, answer = post(receiver, said)
    assert status == 400 and words in answer["message"], answer
    assert receiver.spool.kept == []


def test_too_many_at_once_are_refused_and_so_is_another_form_and_method(receiver: Receiver) -> None:
    status, answer = post(receiver, {"scores": [{"run_id": RUN, "label": str(n)} for n in range(MOST_SCORES + 1)]})
    assert (status, answer["message"]) == (413, "these are 1001 scores and may be 1000; send them in parts")
    reply = receiver.send(b"{}", path="/v1/scores")
    assert reply.status == 400 and "takes JSON" in reply.refusal().message
    assert receiver.send(method="GET", path="/v1/scores").status == 405
    assert receiver.spool.kept == []


def test_it_takes_the_tokens_that_spans_take_and_belongs_to_their_project() -> None:
    with receiving(TokenGate({"secret": "team"})) as receiver:
        said = {"run_id": RUN, "label": "a"}
        assert post(receiver, said)[0] == 401
        assert post(receiver, said, Authorization="Bearer a-reading-token")[0] == 403
        assert post(receiver, said, Authorization="Bearer secret")[0] == 200
        assert [kept.project for kept in receiver.spool.kept] == ["team"]
