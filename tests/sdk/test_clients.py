"""The clients of OpenAI and Anthropic as they are, without a line about them in the SDK: recorded, and replayed.

What each step must say is what the provider knows of its request. Other frameworks have the same test in
tests/proof/test_frameworks.py, since they take longer to install.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.sdk.collector import collecting
from tests.sdk.frameworks.comparing import problems
from tests.sdk.frameworks.recorded import Recorded, record_and_replay


@pytest.fixture(scope="module", params=["openai_clients", "anthropic_clients"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Recorded]]:
    with collecting() as collector:
        yield record_and_replay(request.param, tmp_path_factory.mktemp(request.param), collector)


def test_every_request_is_one_step_that_says_what_the_provider_knows(recorded: dict[str, Recorded]) -> None:
    wrong = {program: found for program, told in recorded.items() if (found := problems(told))}
    assert wrong == {}


def test_tools_are_steps_with_the_arguments_that_the_model_gave(recorded: dict[str, Recorded]) -> None:
    for program in ("chat_with_tools", "responses_with_tools", "messages_with_tools", "tool_runner"):
        if program not in recorded:
            continue
        told = recorded[program]
        said = told.asked[0].said
        assert said is not None
        tools = told.steps("tool")
        assert len(tools) == len(said.calls)
        for tool, call in zip(tools, said.calls, strict=True):
            assert str(call.arguments["city"]) in tool["gen_ai.tool.call.arguments"]
            assert str(call.arguments["city"]) in tool["gen_ai.tool.call.result"]


def test_each_attempt_is_a_step_of_its_own(recorded: dict[str, Recorded]) -> None:
    assert [step["status"] for step in recorded["retried"].calls] == [2, 2, 0]
    assert [step["status"] for step in recorded["refused"].calls] == [2, 2, 2]


def test_what_came_before_a_hang_up_is_kept(recorded: dict[str, Recorded]) -> None:
    for program in ("hung_up", "hung_up_async", "hung_up_responses"):
        for step in recorded[program].calls if program in recorded else []:
            assert "Answer" in step["gen_ai.output.messages"]
            assert step["error.type"].endswith("RemoteProtocolError")
