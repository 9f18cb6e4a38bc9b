"""The demo as a whole: what holds for every run, whatever its story."""

from __future__ import annotations

from collections import Counter

import pytest
from genai_prices import Usage, calc_price
from tests.collector.demo.reading import facts, messages, resource, spans_of

from playhead_collector.demo import DemoRequest, demo_requests

NOW_NS = 1_795_000_000_123_456_789
HOUR_NS = 3_600_000_000_000
STORIES = {
    "late-parcel",
    "exchange",
    "change-address",
    "refund",
    "invoice-copy",
    "product-question",
    "lost-parcel",
    "widget",
    "refund-loop",
    "silent-failure",
    "approval-approved",
    "approval-rejected",
    "hand-off",
    "rate-limited",
    "tool-down",
    "brief",
    "team",
    "dead-source",
    "fix-test",
    "rename",
    "edit-misses",
    "context-blowout",
    "crash",
}


@pytest.fixture(scope="module")
def runs() -> list[DemoRequest]:
    return list(demo_requests(NOW_NS))


def _bytes(now_ns: int, seed: int) -> list[bytes]:
    return [run.request.SerializeToString(deterministic=True) for run in demo_requests(now_ns, seed)]


def test_the_same_moment_and_seed_give_the_same_bytes() -> None:
    assert _bytes(NOW_NS, 1) == _bytes(NOW_NS, 1)


def test_another_seed_gives_other_runs() -> None:
    assert not set(_bytes(NOW_NS, 1)) & set(_bytes(NOW_NS, 2))


def test_a_demo_sent_later_is_other_runs_that_say_the_same(runs: list[DemoRequest]) -> None:
    later = list(demo_requests(NOW_NS + HOUR_NS))
    assert not {run.run_id for run in runs} & {run.run_id for run in later}
    first, second = (Counter(span.name for run in told for span in spans_of(run.request)) for told in (runs, later))
    assert first == second


def test_there_are_a_few_dozen_runs_and_every_story_is_told(runs: list[DemoRequest]) -> None:
    assert 30 <= len(runs) <= 45
    assert {run.story for run in runs} == STORIES


def test_ids_are_valid_and_never_used_twice(runs: list[DemoRequest]) -> None:
    span_ids: list[bytes] = []
    for run in runs:
        for span in spans_of(run.request):
            assert len(span.trace_id) == 16 and any(span.trace_id)
            assert len(span.span_id) == 8 and any(span.span_id)
            assert span.trace_id.hex() == run.run_id
            span_ids.append(span.span_id)
    assert len(set(span_ids)) == len(span_ids)
    assert len({run.run_id for run in runs}) == len(runs)


def test_each_run_is_one_tree(runs: list[DemoRequest]) -> None:
    for run in runs:
        spans = spans_of(run.request)
        known = {span.span_id for span in spans}
        assert sum(not span.parent_span_id for span in spans) == 1, run.story
        assert all(not span.parent_span_id or span.parent_span_id in known for span in spans), run.story


def test_runs_come_in_the_order_of_their_start_within_the_last_hours(runs: list[DemoRequest]) -> None:
    starts = [spans_of(run.request)[0].start_time_unix_nano for run in runs]
    assert starts == sorted(starts)
    assert NOW_NS - 8 * HOUR_NS < starts[0] < NOW_NS - 4 * HOUR_NS
    ends = [span.end_time_unix_nano for run in runs for span in spans_of(run.request)]
    assert max(ends) < NOW_NS


def test_a_step_lies_within_its_parent(runs: list[DemoRequest]) -> None:
    for run in runs:
        spans = {span.span_id: span for span in spans_of(run.request)}
        for span in spans.values():
            if span.end_time_unix_nano:
                assert span.start_time_unix_nano < span.end_time_unix_nano
            parent = spans.get(span.parent_span_id)
            if parent and parent.end_time_unix_nano:
                assert parent.start_time_unix_nano <= span.start_time_unix_nano
                assert span.end_time_unix_nano <= parent.end_time_unix_nano


def test_every_dialect_is_spoken_and_most_runs_speak_opentelemetrys(runs: list[DemoRequest]) -> None:
    marks = {
        "gen_ai": "gen_ai.operation.name",
        "openinference": "openinference.span.kind",
        "traceloop": "traceloop.span.kind",
        "vercel": "ai.operationId",
    }
    spoken = Counter(
        dialect
        for run in runs
        for dialect, key in marks.items()
        if any(key in facts(span) for span in spans_of(run.request))
    )
    assert sum(spoken.values()) == len(runs), "a run speaks one dialect"
    assert spoken["gen_ai"] > len(runs) / 2
    assert spoken["openinference"] >= 3 and spoken["traceloop"] >= 2 and spoken["vercel"] == 2


def test_all_models_have_a_price_but_one(runs: list[DemoRequest]) -> None:
    models = {
        str(facts(span)[key])
        for run in runs
        for span in spans_of(run.request)
        for key in ("gen_ai.request.model", "llm.model_name", "ai.model.id")
        if key in facts(span)
    }
    unknown = set()
    for model in models:
        try:
            calc_price(Usage(input_tokens=1000, output_tokens=100), model)
        except LookupError:
            unknown.add(model)
    assert unknown == {"trailhead-adviser-7b"}
    assert len(models) >= 7


def test_both_versions_and_many_users_are_seen(runs: list[DemoRequest]) -> None:
    assert {resource(run.request)["service.version"] for run in runs} == {"1.4.1", "1.4.2"}
    users = {facts(span).get("user.id") for run in runs for span in spans_of(run.request) if not span.parent_span_id}
    assert len(users) > 15
    assert all(str(user).startswith("user-") for user in users if user)


def test_a_session_can_hold_several_runs(runs: list[DemoRequest]) -> None:
    sessions = Counter(
        facts(span)["gen_ai.conversation.id"]
        for run in runs
        for span in spans_of(run.request)
        if not span.parent_span_id and "gen_ai.conversation.id" in facts(span)
    )
    assert sessions["session-parcel33"] == 3


def test_a_prompt_repeats_the_conversation_before_it(runs: list[DemoRequest]) -> None:
    checked = 0
    for run in runs:
        if run.story in ("context-blowout", "team", "hand-off"):
            continue
        before: list[object] = []
        for span in spans_of(run.request):
            if facts(span).get("gen_ai.operation.name") != "chat":
                continue
            said: list[object] = list(messages(span))
            assert said[: len(before)] == before, run.story
            before = said
            checked += 1
    assert checked > 60


def test_tokens_follow_the_text(runs: list[DemoRequest]) -> None:
    for run in runs:
        for span in spans_of(run.request):
            found = facts(span)
            if "gen_ai.input.messages" in found and "gen_ai.usage.input_tokens" in found:
                assert found["gen_ai.usage.input_tokens"] > len(found["gen_ai.input.messages"]) / 10
                cached = found.get("gen_ai.usage.cache_read.input_tokens", 0)
                assert cached <= found["gen_ai.usage.input_tokens"]
