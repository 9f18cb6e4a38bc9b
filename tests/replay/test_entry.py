"""`playhead replay --entry module:function`: one run out of a process, by a call of its function alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.replay.agents import Ran, playhead, ran
from tests.sdk.engine.provider import provider

AGENT = """
import asyncio, dataclasses, os, random, threading, time
import playhead
import httpx2, requests

@dataclasses.dataclass
class Ticket:
    number: int
    words: str

@playhead.tool
async def look(client, number):
    await asyncio.sleep(random.random() * 0.01)
    answer = await client.post(os.environ["PROVIDER"], json={"prompt": f"look {number} at {time.time()}"})
    return answer.json()["answer"]

@playhead.agent(name="several")
async def several(ticket, *, size=3):
    async with httpx2.AsyncClient() as client:
        return await asyncio.gather(*(look(client, ticket.number + number) for number in range(size)))

@playhead.agent(name="single")
def single(ticket, *more):
    answer = requests.post(os.environ["PROVIDER"], json={"prompt": f"{ticket.words} {more} {time.time()}"}).json()
    found = []
    thread = threading.Thread(target=lambda: found.append(time.time()))
    thread.start()
    thread.join()
    return [answer["answer"], found, random.random()]

@playhead.agent(name="odd")
def odd(thing):
    return time.time()
"""

MAIN = """
import asyncio, sys
import playhead
playhead.init(service="desk")
import desk

desk.single(desk.Ticket(0, "warming up"), 7)
for number in range(2):
    asyncio.run(desk.several(desk.Ticket(number, "two"), size=2 + number))
desk.single(desk.Ticket(5, "the last"))
desk.odd(object())
"""


@pytest.fixture(scope="module")
def recorded_runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    """A folder with the agent and a recording, and its runs by the name of their agents."""
    folder = tmp_path_factory.mktemp("entry")
    (folder / "desk.py").write_text(AGENT)
    (folder / "main.py").write_text(MAIN)
    with provider() as url:
        done = ran(folder, sys.executable, "main.py", PROVIDER=url)
    assert done.code == 0, done.err
    (journal,) = (folder / "journal").iterdir()
    lines = b"".join(part.read_bytes() for part in sorted(journal.glob("*.jsonl")))
    (folder / "run.playhead").write_bytes(lines)
    (folder / "main.py").unlink()
    runs: dict[str, list[str]] = {}
    for record in map(json.loads, lines.splitlines()):
        if record[0] == "s" and record[3] is None:
            runs.setdefault(record[7]["gen_ai.agent.name"], []).append(record[1])
    return folder, runs


def replayed(recorded_runs: tuple[Path, dict[str, list[str]]], name: str, number: int, entry: str = "") -> Ran:
    folder, runs = recorded_runs
    return playhead(folder, "replay", "run.playhead", "--run", runs[name][number], "--entry", entry or f"desk:{name}")


@pytest.mark.parametrize(("name", "number", "steps"), [("single", 0, 2), ("several", 1, 7)])
def test_a_run_of_a_process_is_executed_alone(
    recorded_runs: tuple[Path, dict[str, list[str]]], name: str, number: int, steps: int
) -> None:
    done = replayed(recorded_runs, name, number)
    assert done.code == 0, done.err
    assert f"identical: {steps} steps" in done.err


def test_what_it_shared_with_runs_before_it_is_a_divergence_and_never_passes(
    recorded_runs: tuple[Path, dict[str, list[str]]],
) -> None:
    done = replayed(recorded_runs, "single", 1)
    assert done.code == 1
    assert "asks for one more random (seed)" in done.err
    assert "what it shares with others of its process" in done.err


def test_the_function_may_have_another_name_and_another_module_and_is_compared_all_the_same(
    recorded_runs: tuple[Path, dict[str, list[str]]],
) -> None:
    folder, _ = recorded_runs
    (folder / "moved.py").write_text(AGENT.replace("async def several(", "async def renamed("))
    moved = replayed(recorded_runs, "several", 0, "moved:renamed")
    assert moved.code == 0, moved.err
    (folder / "changed.py").write_text(AGENT.replace("look {number}", "find {number}"))
    changed = replayed(recorded_runs, "several", 0, "changed:several")
    assert changed.code == 1
    assert "find " in changed.err and "look " in changed.err


@pytest.mark.parametrize(
    ("name", "entry", "said"),
    [
        ("odd", "desk:odd", "was not recorded exactly"),
        ("single", "desk:odd", "its parameters are others now"),
        ("single", "desk:nothing", "has no attribute 'nothing'"),
        ("single", "desk", "write it as module:function"),
    ],
)
def test_what_cannot_be_called_as_it_was_is_refused_in_words(
    recorded_runs: tuple[Path, dict[str, list[str]]], name: str, entry: str, said: str
) -> None:
    done = replayed(recorded_runs, name, 0, entry)
    assert done.code == 2
    assert said in done.err
