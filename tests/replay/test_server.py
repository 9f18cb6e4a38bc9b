"""Runs out of a server: each by its id, with all that the process had served before, or alone."""

from __future__ import annotations

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


def test_a_run_that_looks_at_what_others_left_needs_its_process_and_says_so_alone(file: Path) -> None:
    run = run_that_was_asked(file, "count")
    whole = playhead(file.parent, "replay", str(file), "--run", run)
    assert (whole.code, "identical: 2 steps" in whole.err) == (0, True), whole.err
    alone = playhead(file.parent, "replay", "--alone", str(file), "--run", run)
    assert alone.code == 1
    assert "output.value" in alone.err


def test_a_run_that_shares_nothing_is_identical_alone(file: Path) -> None:
    alone = playhead(file.parent, "replay", "--alone", str(file), "--run", run_that_was_asked(file, "say"))
    assert (alone.code, "identical: 2 steps" in alone.err) == (0, True), alone.err
