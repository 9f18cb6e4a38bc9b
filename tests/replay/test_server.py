"""Runs out of a server: each by its id, with all that the process had served before, or alone."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

import pytest
from tests.replay.agents import environment_of, playhead
from tests.sdk.engine.provider import provider
from tests.sdk.servers.process import listening

from playhead.journal.single import gather
from playhead_replay.recording.find import from_file

SERVER = """
import os
import playhead
playhead.init(service="shop", send=False)
import httpx2
from fastapi import FastAPI

app, client, seen = FastAPI(), httpx2.AsyncClient(), []

@playhead.agent(name="answer")
async def answer(words: str):
    seen.append(words)
    answer = await client.post(os.environ["PROVIDER"], json={"prompt": words})
    return [answer.json()["answer"], len(seen) if words.startswith("count") else None]

@app.get("/ask")
async def ask(words: str):
    return await answer(words)
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a server recorded that was asked twenty things at once, half of which look at what others left."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "server.py").write_text(SERVER)
    words = [sys.executable, "-m", "uvicorn", "server:app", "--port", "0"]
    with provider() as url, listening(words, folder, environment_of(folder, PROVIDER=url)) as address:
        asked = [f"{'count' if number % 2 else 'say'}-{number}" for number in range(20)]
        with ThreadPoolExecutor(10) as clients:
            list(clients.map(lambda one: urlopen(f"{address}/ask?words={one}").read(), asked))
    file = folder / "server.playhead"
    gather(sorted((folder / "journal").iterdir()), file)
    yield file


def run_that_was_asked(file: Path, words: str) -> str:
    """The last of them: there is something to be shared before it."""
    runs = from_file(file).runs
    asked = {run: str(root.attributes.get("input.value")) for run in runs if (root := from_file(file, run).root)}
    return [run for run, value in asked.items() if f'"{words}-' in value][-1]


def test_a_run_that_looks_at_what_others_left_is_executed_with_its_process_and_says_so(file: Path) -> None:
    words = ("replay", str(file), "--run", run_that_was_asked(file, "count"))
    chosen = playhead(file.parent, *words)
    assert (chosen.code, "identical: 2 steps" in chosen.err) == (0, True), chosen.err
    # A list is shared without anybody being told: the run is tried alone, and parts.
    assert "executed with its process, from its start; alone it parted at step" in chosen.err
    alone = playhead(file.parent, *words, "--alone")
    assert alone.code == 1
    assert "output.value" in alone.err


def test_a_run_that_shares_nothing_is_executed_alone_and_says_so(file: Path) -> None:
    run = run_that_was_asked(file, "say")
    chosen = playhead(file.parent, "replay", "--json", str(file), "--run", run)
    assert (chosen.code, chosen.json["verdict"]["status"]) == (0, "identical"), chosen.err
    assert chosen.json["verdict"]["executed"] == "alone, without the others of the 20 runs of its process"
    assert "it is executed alone" in str(chosen.json["certificate"]["reasons"])
    whole = playhead(file.parent, "replay", "--whole", str(file), "--run", run)
    assert (whole.code, "  executed with its process, from its start\n" in whole.err) == (0, True), whole.err


def test_what_a_replay_has_made_is_gone_when_it_is_told_to_end(file: Path, tmp_path: Path) -> None:
    run = run_that_was_asked(file, "count")
    words = [sys.executable, "-m", "playhead", "replay", str(file), "--run", run, "--step", "--json"]
    told = environment_of(file.parent, TMPDIR=str(tmp_path))
    with subprocess.Popen(
        words, cwd=file.parent, env=told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b'{"stop"')
        assert list(tmp_path.iterdir())
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 143
    assert list(tmp_path.iterdir()) == []
