"""A file that `playhead record` wrote, in a store."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.e2e.running import Up, playhead_alone

from playhead_replay.recording.find import from_file

_PROGRAM = "import os, time; print(time.time(), flush=True); os.kill(os.getpid(), 9)"


def test_a_recording_in_a_file_is_imported_once_whichever_way(collector: Up, tmp_path: Path) -> None:
    file = tmp_path / "killed.playhead"
    told = playhead_alone(tmp_path, "record", "-o", str(file), "--", sys.executable, "-c", _PROGRAM)
    assert told.status == -9
    first = collector.playhead("import", str(file))
    assert (first.status, first.err.splitlines()[-1]) == (0, "3 spans and log records stored"), first.err
    assert collector.playhead("ship", "--endpoint", collector.url, str(file)).status == 0
    collector.wait_until_stored()
    recording = from_file(file)
    stored = collector.playhead("runs", "--json", "--limit", "1000").rows()
    (run,) = [row for row in stored if row["run_id"] == recording.run]
    assert (run["status"], run["error"], run["steps"]) == ("error", "killed by SIGKILL", 1)
    pieces = f"SELECT count() AS pieces FROM recordings WHERE process_id = '{recording.process}'"
    kept = collector.playhead("sql", "--json", pieces).rows()
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
    missing FROM steps GROUP BY run_id HAVING run_id IN ({}) ORDER BY missing
"""


def test_that_nothing_of_a_run_is_missing_is_a_query(collector: Up, tmp_path: Path) -> None:
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
    files = [tmp_path / f"{name}.playhead" for name in ("whole", "holed")]
    for one in files:
        assert collector.playhead("import", str(one)).status == 0
    runs = ", ".join(f"'{from_file(one).run}'" for one in files)
    whole, holed = collector.playhead("sql", "--json", _MISSING.format(runs)).rows()
    assert (whole["stored"], whole["said"], whole["missing"]) == (5, 5, 0)
    assert (holed["stored"], holed["said"], holed["missing"]) == (5 - lost, 5, lost)
