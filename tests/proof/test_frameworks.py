"""Frameworks as they are, against a provider that streams, calls tools, fails and hangs up: `make proof-frameworks`.

Each program is recorded at the level `exact`, its steps are held against what the provider knows of every request, the
real collector counts its calls, and it is replayed with the provider gone.
"""

from __future__ import annotations

import importlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.collector.conftest import untouched_database  # noqa: F401 - a fixture
from tests.collector.database import StoreDatabase
from tests.sdk.collector import collecting
from tests.sdk.frameworks.comparing import problems
from tests.sdk.frameworks.recorded import Recorded, child, keep_recording, record_and_replay

MODULES = [
    "openai_clients",
    "anthropic_clients",
    "langgraph_agents",
    "openai_agents",
    "pydantic_agents",
    "google_clients",
    "bedrock_clients",
]


@pytest.mark.parametrize("module", MODULES)
def test_a_framework_is_recorded_counted_and_replayed(
    module: str,
    tmp_path: Path,
    untouched_database: StoreDatabase,  # noqa: F811 - the fixture
) -> None:
    with collecting() as collector:
        recorded = record_and_replay(module, tmp_path, collector)
        untouched_database.insert(*collector.requests)
    untouched_database.recompute()
    rows = untouched_database.rows("SELECT name, prompts, tool_calls, input_tokens FROM run_rows FINAL")
    counted = {row["name"].removeprefix("invoke_agent "): row for row in rows}
    wrong: dict[str, list[str]] = {}
    print(f"\n    {module:24} requests  steps  tools  streams  failed  cut  own spans  counted  replayed")
    for program, told in recorded.items():
        row = counted[program]
        found = problems(told) + miscounted(told, row["prompts"], row["tool_calls"], row["input_tokens"])
        if found:
            wrong[program] = found
        prompts = [step for step in told.calls if step["playhead.kind"] == "prompt"]
        print(
            f"      {program:22} {len(told.asked):8} {len(told.calls):6} {len(told.steps('tool')):6}"
            f" {sum('gen_ai.request.stream' in step for step in prompts):8}"
            f" {sum(step['status'] == 2 for step in prompts):7} {sum('playhead.cut' in step for step in prompts):4}"
            f" {told.others:10} {row['prompts']:8}  {'identical' if told.replayed == told.returned else 'NOT'}"
        )
    assert wrong == {}


def miscounted(told: Recorded, prompts: int, tool_calls: int, input_tokens: int | None) -> list[str]:
    """What a framework's own spans tell a second time must not be counted a second time.

    An attempt that failed, beside anthropic's one span of all attempts, may be taken for the call that this tells of.
    """
    made = [step for step in told.calls if step["playhead.kind"] == "prompt"]
    least = len(made) if not told.others else sum(step["status"] != 2 for step in made) or 1
    known = [step["gen_ai.usage.input_tokens"] for step in made if "gen_ai.usage.input_tokens" in step]
    wanted = (len(told.steps("tool")), sum(known) if known else None)
    found = []
    if (tool_calls, input_tokens) != wanted:
        found.append(f"counted {(tool_calls, input_tokens)} and not {wanted}")
    if not min(least, len(made)) <= prompts <= len(made):
        found.append(f"counted {prompts} of {len(made)} calls")
    return found


@contextmanager
def mcp_server() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = importlib.import_module("tests.sdk.frameworks.mcp_clients").SERVER
    with subprocess.Popen([sys.executable, "-c", source, str(port)], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            assert any("running on" in line for line in server.stderr), "the server did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()


def test_mcp_over_stdio_and_over_http_is_recorded_and_replayed(tmp_path: Path) -> None:
    module, programs = "tests.sdk.frameworks.mcp_clients", ("over_stdio", "over_http")
    with collecting() as collector:
        with mcp_server() as url:
            words = [f"{program}={url}" for program in programs]
            recorded = child("record", module, tmp_path, collector.url, words)
        for program in programs:
            keep_recording(collector, program, tmp_path)
        replayed = child("serve", module, tmp_path, collector.url, words)
    for program in programs:
        name, *rolls = recorded[program]["returned"]
        assert (name, len(rolls)) == ("roll", 3)
        assert len({json.dumps(roll) for roll in rolls}) > 1
        assert replayed[program]["returned"] == recorded[program]["returned"], program
        assert replayed[program]["left"] == [0, 0], program
