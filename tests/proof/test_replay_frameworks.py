"""Unpatched frameworks through `playhead record` and `playhead replay`: streams, tools side by side, hand-overs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from tests.proof.replaying import PROGRAMS, TIMES, problems, record

from playhead_collector.demo.provider import FakeProvider

# The package that must be there, the module of tests/sdk/frameworks, the programs.
FRAMEWORKS = {
    "agents": ("openai_agents", ("with_tools", "over_chat", "streamed", "side_by_side", "handed_over", "retried")),
    "langgraph": ("langgraph_agents", ("looped", "looped_async", "branches", "streamed", "retried")),
    "pydantic_ai": ("pydantic_agents", ("with_tools", "streamed", "side_by_side")),
    "anthropic": (
        "anthropic_clients",
        ("messages_with_tools", "messages_streamed", "messages_side_by_side", "retried"),
    ),
    "openai": ("openai_clients", ("chat_side_by_side", "responses_streamed", "chat_streamed", "hung_up_async")),
}
QUIET = {"OPENAI_AGENTS_DISABLE_TRACING": "1", "LANGSMITH_TRACING": "false", "DO_NOT_TRACK": "1"}


@pytest.mark.parametrize(
    ("package", "module", "program"),
    [(package, module, program) for package, (module, programs) in FRAMEWORKS.items() for program in programs],
)
def test_a_framework_is_identical_every_time(package: str, module: str, program: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed: make proof-frameworks does it")
    with FakeProvider() as provider:
        for what in importlib.import_module(f"tests.sdk.frameworks.{module}").PROGRAMS[program]:
            if "fail" in what:
                provider.fail(what["fail"], retry_after=0.001)
            else:
                provider.hang_up(after=what["hang_up"])
        told = record(tmp_path, PROGRAMS / "framework.py", module, program, url=provider.url, **QUIET)
    assert (told.code, bool(told.out)) == (0, True)
    found = problems(told, TIMES)
    print(f"    {module:20} {program:24} {TIMES - len(found):3} of {TIMES}")
    assert found == []
