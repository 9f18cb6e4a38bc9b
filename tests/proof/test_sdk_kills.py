"""Two hundred agents, each killed at a moment of its own: every run is cut at its end, and has no holes.

    make proof-sdk

What an agent saw is in its own log (see sdk_agents.py); what the recorder kept is read from the journal first, then
sent by `playhead ship` to a real collector and read from there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.e2e.running import Up, playhead_alone, up, wait_for
from tests.proof.sdk_journals import seen_in, told

from playhead_collector.demo.provider import FakeProvider

KILLS = int(os.environ.get("PROOF_KILLS", "200"))
MOST_SEEN = 150
LONGEST_S = 0.03
REPOSITORY = Path(__file__).resolve().parents[2]


@contextmanager
def nursery() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.proof.sdk_agents"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def born(nursery: subprocess.Popen[str], *words: object) -> int:
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(json.dumps([str(word) if isinstance(word, Path) else word for word in words]) + "\n")
    nursery.stdin.flush()
    return int(nursery.stdout.readline())


def seen_by_now(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0


def gone(child: int) -> bool:
    try:
        os.kill(child, 0)
    except ProcessLookupError:
        return True
    return False


def test_agents_killed_at_random_moments_leave_runs_that_are_cut_and_never_holed(
    tmp_path: Path, rng: Random, seed: int
) -> None:
    journals = tmp_path / "journals"
    journals.mkdir()
    seen, runs, steps, cut = Counter[str](), 0, 0, 0
    with FakeProvider(pace=0.001) as provider, nursery() as agents:
        for number in range(KILLS):
            before, log = set(journals.iterdir()), tmp_path / f"{number}.seen"
            level = "wire" if number % 5 == 4 else "exact"
            child = born(agents, journals, log, provider.url, rng.randrange(1 << 30), level)
            wanted = rng.randrange(MOST_SEEN)
            wait_for(lambda log=log, wanted=wanted: seen_by_now(log) > wanted, "an agent to do something")
            # The moment is what is tried here.
            time.sleep(rng.random() * LONGEST_S)
            os.kill(child, signal.SIGKILL)
            wait_for(lambda child=child: gone(child), "an agent to die")
            (journal,) = set(journals.iterdir()) - before
            saw, kept = seen_in(log), told(journal)
            assert kept.lacks(saw) == [], f"kill {number}, seed {seed}"
            assert kept.holes == [], f"kill {number}, seed {seed}"
            assert (kept.twice, kept.orphans) == (0, 0), f"kill {number}, seed {seed}"
            seen.update(what for what, _ in saw)
            runs += len({start[1] for start in kept.started})
            steps += len(kept.started)
            cut += kept.open
    assert all(seen[what] > KILLS for what in ("tool", "state", "draw", "prompt", "chunk")), seen
    counts = f"{runs} runs, {steps} steps, {cut} of them cut"
    with up(tmp_path / "collector") as collector:
        shipped = ship(collector, journals)
        assert shipped == {"spans": steps - cut, "open": cut, "refused": 0, "left": 0}, f"seed {seed}"
        collector.wait_until_stored()
        stored = collector.playhead("sql", "--json", _STEPS).rows()
    numbers: dict[str, list[int]] = {}
    for row in stored:
        numbers.setdefault(row["run_id"], []).append(int(row["number"]))
    assert (len(numbers), len(stored)) == (runs, steps), f"seed {seed}"
    assert sum(row["status"] == "open" for row in stored) == cut
    assert [run for run, found in numbers.items() if sorted(found) != list(range(len(found)))] == []
    print(f"    {KILLS} kills, seed {seed}: {counts}; seen by the agents: {dict(seen)}; lost 0, holes 0, twice 0")


_STEPS = "SELECT run_id, status, attributes['playhead.sequence'] AS number FROM steps"


def ship(collector: Up, journals: Path) -> dict[str, int]:
    said = playhead_alone(
        collector.folder, "ship", "--json", "--wait", "100", "--journal", str(journals), "--endpoint", collector.url
    )
    assert said.status == 0, said.err
    return {str(key): int(value) for key, value in json.loads(said.out).items()}
