"""Each story of the demo can be recognised by what is in its spans."""

from __future__ import annotations

import json
from itertools import combinations, pairwise

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from tests.collector.demo.reading import facts, having, messages, spans_of

from playhead_collector.demo import demo_requests

NOW_NS = 1_795_000_000_000_000_000
WINDOW = 16_385
"""How many tokens gpt-3.5-turbo takes."""


def told(story: str) -> list[list[Span]]:
    return [spans_of(run.request) for run in demo_requests(NOW_NS) if run.story == story]


def failed(span: Span) -> bool:
    return span.status.code == Status.STATUS_CODE_ERROR


def root(spans: list[Span]) -> Span:
    (found,) = (span for span in spans if not span.parent_span_id)
    return found


def overlap(one: Span, other: Span) -> bool:
    return one.start_time_unix_nano < other.end_time_unix_nano and other.start_time_unix_nano < one.end_time_unix_nano


def test_a_loop_calls_refund_nine_times_with_the_same_arguments() -> None:
    (spans,) = told("refund-loop")
    refunds = having(spans, "gen_ai.tool.name", "refund")
    assert len(refunds) == 9
    assert len({facts(span)["gen_ai.tool.call.arguments"] for span in refunds}) == 1
    assert len({facts(span)["gen_ai.tool.call.id"] for span in refunds}) == 9
    assert failed(root(spans))


def test_the_same_request_was_done_in_one_refund_a_version_earlier() -> None:
    (looped,) = told("refund-loop")
    asked = {facts(root(spans))["gen_ai.input.messages"]: spans for spans in told("refund")}
    good = asked[facts(root(looped))["gen_ai.input.messages"]]
    assert len(having(good, "gen_ai.tool.name", "refund")) == 1
    assert facts(root(good))["gen_ai.agent.version"] == "1.4.1"
    assert facts(root(looped))["gen_ai.agent.version"] == "1.4.2"


def test_a_silent_failure_is_green_everywhere_and_has_an_error_in_a_result() -> None:
    for spans in told("silent-failure"):
        assert not any(failed(span) for span in spans)
        results = [
            str(facts(span).get("gen_ai.tool.call.result") or facts(span).get("traceloop.entity.output"))
            for span in having(spans, "gen_ai.tool.name")
        ]
        assert sum("error" in result.lower() for result in results) == 1


def test_a_source_that_was_not_found_is_cited() -> None:
    (spans,) = told("dead-source")
    (lost,) = (span for span in having(spans, "gen_ai.tool.call.result") if "404" in str(facts(span)))
    url = json.loads(facts(lost)["gen_ai.tool.call.arguments"])["url"]
    assert url in facts(root(spans))["gen_ai.output.messages"]


def test_a_context_blowout_grows_to_the_window_and_then_loses_its_orders() -> None:
    (spans,) = told("context-blowout")
    prompts = having(spans, "gen_ai.operation.name", "chat")
    tokens = [facts(span)["gen_ai.usage.input_tokens"] for span in prompts]
    roles = [messages(span)[0]["role"] for span in prompts]
    lost = next(at for at, role in enumerate(roles) if role != "system")
    assert lost >= 5
    assert tokens[:lost] == sorted(tokens[:lost])
    assert max(tokens) <= WINDOW
    assert tokens[lost] > WINDOW * 0.85 or tokens[lost - 1] > WINDOW * 0.85
    assert "system" not in roles[lost:]
    assert "Never push to main" in json.dumps(messages(prompts[lost - 1]))
    assert "Never push to main" not in json.dumps(messages(prompts[lost]))
    assert "push origin HEAD:main" in str([facts(span) for span in spans])


def test_a_crash_leaves_open_steps_below_a_root_that_never_ends() -> None:
    crashes = told("crash")
    assert len(crashes) == 2
    for spans in crashes:
        still_open = [span for span in spans if span.end_time_unix_nano == 0]
        assert root(spans) in still_open and len(still_open) == 2
        assert having(spans, "playhead.state", "open") == still_open
        assert any(span.end_time_unix_nano for span in spans)
        assert not any("gen_ai.output.messages" in facts(span) for span in still_open)


