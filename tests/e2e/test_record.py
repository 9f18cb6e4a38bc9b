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
