"""What users get for their own tests: a recorder in memory that gives the same steps every time."""

from __future__ import annotations

import json
import random
import secrets
import subprocess
import sys
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import requests

import playhead
from playhead.recorder.recorder import current
from playhead.testing import Clock, deterministic, recording
from playhead_collector.demo.provider import FakeProvider


@playhead.tool
def look_up(order: str) -> str:
    if order == "nothing":
        raise LookupError(order)
    return f"{order} {uuid.uuid4()} {random.random()}"


@playhead.agent(name="support")
def handle(order: str) -> str:
    playhead.state("looking")
    return look_up(order)


def test_steps_can_be_asked_for_by_kind_and_name_and_place() -> None:
    with recording() as recorded:
        handle("A-1")
        with pytest.raises(LookupError):
            handle("nothing")
    assert len(recorded.runs) == 2
    assert [step.name for step in recorded.of_kind("tool")] == ["look_up", "look_up"]
    first, second = recorded.named("support")
    assert (first.status, second.status) == ("ok", "error")
    assert second.error == "LookupError: nothing"
    assert [step.kind for step in recorded.children(first)] == ["state", "tool"]
    assert json.loads(first.attributes["input.value"]) == {"order": "A-1"}


def test_it_says_which_steps_there_are_when_one_is_missing() -> None:
    with recording() as recorded:
        handle("A-1")
    assert recorded.one("support").kind == "agent"
    with pytest.raises(AssertionError, match="0 steps are named 'refund'; there are: support, run: looking, look_up"):
        recorded.one("refund")


def test_two_recordings_of_the_same_are_equal_to_the_last_id_and_nanosecond() -> None:
    def steps() -> list[dict[str, object]]:
        with recording(seed=7) as recorded:
            handle("A-1")
        return [asdict(step) for step in recorded.steps]

    assert steps() == steps()
    with recording(seed=8) as other:
        handle("A-1")
    assert asdict(other.steps[-1]) != steps()[-1]


def test_nothing_of_it_is_left_behind() -> None:
    before = random.getstate()
    with recording():
        handle("A-1")
    assert random.getstate() == before
    assert current() is None
    assert uuid.uuid4() != uuid.uuid4()


def test_model_calls_are_steps_of_it() -> None:
    with FakeProvider() as provider, recording() as recorded:
        asked: Any = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}
        with playhead.step("around"):
            requests.post(f"{provider.url}/v1/chat/completions", json=asked, timeout=120)
    (prompt,) = recorded.of_kind("prompt")
    assert prompt.attributes["gen_ai.request.model"] == "gpt-5"
    assert prompt.parent_id == recorded.one("around").id


def test_time_passes_when_it_is_told_to() -> None:
    with recording() as recorded, playhead.step("slow"):
        recorded.clock.advance(3600)
    step = recorded.one("slow")
    assert step.ended_ns is not None and step.ended_ns - step.started_ns > 3600e9
    clock = Clock()
    with (
        recording(),
        pytest.raises(playhead.LimitExceeded, match="of 60 s"),
        playhead.limits(max_seconds=60, clock=clock),
    ):
        clock.advance(61)
        look_up("A-1")


def test_randomness_is_the_same_wherever_it_is_drawn() -> None:
    def drawn() -> list[object]:
        with deterministic(3):
            return [random.random(), uuid.uuid4(), secrets.token_hex(4), random.SystemRandom().random()]

    assert drawn() == drawn()


def test_it_stands_in_for_what_init_set_up(tmp_path: Path) -> None:
    program = """
import json, sys, requests, playhead
from playhead.testing import recording
playhead.init("x", send=False, journal=sys.argv[2])

def ask():
    with playhead.step("around"):
        requests.post(sys.argv[1] + "/v1/chat/completions", json={"model": "m", "messages": []})

ask()
for _ in range(2):
    with recording() as outer, recording() as recorded:
        ask()
    assert [step.kind for step in recorded.steps] == ["other", "prompt"], recorded.steps
    assert outer.steps == []
ask()
"""
    with FakeProvider() as provider:
        words = [sys.executable, "-W", "error", "-c", program, provider.url, str(tmp_path)]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    lines = "".join(path.read_text() for path in tmp_path.glob("*/*.jsonl")).splitlines()
    records = [record for record in map(json.loads, lines) if isinstance(record, list)]
    assert [record[4] for record in records if record[0] == "s"] == ["around", "chat m"] * 2


def test_pytest_has_it_as_a_fixture(tmp_path: Path) -> None:
    (tmp_path / "test_agent.py").write_text(
        "import playhead\n"
        "@playhead.tool\n"
        "def add(a: int, b: int) -> int:\n"
        "    return a + b\n"
        "def test_it(playhead_recorder):\n"
        "    assert add(1, 2) == 3\n"
        "    assert playhead_recorder.one('add').attributes['gen_ai.tool.call.result'] == '3'\n"
    )
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "playhead.testing.plugin",
        "-p",
        "no:cacheprovider",
        str(tmp_path),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
