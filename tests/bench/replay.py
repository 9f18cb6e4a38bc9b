"""How fast a recording is served: `make bench-replay`, one line of JSON.

Programs are recorded and replayed as a user does it, with the network gone, and read their own processor time around
their effects: from the system, past the recording. `effects` are what the engine serves: clocks, draws, variables,
waits. Each replay is held against what was recorded; a figure of one that is not identical is no figure.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests.bench import stepping
from tests.proof.replaying import Told, record, replay

ROUNDS = 5
EFFECTS, TASKS, CALLS = 60_000, 50, 40

# A module by a name of Playhead's own is machinery: what it reads is not recorded, and not served.
_FIGURES = """
import json, os, sys
beside = {"__name__": "playhead.bench"}
exec('''
import resource, time
def cpu_s(): return time.process_time()
def peak_mb(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
''', beside)
def say(effects, began_s):
    told = {"per_s": effects / (beside["cpu_s"]() - began_s), "peak_rss_mb": beside["peak_mb"]()}
    print(json.dumps(told), file=sys.stderr)
"""

_ONE = "time.time() + int.from_bytes(os.urandom(2), 'big') + len(os.environ['PROVIDER']); await asyncio.sleep(1e-6)"

# A sleep is two effects: a look at the loop's clock, and the wait.
SEQUENTIAL = f"""{_FIGURES}
import asyncio, time
async def main():
    began, total = beside["cpu_s"](), 0.0
    for _ in range({EFFECTS} // 5):
        total += {_ONE}
    say({EFFECTS}, began)
    return total
print(asyncio.run(main()))
"""

FIFTY = f"""{_FIGURES}
import asyncio, time
async def one():
    total = 0.0
    for _ in range({EFFECTS} // 5 // {TASKS}):
        total += {_ONE}
    return total
async def main():
    began = beside["cpu_s"]()
    told = await asyncio.gather(*(one() for _ in range({TASKS})))
    say({EFFECTS}, began)
    return told
print(asyncio.run(main()))
"""

EXCHANGES = f"""{_FIGURES}
import asyncio
import httpx2
async def one(client, number):
    last = 0
    for turn in range({CALLS}):
        asked = {{"prompt": f"{{number}} {{turn}} {{last}}", "delay": 0}}
        last = (await client.post(os.environ["PROVIDER"], json=asked)).json()["answer"]
    return last
async def main():
    async with httpx2.AsyncClient() as client:
        began = beside["cpu_s"]()
        told = await asyncio.gather(*(one(client, number) for number in range({TASKS})))
        say({TASKS} * {CALLS}, began)
        return told
print(asyncio.run(main()))
"""


def main() -> None:
    one, fifty, exchanges = (measured(text) for text in (SEQUENTIAL, FIFTY, EXCHANGES))
    back = stepping.measured()
    assert back.equal, "a moment was not what it had been"
    figures: dict[str, Any] = {
        "effects_per_s": round(one["per_s"]),
        "effects_per_s_50_tasks": round(fifty["per_s"]),
        "exchanges_per_s_50_tasks": round(exchanges["per_s"]),
        "peak_rss_mb": round(max(told["peak_rss_mb"] for told in (one, fifty, exchanges)), 1),
        "back_ms": back.back_ms,
        "identical": f"{3 * ROUNDS} of {3 * ROUNDS}",
    }
    print(json.dumps(figures))


def measured(text: str) -> dict[str, float]:
    """The median of replays, every one of which was identical."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "agent.py").write_text(text)
        told = record(folder, folder / "agent.py")
        assert told.code == 0
        found = [one_replay(told) for _ in range(ROUNDS)]
    return {key: statistics.median(one[key] for one in found) for key in found[0]}


def one_replay(told: Told) -> dict[str, float]:
    again = replay(told)
    assert (again.status, again.out) == ("identical", told.out), again.err
    figures: dict[str, float] = json.loads(next(line for line in again.err.splitlines() if line.startswith('{"per_s"')))
    return figures


if __name__ == "__main__":
    main()
