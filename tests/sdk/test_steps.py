"""What a user writes, and the spans that come of it."""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.sdk.collector import FakeCollector, attributes, children
from tests.sdk.writing import only, refund, sent

import playhead
from playhead.recorder.recorder import Recorder


def test_a_tool_call_is_a_step_with_its_arguments_and_its_result(recorder: Recorder, collector: FakeCollector) -> None:
    assert refund("A-1", cents=1200) == {"order": "A-1", "cents": 1200}
    said = attributes(only(sent(recorder, collector), "execute_tool refund"))
    assert said["playhead.kind"] == "tool"
    assert said["gen_ai.tool.name"] == "refund"
    assert said["playhead.tool.parameters"] == "(order_id, cents)"
    assert json.loads(said["gen_ai.tool.call.arguments"]) == {"order_id": "A-1", "cents": 1200}
    assert json.loads(said["gen_ai.tool.call.result"]) == {"order": "A-1", "cents": 1200}


def test_a_tool_that_raises_raises_and_is_an_error(recorder: Recorder, collector: FakeCollector) -> None:
    with pytest.raises(ValueError, match="negative"):
        refund("A-1", -1)
    span = only(sent(recorder, collector), "execute_tool refund")
    assert span.status.code == span.status.STATUS_CODE_ERROR
    assert span.status.message == "ValueError: cents must not be negative"
    assert [event.name for event in span.events] == ["exception"]
    assert "gen_ai.tool.call.result" not in attributes(span)


def test_a_decorated_function_looks_as_before() -> None:
    assert refund.__name__ == "refund"
    assert refund.__doc__ == "Gives money back."


def test_without_init_all_is_a_no_op() -> None:
    assert refund("A-1", 5)["cents"] == 5
    playhead.state("anywhere")
    playhead.score("fine", 1.0)
    with playhead.step("x") as step, playhead.context(session="s"), playhead.approval("y") as ask:
        step.set("a", 1)
        ask.approve()
        assert step.run_id == ""


def test_one_call_of_an_agent_is_one_run_and_a_nested_one_is_part_of_it(
    recorder: Recorder, collector: FakeCollector
) -> None:
    @playhead.agent(name="helper")
    def helper(question: str) -> str:
        return question.upper()

    @playhead.agent(name="support", version="1.4.2")
    def support(question: str) -> str:
        return helper(question)

    assert [support("a"), support("b")] == ["A", "B"]
    spans = sent(recorder, collector)
    roots = [span for span in spans if span.name == "invoke_agent support"]
    assert len({span.trace_id for span in roots}) == 2
    for root in roots:
        assert not root.parent_span_id
        assert attributes(root)["gen_ai.agent.version"] == "1.4.2"
        (nested,) = children(spans, root)
        assert nested.trace_id == root.trace_id
        assert attributes(root)["playhead.run.steps"] == 2


def test_steps_of_a_run_are_numbered_in_the_order_in_which_they_begin(
    recorder: Recorder, collector: FakeCollector
) -> None:
    @playhead.tool
    async def wait(seconds: float) -> None:
        await asyncio.sleep(seconds)

    @playhead.agent
    async def run() -> None:
        await asyncio.gather(wait(0.02), wait(0.001))

    asyncio.run(run())
    spans = sent(recorder, collector)
    tools = sorted(
        (span for span in spans if span.name == "execute_tool wait"),
        key=lambda span: int(attributes(span)["playhead.sequence"]),
    )
    assert [json.loads(attributes(span)["gen_ai.tool.call.arguments"])["seconds"] for span in tools] == [0.02, 0.001]
    assert {span.parent_span_id for span in tools} == {only(spans, "invoke_agent run").span_id}


def test_a_step_in_an_executor_belongs_to_its_run_when_its_context_goes_along(
    recorder: Recorder, collector: FakeCollector
) -> None:
    @playhead.agent
    def run() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda context: context.run(refund, "A", 1), [copy_context() for _ in range(4)]))

    run()
    spans = sent(recorder, collector)
    assert len(children(spans, only(spans, "invoke_agent run"))) == 4


class Shop:
    @playhead.tool
    def buy(self, what: str) -> str:
        return f"bought {what}"

    @playhead.tool
    @staticmethod
    def price(what: str) -> int:
        return len(what)

    @classmethod
    @playhead.tool
    def name(cls) -> str:
        return cls.__name__


