"""Limits, each around an agent that asks a model and calls tools in a loop that would not end by itself."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import playhead
from playhead import LimitExceeded, Usage, UsageError
from playhead.recorder import prices
from playhead.testing import Clock, recording
from playhead_collector.demo.provider import FakeProvider

# One city only: the fake model can but ask for the same.
SCHEMA = {"type": "object", "properties": {"city": {"const": "Rome"}}}


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as running:
        yield running


@playhead.tool
def weather(city: str, day: int = 0) -> str:
    return f"rain in {city}"


@playhead.tool
def news(city: str) -> str:
    return f"nothing new in {city}"


TOOLS = {"weather": weather, "news": news}


class Agent:
    """Asks again and again, with a conversation that grows, and never sees that it has its answer."""

    def __init__(self, provider: FakeProvider, *tools: str, model: str = "gpt-4o-mini", varied: bool = False) -> None:
        self.url = f"{provider.url}/v1/chat/completions"
        self.tools, self.model, self.varied = tools, model, varied
        self.turns = 0

    @playhead.agent(name="forecaster")
    def run(self) -> None:
        messages: list[Any] = [{"role": "user", "content": "How is the weather?"}]
        while self.turns < 50:
            self.turns += 1
            for call in self.ask(messages)["tool_calls"]:
                function = call["function"]
                given = json.loads(function["arguments"]) | ({"day": self.turns} if self.varied else {})
                messages.append({"role": "user", "content": TOOLS[function["name"]](**given)})

    def ask(self, messages: list[Any]) -> Any:
        tools = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in self.tools]
        asked = {"model": self.model, "messages": messages, "tools": tools}
        return requests.post(self.url, json=asked, timeout=60).json()["choices"][0]["message"]


def stopped(agent: Agent, price: prices.Price | None = None, **most: Any) -> tuple[LimitExceeded, Any]:
    """The error that ended it, and what was recorded."""
    with recording(price=price) as recorded, pytest.raises(LimitExceeded) as caught, playhead.limits(**most):
        agent.run()
    root = recorded.one("forecaster")
    assert (root.status, root.attributes["playhead.limit"]) == ("error", caught.value.limit)
    assert root.error is not None and str(caught.value) in root.error
    return caught.value, recorded


def test_the_same_call_again_and_again_is_a_loop_though_a_prompt_stands_between(provider: FakeProvider) -> None:
    error, recorded = stopped(Agent(provider, "weather"), max_repeats=3)
    assert str(error) == "a loop: weather with the same arguments more than 3 times"
    assert len(recorded.named("weather")) == 3
    assert len(recorded.of_kind("prompt")) == 4


def test_two_calls_in_turn_are_a_loop(provider: FakeProvider) -> None:
    error, recorded = stopped(Agent(provider, "weather", "news"), max_repeats=2)
    assert str(error) == "a loop: weather -> news with the same arguments more than 2 times"
    assert len(recorded.of_kind("tool")) == 5


def test_other_arguments_are_no_loop(provider: FakeProvider) -> None:
    error, recorded = stopped(Agent(provider, "weather", varied=True), max_repeats=2, max_steps=21)
    assert error.limit == "max_steps"
    assert len(recorded.of_kind("tool")) == 10


def test_a_sub_agent_that_is_asked_the_same_again_is_a_loop() -> None:
    @playhead.agent
    def helper(question: str) -> str:
        return "ask again"

    @playhead.agent
    def asker() -> None:
        for _ in range(9):
            helper("why?")

    with recording() as recorded, pytest.raises(LimitExceeded, match="helper"), playhead.limits(max_repeats=2):
        asker()
    assert len(recorded.named("helper")) == 2


def test_steps_are_counted_whatever_they_are(provider: FakeProvider) -> None:
    error, recorded = stopped(Agent(provider, "weather", varied=True), max_steps=6)
    assert "more than 6 steps; next would be 'execute_tool weather'" in str(error)
    assert len(recorded.steps) <= 7


def test_time_is_looked_at_where_a_step_begins(provider: FakeProvider) -> None:
    error, recorded = stopped(Agent(provider, "weather", varied=True), max_seconds=60, clock=Clock(tick_s=10))
    assert "s of 60 s before" in str(error)
    assert 1 <= len(recorded.of_kind("tool")) <= 5


def test_money_is_counted_at_list_prices(provider: FakeProvider) -> None:
    agent = Agent(provider, "weather", varied=True)
    error, recorded = stopped(agent, max_cost_usd=0.00009)
    used = [prompt.attributes for prompt in recorded.of_kind("prompt")]
    spent = sum(
        (one["gen_ai.usage.input_tokens"] - 2) * 0.15e-6 + 2 * 0.075e-6 + one["gen_ai.usage.output_tokens"] * 0.6e-6
        for one in used
        if "gen_ai.usage.input_tokens" in one
    )
    assert f"the run spent ${spent:.4f} of $9e-05" in str(error)
    assert 1 < agent.turns < 50


def test_money_is_counted_as_the_user_says(provider: FakeProvider) -> None:
    asked: list[Usage] = []

    def price(usage: Usage) -> float:
        asked.append(usage)
        return 0.25

    agent = Agent(provider, "weather", model="our-own", varied=True)
    error, _ = stopped(agent, price=price, max_cost_usd=0.6)
    assert (error.limit, agent.turns) == ("max_cost_usd", 3)
    assert "$0.7500 of $0.6" in str(error)
    assert (asked[0].provider, asked[0].model) == ("openai", "our-own")
    assert asked[0].input_tokens > 0 and asked[0].output_tokens > 0


@pytest.mark.parametrize("answer", [None, float("nan"), "a lot", ZeroDivisionError("oops")])
def test_a_cost_that_nobody_knows_is_not_nothing(provider: FakeProvider, answer: Any) -> None:
    def price(usage: Usage) -> float:
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    agent = Agent(provider, "weather", model="our-own", varied=True)
    error, _ = stopped(agent, price=price, max_cost_usd=100)
    assert agent.turns == 1
    assert "what our-own cost is not known" in str(error) and "playhead.init(price=...)" in str(error)


def test_a_model_without_a_list_price_ends_the_run_too(provider: FakeProvider) -> None:
    error, _ = stopped(Agent(provider, "weather", model="trailhead-adviser-7b"), max_cost_usd=100)
    assert "what trailhead-adviser-7b cost is not known" in str(error)


def test_where_there_are_no_prices_at_all_it_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "_OF_THE_COLLECTOR", "playhead_collector.not_installed")
    prices.listed_prices.cache_clear()
    try:
        with (
            recording(),
            pytest.raises(UsageError, match=r"pip install genai-prices, or tell it with playhead\.init\(price="),
            playhead.limits(max_cost_usd=1),
        ):
            raise AssertionError("nothing may run under a limit that cannot hold")
        with recording(price=lambda usage: 0.1), playhead.limits(max_cost_usd=1):
            weather("Rome")
    finally:
        prices.listed_prices.cache_clear()


def test_a_provider_that_fails_costs_nothing(provider: FakeProvider) -> None:
    provider.fail(500)
    with recording(price=lambda usage: 1.0) as recorded, playhead.limits(max_cost_usd=1), playhead.step("around"):
        requests.post(f"{provider.url}/v1/chat/completions", json={"model": "x", "messages": []}, timeout=60)
        weather("Rome")
    assert len(recorded.of_kind("tool")) == 1


def test_a_prompt_that_failed_and_is_asked_again_is_no_loop(provider: FakeProvider) -> None:
    agent = Agent(provider)
    messages = [{"role": "user", "content": "the same"}]
    provider.fail(500, times=5)
    with recording() as recorded, playhead.limits(max_repeats=2), playhead.step("around"):
        for _ in range(5):
            assert requests.post(agent.url, json={"model": "m", "messages": messages}, timeout=60).status_code == 500
        agent.ask(messages)
        agent.ask(messages)
        with pytest.raises(LimitExceeded, match="a loop: chat"):
            agent.ask(messages)
    assert len(recorded.of_kind("prompt")) == 7


def test_an_agent_that_catches_everything_is_stopped_at_its_next_step_and_may_say_so() -> None:
    caught = []

    @playhead.agent
    def stubborn() -> str:
        for _ in range(5):
            try:
                weather("Rome")
            except Exception as error:  # as many loops do
                caught.append(error)
        playhead.state("given up")
        return "sorry"

    with recording() as recorded, playhead.limits(max_repeats=2):
        assert stubborn() == "sorry"
    assert [type(error) for error in caught] == [LimitExceeded] * 3
    assert len(recorded.named("weather")) == 2
    assert len(recorded.of_kind("state")) == 1
    assert recorded.one("stubborn").attributes["playhead.limit"] == "max_repeats"


def test_tasks_of_a_run_are_under_its_limits_together() -> None:
    @playhead.tool
    async def fetch(page: int) -> int:
        await asyncio.sleep(0)
        return page

    @playhead.agent
    async def crawl() -> list[Any]:
        return await asyncio.gather(*(fetch(page) for page in range(10)), return_exceptions=True)

    with recording() as recorded, playhead.limits(max_steps=6):
        got = asyncio.run(crawl())
    assert len(recorded.of_kind("tool")) == 5
    assert sum(isinstance(one, LimitExceeded) for one in got) == 5


def test_the_inner_limit_of_two_ends_only_what_is_within() -> None:
    with recording(), playhead.limits(max_steps=10):
        with pytest.raises(LimitExceeded), playhead.limits(max_steps=1):
            weather("Rome")
            weather("Oslo")
        weather("Bern")


def test_a_generator_that_is_closed_somewhere_else_closes_its_limits_quietly() -> None:
    async def pages() -> Any:
        with playhead.limits(max_steps=5), playhead.context(user="u"):
            yield 1
            yield 2

    async def main() -> None:
        inner = pages()
        await asyncio.create_task(anext(inner))
        await inner.aclose()

    with recording():
        asyncio.run(main())


@pytest.mark.parametrize("value", [0, -1, True, "5", float("nan")])
def test_a_limit_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match="leave it out for none"), playhead.limits(max_steps=value):
        pass


_HURRIED = """
import sys, time
from pathlib import Path
import playhead
from playhead.journal.reader import read_journal
from playhead.lanes.engine import Engine
from playhead.recorder import recording

served, journal = sys.argv[1] == "served", Path(sys.argv[2])
if served:
    kept = [record[2] for record in read_journal(next(journal.glob("recorded/*"))) if record[0] == "r"]
    recording.engine_of = lambda _: Engine.serving_from(kept)
playhead.init(send=False, journal=journal / sys.argv[1])

@playhead.tool
def wait(turn):
    time.sleep(0.01)

turns = 0
try:
    with playhead.limits(max_seconds=0.1):
        while turns < 1000:
            turns += 1
            wait(turns)
except playhead.LimitExceeded as error:
    print(turns, error)
"""


def test_a_replay_which_does_not_wait_runs_out_of_time_where_the_run_did(tmp_path: Path) -> None:
    recorded, served = (
        subprocess.run([sys.executable, "-c", _HURRIED, how, str(tmp_path)], capture_output=True, text=True, check=True)
        for how in ("recorded", "served")
    )
    assert "s of 0.1 s before" in recorded.stdout
    assert served.stdout == recorded.stdout
