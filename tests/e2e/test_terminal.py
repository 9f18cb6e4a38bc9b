"""`playhead tui` in a real terminal, against a collector that runs: as an engineer uses it who was called."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from tests.e2e.conftest import Demo
from tests.e2e.running import up
from tests.e2e.terminal import ROOT, installed, terminal

DESK = ROOT / "tests" / "replay" / "recordings" / "desk.playhead"

pytestmark = pytest.mark.skipif(not installed(), reason="tmux is not installed")


@pytest.mark.parametrize("size", [(80, 24), (150, 45)], ids=["80x24", "150x45"])
def test_a_failed_run_is_searched_opened_stepped_through_and_exported(
    demo: Demo, tmp_path: Path, size: tuple[int, int]
) -> None:
    run_id = demo.run_of("refund-loop")
    with terminal(tmp_path, size, "tui", PLAYHEAD_STORE=demo.up.store) as there:
        there.sees(" runs", "live ●")
        there.type("/status:error tool:refund")
        there.press("Enter")
        there.sees("1 run", run_id[:12], "LimitExceeded", "replayable: exact")
        there.press("Enter")
        there.sees("replayable: exact", "LimitExceeded: a loop", "step 1/12")
        there.press("t")
        there.sees("step 5/12", "▾ arguments")
        there.press("2")
        there.sees("what a model is given changes")
        there.press("p")
        there.sees("context since step", "assistant")
        there.type("/refund")
        there.press("Enter")
        there.sees("»")
        there.type("e")
        there.sees("export to")
        there.press("C-u")
        there.sees("export to", gone=f"run-{run_id[:12]}")
        there.type(str(tmp_path / "run.otlp"))
        there.press("Enter")
        there.sees("wrote")
        # Out of what was looked for, out of the run, out of all.
        there.press("q", "q", "q")
        there.sees("ended with 0")
    data = TracesData.FromString((tmp_path / "run.otlp").read_bytes())
    spans = [span for resource in data.resource_spans for scope in resource.scope_spans for span in scope.spans]
    assert len(spans) == 12 and {span.trace_id.hex() for span in spans} == {run_id}


def test_a_step_is_read_in_the_pager_and_the_screen_comes_back(demo: Demo, tmp_path: Path) -> None:
    run = ("--run", demo.run_of("refund-loop"))
    with terminal(tmp_path, (100, 30), "tui", *run, PLAYHEAD_STORE=demo.up.store, PAGER="less") as there:
        there.sees("step 1/12")
        there.press("t")
        there.sees("step 5/12")
        there.press("o")
        there.sees("── arguments", "(END)")
        there.press("q")
        there.sees("step 5/12", "▾ arguments")
        there.press("q", "q")
        there.sees("ended with 0")


def test_a_run_is_replayed_step_by_step_changed_and_forked_and_its_diff_read(tmp_path: Path) -> None:
    with up(tmp_path / "up") as collector:
        assert collector.playhead("import", str(DESK)).status == 0
        where = {"PLAYHEAD_STORE": collector.store, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        with terminal(tmp_path, (120, 40), "tui", **where) as there:
            there.sees("1 run", "live ●")
            there.press("Enter")
            there.sees("step 1/12")
            there.press("t", "t", "r")
            there.sees("step 8/12", "about to happen", "T refund")
            there.press("b")
            there.sees("step 7/12")
            there.press("s")
            there.sees("step 8/12")
            there.press("e")
            there.sees("tool.result", "tool.arguments")
            there.press("Enter")
            there.sees("take it", "cancel")
            there.press("C-a")
            there.sees("take it", gone="r-")
            there.type("refunded")
            there.sees("refunded")
            there.press("C-s")
            there.sees("refunded", gone="take it")
            there.press("F")
            there.sees("live")
            there.press("Tab", "Tab", "Enter")
            there.sees("first divergence", "refunded")
            there.press("q", "q", "q", "q", "q")
            there.sees("ended with 0")