def test_methods_are_recorded_without_their_object(recorder: Recorder, collector: FakeCollector) -> None:
    assert Shop().buy("tea") == "bought tea"
    assert Shop.price("tea") == 3
    assert Shop.name() == "Shop"
    spans = sent(recorder, collector)
    assert attributes(only(spans, "execute_tool buy"))["gen_ai.tool.call.arguments"] == '{"what":"tea"}'
    assert attributes(only(spans, "execute_tool name"))["gen_ai.tool.call.arguments"] == "{}"


def test_states_decisions_approvals_and_scores_say_what_code_alone_knows(
    recorder: Recorder, collector: FakeCollector
) -> None:
    now = iter([10.0, 12.5])

    @playhead.agent
    def run() -> None:
        with playhead.context(session="s-1", user="u-1", on_behalf_of="acme", tags={"plan": "gold"}):
            playhead.state("triage")
            playhead.state("refunding", why="broken")
            playhead.decision("refund?", chosen="yes", options=["yes", "no"], reason="it is broken")
            with playhead.approval("refund", proposed={"cents": 12}, clock=lambda: next(now)) as ask:
                ask.shown("12 cents", to="duty")
                ask.reject(by="duty", comment="not today")
            playhead.score("helpful", 0.5, comment="half")

    run()
    spans = sent(recorder, collector)
    second = attributes(only(spans, "run: refunding"))
    assert (second["playhead.transition.from"], second["playhead.transition.to"]) == ("triage", "refunding")
    assert second["playhead.transition.why"] == "broken"
    decision = attributes(only(spans, "refund?"))
    assert (decision["playhead.decision.chosen"], decision["playhead.decision.options"]) == ("yes", ["yes", "no"])
    approval = attributes(only(spans, "approval refund"))
    assert approval["playhead.approval.verdict"] == "rejected"
    assert approval["playhead.approval.waited_s"] == 2.5
    assert attributes(only(spans, "score helpful"))["gen_ai.evaluation.score.value"] == 0.5
    for span in spans:
        said = attributes(span)
        assert (said["session.id"], said["user.id"], said["playhead.tag.plan"]) == ("s-1", "u-1", "gold"), span.name


def test_an_approval_that_nobody_decides_says_so(recorder: Recorder, collector: FakeCollector) -> None:
    with playhead.approval("launch"):
        pass
    said = attributes(only(sent(recorder, collector), "approval launch"))
    assert said["playhead.approval.verdict"] == "none"


def test_an_effect_is_recorded_with_its_result(recorder: Recorder, collector: FakeCollector) -> None:
    assert playhead.effect("rate", lambda: {"usd": 1.07}, pair="EUR/USD") == {"usd": 1.07}
    said = attributes(only(sent(recorder, collector), "rate"))
    assert (said["playhead.effect.result"], said["pair"]) == ('{"usd":1.07}', "EUR/USD")


def test_a_machine_tells_of_illegal_transitions(
    recorder: Recorder, collector: FakeCollector, caplog: pytest.LogCaptureFixture
) -> None:
    order = playhead.machine("order", initial="new", transitions={"new": ["paid"], "paid": ["sent"]}, terminal=["sent"])

    @playhead.agent
    def run() -> None:
        order.to("paid")
        order.to("new")

    run()
    assert "from 'paid' it goes to sent, not to 'new'" in caplog.text
    spans = sent(recorder, collector)
    assert "playhead.transition.illegal" not in attributes(only(spans, "order: paid"))
    assert "not to 'new'" in attributes(only(spans, "order: new"))["playhead.transition.illegal"]


def test_a_strict_machine_raises_and_stays_where_it_was(recorder: Recorder, collector: FakeCollector) -> None:
    door = playhead.machine("door", initial="shut", transitions={"shut": ["open"]}, strict=True)
    with pytest.raises(playhead.IllegalTransition, match="'ajar' is no state of it; there are open, shut"):
        door.to("ajar")
    assert door.state == "shut"


def test_each_run_has_its_own_machines(recorder: Recorder, collector: FakeCollector) -> None:
    order = playhead.machine("order", initial="new", transitions={"new": ["paid"]}, terminal=["paid"], strict=True)

    @playhead.agent
    def run() -> bool:
        order.to("paid")
        return order.ended

    assert [run(), run()] == [True, True]


@dataclass
class Receipt:
    order: str
    cents: int


