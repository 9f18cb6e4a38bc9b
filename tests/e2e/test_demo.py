"""`playhead demo`, which is all that `make demo` runs: everything that it promises is on the screen."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.e2e.running import playhead_alone


def test_the_demo_shows_its_runs_and_what_is_wrong_with_some(tmp_path: Path) -> None:
    said = playhead_alone(tmp_path, "demo", "--folder", str(tmp_path / "demo"), COLUMNS="200")
    assert said.status == 0, said.err
    table = [line for line in said.out.splitlines() if re.match(r"[✓✗…~]  [0-9a-f]{12}  ", line)]
    assert len(table) == 39
    for words in (
        "cancel_order answered with an error",
        "LimitExceeded: a loop: refund with the same arguments",
        "context grew from",
        "has not ended; last heard of",
        "failed steps on the way",
        "ModelBusy: gpt-4o-mini: HTTP 500",
    ):
        assert any(words in line for line in table), words
    assert "All done!" in said.out
    assert "ORDER_LOCKED" in said.out

    shown = re.findall(r"playhead show (\w+)    # ", said.err)
    assert len(shown) == 4
    called = f"  {sys.executable} -m playhead "
    assert all(f"{called}{command} " in said.err for command in ("tui", "show", "replay", "sql")), "as it was called"
    store = re.findall(r"export PLAYHEAD_STORE=(\S+)", said.err)[0]
    assert playhead_alone(tmp_path, "show", shown[0], "--no-messages", PLAYHEAD_STORE=store).status == 0
