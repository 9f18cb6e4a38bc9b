"""A file that `playhead record` wrote, in a store."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.e2e.running import playhead_alone, up

_PROGRAM = "import os, time; print(time.time(), flush=True); os.kill(os.getpid(), 9)"


def test_a_recording_in_a_file_is_imported_once_whichever_way(tmp_path: Path) -> None:
    file = tmp_path / "killed.playhead"
    told = playhead_alone(tmp_path, "record", "-o", str(file), "--", sys.executable, "-c", _PROGRAM)
    assert told.status == -9
    with up(tmp_path) as collector:
        first = collector.playhead("import", str(file))
        assert (first.status, first.err.splitlines()[-1]) == (0, "3 spans and log records stored"), first.err
        assert collector.playhead("ship", "--endpoint", collector.url, str(file)).status == 0
        collector.wait_until_stored()
        (run,) = collector.playhead("runs", "--json").rows()
        assert (run["status"], run["error"], run["steps"]) == ("error", "killed by SIGKILL", 1)
        kept = collector.playhead("sql", "--json", "SELECT count() AS pieces FROM recordings").rows()
        assert kept == [{"pieces": 2}], "one of the run, one of the process"


_CHILDREN = """
import multiprocessing, random, sys

def ask(number):
    import httpx2
    try:
        httpx2.post("http://127.0.0.1:9/v1/chat/completions", json={"model": "m", "messages": []})
    except httpx2.ConnectError:
        sys.stdout.write(f"{number}" + chr(10))  # in one piece: others write to the same place

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(ask, range(4))
"""
_MISSING = """
    SELECT run_id, count() AS stored, sum(toInt64OrZero(attributes['playhead.run.steps'])) AS said, said - stored AS
    missing FROM steps GROUP BY run_id ORDER BY missing
"""


def test_that_nothing_of_a_run_is_missing_is_a_query(tmp_path: Path) -> None:
    """Also of one that went through several processes, and also where one of those never sent its part."""
    (tmp_path / "program.py").write_text(_CHILDREN)
    for name in ("whole", "holed"):
        words = ["record", "-o", str(tmp_path / f"{name}.playhead"), "--", sys.executable, str(tmp_path / "program.py")]
        told = playhead_alone(tmp_path, *words)
        assert (told.status, sorted(told.out.split())) == (0, ["0", "1", "2", "3"]), told.err
    file = tmp_path / "holed.playhead"
    lines = file.read_text().splitlines(keepends=True)
    heads = [number for number, line in enumerate(lines) if line.startswith('["head"') and '"segment":1}' in line]
    parts = [lines[start:end] for start, end in zip(heads, [*heads[1:], None], strict=True)]
    assert len(parts) == 3
    # One worker may have done it all.
    child = max(parts[1:], key=lambda part: sum(line.startswith('["s"') for line in part))
    lost = sum(line.startswith('["s"') for line in child)
    file.write_text("".join(line for part in parts if part is not child for line in part))
    with up(tmp_path) as collector:
        for name in ("whole", "holed"):
            assert collector.playhead("import", str(tmp_path / f"{name}.playhead")).status == 0
        whole, holed = collector.playhead("sql", "--json", _MISSING).rows()
    assert (whole["stored"], whole["said"], whole["missing"]) == (5, 5, 0)
    assert (holed["stored"], holed["said"], holed["missing"]) == (5 - lost, 5, lost)