class Order(TypedDict):
    order_id: str
    cents: int


def test_a_malformed_result_is_recorded_and_not_swallowed(recorder: Recorder, collector: FakeCollector) -> None:
    @playhead.tool
    def pay(order: Order) -> Receipt:
        return Receipt(order["order_id"], "12")  # type: ignore[arg-type]

    pay({"order_id": "A"})  # type: ignore[typeddict-item]
    span = only(sent(recorder, collector), "execute_tool pay")
    assert [attributes_of(event)["what"] for event in span.events] == [
        "order: lacks 'cents' of Order",
        "return: field 'cents' is str, not int",
    ]


def test_a_strict_tool_raises_where_its_contract_is_broken(recorder: Recorder, collector: FakeCollector) -> None:
    @playhead.tool(strict=True)
    def receipt() -> Receipt:
        return {"order": "A"}  # type: ignore[return-value]

    with pytest.raises(playhead.ContractViolation, match="return: is dict, not Receipt"):
        receipt()
    span = only(sent(recorder, collector), "execute_tool receipt")
    assert span.status.code == span.status.STATUS_CODE_ERROR


def test_a_loop_is_stopped_where_it_is_one(recorder: Recorder, collector: FakeCollector) -> None:
    @playhead.agent
    def run() -> int:
        done = 0
        with playhead.limits(max_repeats=2):
            while True:
                refund("A", done % 2)
                done += 1

    with pytest.raises(playhead.LimitExceeded, match="a loop: refund") as caught:
        run()
    assert caught.value.limit == "max_repeats"
    spans = sent(recorder, collector)
    assert len([span for span in spans if span.name == "execute_tool refund"]) == 5
    root = only(spans, "invoke_agent run")
    assert attributes(root)["playhead.limit"] == "max_repeats"
    assert root.status.code == root.status.STATUS_CODE_ERROR


def test_limits_of_steps_and_time_hold_at_the_boundary(recorder: Recorder) -> None:
    with pytest.raises(playhead.LimitExceeded, match="more than 2 steps"), playhead.limits(max_steps=2):
        for _ in range(3):
            refund("A", 1)
    now = iter([0.0, 1.0, 61.0])
    with (
        pytest.raises(playhead.LimitExceeded, match=r"61\.0 s of 60 s"),
        playhead.limits(max_seconds=60, clock=lambda: next(now)),
    ):
        refund("A", 1)
        refund("A", 2)


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(playhead.UsageError, match="leave it out for none"), playhead.limits(max_steps=0):
        pass


def test_payloads_that_cannot_be_shown_break_nothing(recorder: Recorder, collector: FakeCollector) -> None:
    class Shy:
        def __repr__(self) -> str:
            raise RuntimeError("not now")

    @playhead.tool
    def meet(whom: object) -> object:
        return whom

    ring: list[object] = []
    ring.append(ring)
    for value in (Shy(), ring, b"\xff", "\ud800", float("nan"), {1: 2}, 2**70):
        meet(value)
    assert len([span for span in sent(recorder, collector) if span.name == "execute_tool meet"]) == 7


def attributes_of(event: Span.Event) -> dict[str, str]:
    return {one.key: one.value.string_value for one in event.attributes}


def test_secrets_are_never_written(recorder: Recorder, collector: FakeCollector, tmp_path: Path) -> None:
    key = "sk-ant-api03-" + "Ab1" * 30

    @playhead.tool
    def call(headers: dict[str, str], note: str) -> str:
        if note == "fail":
            raise RuntimeError(f"refused {key}")
        return f"used {key}"

    with playhead.step("login") as step:
        step.set("http.request.header.authorization", "Bearer abcdef0123456789")
        step.event("tried", password="hunter2-hunter2", key=key)
        call({"x-api-key": key}, "fine")
        with pytest.raises(RuntimeError):
            call({}, "fail")
    spans = sent(recorder, collector)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*.jsonl"))
    for secret in (key, "abcdef0123456789", "hunter2"):
        assert secret.encode() not in written
        assert secret not in str(spans)
    tokens = set(re.findall(r"\[redacted:anthropic[^\]]*\]|\[redacted:api-key[^\]]*\]", str(spans)))
    assert len(tokens) == 1, "one secret has one token wherever it stands"
    # The agent itself goes on with the real ones.
    assert call({}, "fine") == f"used {key}"
