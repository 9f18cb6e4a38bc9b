"""`playhead replay`: a recorded program executed again with the world gone is the same, or is said not to be."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from tests.replay.agents import playhead, ran, recorded
from tests.replay.programs import PLAIN, SWARM
from tests.sdk.engine.provider import provider


def test_a_program_without_a_line_of_playhead_replays_with_its_output_and_its_end(tmp_path: Path) -> None:
    file, before = recorded(tmp_path, PLAIN, "0")
    again = playhead(tmp_path, "replay", str(file))
    assert (again.code, again.out) == (0, before.out)
    assert "identical: 5 steps, output equal" in again.err


def test_fifty_workers_that_race_come_back_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text(SWARM)
    with provider() as url:
        before = ran(tmp_path, sys.executable, "agent.py", "50", PROVIDER=url)
    (journal,) = (tmp_path / "journal").iterdir()
    (tmp_path / "run.playhead").write_bytes(b"".join(part.read_bytes() for part in sorted(journal.glob("*.jsonl"))))
    for _ in range(3):
        again = playhead(tmp_path, "replay", "run.playhead")
        assert (again.code, again.out) == (0, before.out), again.err
    assert "identical: 151 steps" in again.err


def test_a_run_that_had_failed_is_identical_with_a_status_of_its_own(tmp_path: Path) -> None:
    file, before = recorded(tmp_path, PLAIN, "4")
    again = playhead(tmp_path, "replay", str(file))
    assert (before.code, again.code) == (4, 3)
    assert "the recorded run itself had failed" in again.err


def test_changed_code_is_a_divergence_at_the_step_where_it_shows(tmp_path: Path) -> None:
    file, _ = recorded(tmp_path, PLAIN, "0")
    agent = tmp_path / "agent.py"
    agent.write_text(PLAIN.replace("after {last}", "behind {last}"))
    again = playhead(tmp_path, "replay", "--json", str(file))
    assert again.code == 1
    verdict = again.json["verdict"]
    assert verdict["status"] == "diverged"
    assert any("turn 0 after start" in line and "turn 0 behind start" in line for line in verdict["differences"])


@pytest.mark.parametrize(
    ("change", "said"), [("range(3)", "did not happen"), ("range(5)", "one more environment (PROVIDER)")]
)
def test_calls_that_are_missing_or_too_many_are_told(tmp_path: Path, change: str, said: str) -> None:
    file, _ = recorded(tmp_path, PLAIN, "0")
    (tmp_path / "agent.py").write_text(PLAIN.replace("range(4)", change))
    again = playhead(tmp_path, "replay", str(file))
    assert again.code == 1
    assert said in again.err


def test_where_the_program_is_gone_the_way_out_is_said(tmp_path: Path) -> None:
    file, _ = recorded(tmp_path, PLAIN, "0")
    (tmp_path / "agent.py").rename(tmp_path / "moved.py")
    again = playhead(tmp_path, "replay", str(file))
    assert again.code == 2
    assert "is not here" in again.err
    moved = playhead(tmp_path, "replay", str(file), "--", sys.executable, "moved.py", "0")
    assert moved.code == 0, moved.err


@pytest.mark.parametrize(("kept", "why"), [(0, "it is empty"), (100, "it was cut short"), (300, "it was cut short")])
def test_a_recording_of_which_only_the_beginning_is_here_says_that_it_holds_no_run(
    tmp_path: Path, kept: int, why: str
) -> None:
    file, _ = recorded(tmp_path, "print(1)")
    (tmp_path / "cut.playhead").write_bytes(file.read_bytes()[:kept])
    said = playhead(tmp_path, "replay", "cut.playhead")
    assert said.code == 2
    assert f"cut.playhead holds no run: {why}" in said.err and "take the original of it, or record it again" in said.err


def test_a_certificate_names_what_stands_against_a_replay(tmp_path: Path) -> None:
    file, _ = recorded(tmp_path, "import os\nos.system('true')\n" + PLAIN, "0")
    certificate = playhead(tmp_path, "certify", str(file))
    assert certificate.code == 1
    assert "partial" in certificate.out
    assert "not captured: a subprocess: true" in certificate.out


def test_the_pace_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    program = "import time\ntime.sleep(0.7)\nprint('slept')"
    file, _ = recorded(tmp_path, program)
    began = time.monotonic()
    assert playhead(tmp_path, "replay", "--realtime", str(file)).out == "slept\n"
    paced = time.monotonic() - began
    assert paced >= 0.7
    assert playhead(tmp_path, "replay", str(file)).code == 0
