"""A fork of a stored run is stored beside it: sent to the collector, listed with its parent, and replayed by its id."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.e2e.running import Up
from tests.replay.agents import playhead
from tests.replay.models import DESK, model


def test_a_fork_of_a_stored_run_is_stored_and_says_whose_it_is(collector: Up, tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text(DESK)
    with model() as there:
        more = {
            "MODEL": there.url, "OPENAI_API_KEY": "none", "PLAYHEAD_STORE": collector.store,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        }  # fmt: skip
        assert playhead(tmp_path, "record", "--", sys.executable, "agent.py", **more).code == 0
        collector.wait_until_stored()
        words = ("--at", "weather", "--set", 'tool.result={"sky": "blue"}', "--live", "--yes")
        forked = playhead(tmp_path, "fork", "last", *words, **more)
        assert forked.code == 0, forked.err
        told = re.search(r"⑂ (\w{32}) of run (\w{12}) at step 4 is in the collector", forked.err)
        assert told is not None, forked.err
        collector.wait_until_stored()
        assert f"⑂ of {told[2]} at step 4" in playhead(tmp_path, "show", told[1], **more).out
        again = playhead(tmp_path, "replay", told[1], **more)
        assert (again.code, again.out) == (0, forked.out), again.err