def test_one_approval_is_given_and_one_refused() -> None:
    (approved,), (rejected,) = told("approval-approved"), told("approval-rejected")
    for spans, verdict, refunds in ((approved, "approved", 1), (rejected, "rejected", 0)):
        (asked,) = having(spans, "playhead.kind", "approval")
        assert facts(asked)["playhead.approval.verdict"] == verdict
        assert asked.end_time_unix_nano - asked.start_time_unix_nano > 60_000_000_000
        assert len(having(spans, "gen_ai.tool.name", "refund")) == refunds


def test_state_transitions_follow_each_other() -> None:
    (spans,) = told("approval-approved")
    moves = [facts(span) for span in having(spans, "playhead.kind", "state")]
    assert len(moves) == 3
    for before, after in pairwise(moves):
        assert before["playhead.transition.to"] == after["playhead.transition.from"]


def test_a_decision_is_one_of_its_options() -> None:
    (spans,) = told("rename")
    (decision,) = having(spans, "playhead.kind", "decision")
    assert facts(decision)["playhead.decision.chosen"] in facts(decision)["playhead.decision.options"]
    assert facts(decision)["playhead.decision.reason"]


def test_a_rate_limited_prompt_is_tried_again_until_it_succeeds() -> None:
    for spans in told("rate-limited"):
        prompts = having(spans, "gen_ai.operation.name", "chat")
        refused = [span for span in prompts if failed(span)]
        assert len(refused) >= 2
        assert all(facts(span)["http.response.status_code"] == 429 for span in refused)
        assert all(span.events[0].name == "exception" for span in refused)
        after = prompts[prompts.index(refused[-1]) + 1]
        assert messages(after) == messages(refused[-1])
        assert not failed(after) and not failed(root(spans))


def test_a_tool_that_raises_is_an_error_of_its_step_only() -> None:
    for story in ("tool-down", "edit-misses"):
        (spans,) = told(story)
        broken = [span for span in spans if failed(span)]
        assert broken and not failed(root(spans))
        assert all("gen_ai.tool.name" in facts(span) for span in broken)
        assert all("gen_ai.tool.call.result" not in facts(span) for span in broken)


def test_a_hand_off_is_an_agent_below_an_agent() -> None:
    spans = next(spans for spans in told("hand-off") if having(spans, "gen_ai.operation.name"))
    (inner,) = (span for span in having(spans, "gen_ai.operation.name", "invoke_agent") if span.parent_span_id)
    assert facts(inner)["gen_ai.agent.name"] == "billing-agent"
    assert inner.parent_span_id == root(spans).span_id
    below = [span for span in spans if span.parent_span_id == inner.span_id]
    assert {facts(span)["gen_ai.operation.name"] for span in below} == {"chat", "execute_tool"}


def test_sub_agents_of_a_team_work_side_by_side() -> None:
    (spans,) = told("team")
    one, other = (span for span in having(spans, "gen_ai.operation.name", "invoke_agent") if span.parent_span_id)
    assert overlap(one, other)


def test_tools_asked_for_together_run_side_by_side() -> None:
    (spans, *_) = told("exchange")
    tools = having(spans, "gen_ai.tool.name")
    assert any(overlap(one, other) for one, other in combinations(tools, 2))


def test_the_vercel_dialects_outer_step_repeats_the_usage_of_its_prompts() -> None:
    for spans in told("widget"):
        prompts = having(spans, "ai.operationId", "ai.generateText.doGenerate")
        for key in ("ai.usage.inputTokens", "ai.usage.outputTokens"):
            assert facts(root(spans))[key] == sum(facts(span)[key] for span in prompts)


def test_flattened_dialects_number_their_messages_without_holes() -> None:
    spans = next(
        spans_of(run.request)
        for run in demo_requests(NOW_NS)
        if having(spans_of(run.request), "openinference.span.kind")
    )
    for prompt in having(spans, "openinference.span.kind", "LLM"):
        keys = [key for key in facts(prompt) if key.startswith("llm.input_messages.")]
        numbers = {int(key.split(".")[2]) for key in keys}
        assert numbers == set(range(len(numbers)))
        assert all(f"llm.input_messages.{number}.message.role" in keys for number in numbers)
        assert len(json.loads(facts(prompt)["input.value"])["messages"]) == len(numbers)
