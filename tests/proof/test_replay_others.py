"""The same programs under what the package registry has: what was seen is published, not asserted.

Each package is installed into an environment of its own (PROOF_OTHERS names one that is there already), used as its
documentation says, and run in the same way: recorded live, then replayed with the provider and the network gone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections import Counter
from pathlib import Path

import pytest
from tests.proof.replaying import PROGRAMS, TIMES, isolated
from tests.proof.test_replay import ONE_SHOT, RUNS, WORKERS
from tests.replay.agents import environment_of
from tests.sdk.engine.provider import provider

PACKAGES = ("reeltime", "vcrpy", "llm-run-recorder")
NEEDED = ("anyio", "requests", "httpx", "httpx2")
DRIVERS = Path(__file__).parent / "other_packages"
PATIENCE_S = 60
# Of what the packages say where a replay is not the recorded run; one that is said in a thread ends no program.
TELLS = ("drift", "TapeMiss", "CannotOverwriteExistingRequest", "ReplayMissError")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    there = os.environ.get("PROOF_OTHERS")
    if there:
        return Path(there) / "bin" / "python"
    folder = tmp_path_factory.mktemp("others")
    venv.create(folder, with_pip=True)
    made = folder / "bin" / "python"
    words = [str(made), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES, *NEEDED]
    subprocess.run(words, check=True)
    return made


def words_of(package: str, python: Path, direction: str, *program: str) -> list[str]:
    if package == "reeltime":
        tape = str(python.parent / "tape")
        return [tape, "run", str(python), *program] if direction == "record" else [tape, "replay", "last"]
    return [str(python), str(DRIVERS / f"with_{package.replace('-', '_')}.py"), direction, *program]


def seen(package: str, python: Path, folder: Path, program: list[str]) -> tuple[Counter[str], str]:
    """How often it was identical, said that it is not, was another without a word, or hung; and its first words."""
    counts: Counter[str] = Counter()
    first = ""

    def run(direction: str, url: str) -> tuple[int | None, str, str]:
        environment = {**environment_of(folder), "PYTHONPATH": path_of_others(), "PROVIDER": url}
        environment.pop("PYTHONHASHSEED")
        words = words_of(package, python, direction, *program)
        try:
            done = subprocess.run(
                [*(isolated() if direction == "replay" else ()), *words],
                cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None, "", "it hung"
        return done.returncode, done.stdout, done.stderr

    with provider() as url:
        code, out, err = run("record", url)
    if code != 0:
        return Counter(cannot=TIMES), err.strip().splitlines()[-1:][0] if err.strip() else "it hung"
    wanted = printed(out)
    for _ in range(TIMES):
        code, out, err = run("replay", url)
        if code is None:
            counts["hung"] += 1
        elif code == 0 and printed(out) == wanted:
            counts["identical"] += 1
            continue
        elif code != 0 or any(word in out + err for word in TELLS):
            counts["told"] += 1
        else:
            counts["silent"] += 1
        first = first or (err.strip().splitlines() or [""])[-1][:160]
        if counts["hung"] >= 2:
            counts["hung"] += TIMES - counts.total()
            break
    return counts, first


def printed(out: str) -> str:
    """The program's lines: its own are JSON."""
    return "\n".join(line for line in out.splitlines() if line[:1] in '[{0123456789"')


def path_of_others() -> str:
    """The programs import one another; nothing of Playhead is to be found."""
    return str(PROGRAMS.parents[2])


@pytest.mark.parametrize("package", PACKAGES)
def test_the_same_programs_under_another_package(package: str, python: Path, tmp_path: Path) -> None:
    print(f"    {package}: of {TIMES}: identical, told, silently another, hung, cannot")
    programs = [[str(PROGRAMS / "one_shot.py"), name] for name in ONE_SHOT]
    programs += [[str(PROGRAMS / "workers.py"), name, str(RUNS)] for name in WORKERS]
    for program in programs:
        folder = tmp_path / program[1]
        folder.mkdir()
        counts, said = seen(package, python, folder, program)
        figures = [counts[word] for word in ("identical", "told", "silent", "hung", "cannot")]
        print(f"    {program[1]:24} {' '.join(f'{figure:3}' for figure in figures)}  {said}", flush=True)
    assert sys.executable != str(python)
