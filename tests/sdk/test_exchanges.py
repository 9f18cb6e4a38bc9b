"""Exchanges become steps. The transports have tests of their own."""

from __future__ import annotations

import json

import pytest
from tests.sdk.collector import FakeCollector, attributes

import playhead
from playhead.recorder.exchanges import ExchangeSteps
from playhead.recorder.recorder import Recorder
from playhead.wire.exchange import Exchange, Headers
from playhead_collector.demo.provider import FakeProvider

_URL = "https://api.openai.com/v1/chat/completions"
_JSON: Headers = (("content-type", "application/json"),)


def exchanged(url: str, asked: object, status: int | None, answer: object, error: str | None = None) -> None:
    observer = ExchangeSteps()
    body = json.dumps(asked).encode()
    token = observer.began("POST", url, _JSON, body)
    observer.ended(
        token,
        Exchange("POST", url, _JSON, body, status, _JSON, json.dumps(answer).encode(), error, 1, 2, 3, streamed=False),
    )


_ASKED = {"model": "gpt-5", "messages": [{"role": "user", "content": "hello"}]}
_ANSWER = {
    "id": "r1",
    "model": "gpt-5-2026",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
}


def test_a_model_call_is_a_prompt_step_of_its_run(recorder: Recorder, collector: FakeCollector) -> None:
    @playhead.agent
    def run() -> None:
        exchanged(_URL, _ASKED, 200, _ANSWER)

    run()
    assert recorder.worker.flush(120)
    (span,) = collector.named("chat gpt-5")
    said = attributes(span)
    assert span.parent_span_id == collector.named("invoke_agent run")[0].span_id
    assert (said["playhead.kind"], said["gen_ai.response.id"]) == ("prompt", "r1")
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == (3, 1)
    assert json.loads(said["gen_ai.input.messages"])[0]["parts"][0]["content"] == "hello"
    assert json.loads(said["gen_ai.output.messages"])[0]["parts"][0]["content"] == "hi"


def test_a_model_call_outside_of_any_run_is_a_run_of_one_step(recorder: Recorder, collector: FakeCollector) -> None:
    exchanged(_URL, _ASKED, 200, _ANSWER)
    assert recorder.worker.flush(120)
    (span,) = collector.named("chat gpt-5")
    assert not span.parent_span_id


def test_embeddings_are_a_retrieval_and_no_prompt(recorder: Recorder, collector: FakeCollector) -> None:
    asked = {"model": "text-embedding-3-small", "input": ["one", "two"]}
    answer = {"data": [{"embedding": [0.5, 0.25]}], "usage": {"prompt_tokens": 4, "total_tokens": 4}}
    exchanged("https://api.openai.com/v1/embeddings", asked, 200, answer)
    assert recorder.worker.flush(120)
    (span,) = collector.named("embeddings text-embedding-3-small")
    said = attributes(span)
    assert (said["playhead.kind"], said["gen_ai.usage.input_tokens"]) == ("retrieval", 4)


def test_a_refused_model_call_is_an_error_in_the_providers_words(recorder: Recorder, collector: FakeCollector) -> None:
    exchanged(_URL, _ASKED, 429, {"error": {"type": "rate_limit", "message": "slow down"}})
    assert recorder.worker.flush(120)
    (span,) = collector.named("chat gpt-5")
    assert span.status.code == span.status.STATUS_CODE_ERROR
    assert "slow down" in span.status.message


def test_any_other_exchange_is_an_effect_inside_of_a_run_and_nothing_outside(
    recorder: Recorder, collector: FakeCollector
) -> None:
    exchanged("https://shop.example/outside", {}, 200, {})
    with playhead.step("in a run"):
        exchanged("https://shop.example/orders?key=secret", {}, 503, {})
    assert recorder.worker.flush(120)
    assert collector.named("POST shop.example/outside") == []
    (span,) = collector.named("POST shop.example/orders")
    said = attributes(span)
    assert (said["playhead.kind"], said["http.response.status_code"]) == ("effect", 503)
    assert "secret" not in str(said)


def test_a_loop_of_one_prompt_is_stopped(recorder: Recorder) -> None:
    asked = 0
    try:
        with playhead.limits(max_repeats=3), playhead.step("run"):
            while True:
                exchanged(_URL, _ASKED, 200, _ANSWER)
                asked += 1
    except playhead.LimitExceeded as error:
        assert error.limit == "max_repeats"
    assert asked == 3


def test_a_limit_stops_a_model_call_at_its_transport_before_it_is_sent(recorder: Recorder) -> None:
    """Clients of models catch what stops a call and tell it as a connection that failed: the limit comes out all the
    same."""
    import httpx2

    from playhead.recorder.recording import record_effects

    class ConnectionFailed(Exception):
        pass

    with FakeProvider() as provider, httpx2.Client() as client:
        recorder.engine = record_effects(recorder, "exact")
        try:
            with pytest.raises(playhead.LimitExceeded) as stopped, playhead.limits(max_steps=3), playhead.step("run"):
                while True:
                    try:
                        client.post(f"{provider.url}/v1/chat/completions", json=_ASKED).raise_for_status()
                    except Exception as error:
                        raise ConnectionFailed from error
        finally:
            recorder.stop_effects()
        asked = len(provider.requests)
    assert (stopped.value.limit, asked) == ("max_steps", 2)
