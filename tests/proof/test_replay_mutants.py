"""Every change of an agent's code, or of its recording, is told, and at the right step: part of `make proof-replay`."""

from __future__ import annotations

import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.proof.replay_mutants import CLERK, EQUIVALENT, MUTANTS, SWARM, Lines, Mutant
from tests.proof.replaying import Again, Told, replay, run

from playhead.journal.single import gather
from playhead_collector.demo.provider import FakeProvider

SOURCES = {"clerk": CLERK, "swarm": SWARM}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    made = {}
    for name, text in SOURCES.items():
        folder = tmp_path_factory.mktemp(name)
        (folder / "agent.py").write_text(text)
        with FakeProvider() as provider:
            done = run(folder, sys.executable, "agent.py", PROVIDER=provider.url)
        assert done.code == 0, done.err
        gather(sorted((folder / "journal").iterdir()), folder / "run.playhead")
        made[name] = Told(folder, folder / "run.playhead", done.out, 0)
        assert replay(made[name]).status == "identical"
    return made


def after(mutant: Mutant, recorded: Told, folder: Path) -> Again:
    """A folder of its own for each, with the program and the recording, one of them changed."""
    folder.mkdir()
    text = (recorded.folder / "agent.py").read_text()
    lines: Lines = [json.loads(line) for line in recorded.file.read_text().splitlines()]
    if mutant.of_code:
        text = mutant.change(text)  # type: ignore[arg-type, assignment]
    else:
        mutant.change(lines)  # type: ignore[arg-type]
    (folder / "agent.py").write_text(text)
    file = folder / "run.playhead"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = (*("--", sys.executable, "agent.py"),)
    return replay(Told(folder, file, recorded.out, 0), after=words)


def wrong(mutant: Mutant, again: Again) -> str:
    if mutant.at is None:
        return "" if again.code == 2 else f"{mutant.name}: not refused: {again.status} {again.what}"
    if again.status != "diverged" or again.code != 1:
        return f"{mutant.name}: {again.status} with exit status {again.code}: {again.what}{again.err[-300:]}"
    step = again.step or 0
    return "" if step in mutant.at else f"{mutant.name}: told at step {step} and not {mutant.at}: {again.what}"


def test_every_change_is_told_at_the_right_step(recorded: dict[str, Told], tmp_path: Path) -> None:
    assert len(MUTANTS) >= 60

    def look(number: int) -> str:
        mutant = MUTANTS[number]
        try:
            return wrong(mutant, after(mutant, recorded[mutant.program], tmp_path / str(number)))
        except (AssertionError, IndexError, ValueError) as error:
            return f"{mutant.name}: it could not be made: {error!r}"

    with ThreadPoolExecutor(2) as pool:
        found = list(filter(None, pool.map(look, range(len(MUTANTS)))))
    for one in found:
        print(f"    {one}")
    print(f"    {len(MUTANTS) - len(found)} of {len(MUTANTS)} changes told, each at its step")
    assert found == []


def test_what_is_no_other_run_is_identical(recorded: dict[str, Told], tmp_path: Path) -> None:
    for number, mutant in enumerate(EQUIVALENT):
        again = after(mutant, recorded[mutant.program], tmp_path / str(number))
        assert again.status == "identical", (mutant.name, again.what, again.err)
    shutil.rmtree(tmp_path)
