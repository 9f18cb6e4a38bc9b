"""Stepping through a replay: it stops at the step, shows what is there, and going back shows the same again."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from tests.replay.agents import environment_of
from tests.replay.sessions import recording_of, shown, stepping, stopped, walk, where
from tests.replay.stepped import CREW, ODD, READER, SERVED, SHOP, SWARM

from playhead.errors import UsageError
from playhead_replay.entry import Entry, entry_of
from playhead_replay.recording.find import from_file
from playhead_replay.recording.recording import Recording
from playhead_replay.stepping.session import Session, Standing
from playhead_replay.stepping.stop import Ended, Stop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, str]:
    return recording_of(tmp_path_factory.mktemp("shop"), SHOP, "4")


def test_it_stops_where_steps_begin_and_end_with_frame_and_locals(shop: tuple[Recording, str], tmp_path: Path) -> None:
    with stepping(shop[0], tmp_path / "out") as session:
        stops = [session.begin(), *(session.step() for _ in range(7))]
        assert [where(stop) for stop in stops] == [
            ("shop", True), ("look", True), ("look", False), ("desk: order 0", True), ("settling", True),
            ("refund", True), ("refund", False), ("settling", False),
        ]  # fmt: skip
        stop = stopped(stops[5])
        assert stop.frame is not None and stop.frame.function == "shop"
        assert "refund(number, number * 100)" in next(
            line.text for line in stop.frame.source if line.number == stop.frame.line
        )
        assert shown(stop)["order"] == "Order(0)" and shown(stop)["total"] == "0"
        assert shown(stop)["found"].startswith("{'number': 0, 'at': ")
        assert stop.states == {"desk": "order 0"}
        assert [frame.function for frame in stop.frames] == ["shop", "<module>"]
        outer = {row.name: row.text for row in session.locals(1)}
        assert "shop" not in outer and "total" not in outer


def test_over_out_and_continue_go_where_they_say(shop: tuple[Recording, str], tmp_path: Path) -> None:
    with stepping(shop[0], tmp_path / "out") as session:
        assert where(session.begin(until=4)) == ("settling", True)
        assert where(session.over()) == ("settling", False)
        assert where(session.over()) == ("look", True)
        assert where(session.until(8)) == ("settling", True)
        assert where(session.step()) == ("refund", True)
        assert where(session.out()) == ("settling", False)
        assert where(session.out()) == ("shop", False)
        ended = session.go_on()
        assert isinstance(ended, Ended) and ended.verdict.status == "identical"
    assert (tmp_path / "out").read_text() == shop[1]


def test_a_value_that_cannot_be_shown_is_said_to_be_so_and_holds_nobody_up(tmp_path: Path) -> None:
    recording, _ = recording_of(tmp_path, ODD)
    with stepping(recording, tmp_path / "out") as session:
        found = shown(session.begin(until=2))
    assert found["endless"] == "<Odd, whose repr takes too long>"
    assert found["broken"] == "<Odd, whose repr raises LookupError: no repr today>"
    assert found["huge"].startswith("[0, 1, 2") and found["huge"].endswith("… 999988 more]")
    assert "a1B2" not in found["api_key"] and "redacted" in found["api_key"]


def test_an_expression_changes_nothing_and_reaches_nothing(shop: tuple[Recording, str], tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    with stepping(shop[0], tmp_path / "out") as session:
        before = session.begin(until=6)
        assert session.value("total + order.number").text == "1"
        assert session.value("found.clear()").type == "NoneType"
        assert session.value("found['number']").text == "0"
        assert "SyntaxError" in session.value("if").text
        assert "subprocess" in session.value(f"__import__('os').system('touch {touched}')").text
        assert "open" in session.value(f"open({str(touched)!r}, 'w')").text
        assert not touched.exists()
        session.step()
        assert session.back() == before
        ended = session.go_on()
        assert isinstance(ended, Ended) and ended.verdict.status == "identical"


def test_back_shows_what_was_there_and_forward_again_it_is_the_same_run(
    shop: tuple[Recording, str], tmp_path: Path
) -> None:
    with stepping(shop[0], tmp_path / "out") as session:
        forth = walk(session.begin(), session.step)
        back = [session.back() for _ in forth[1:]]
        assert back == forth[-2::-1]
        assert session.back() == forth[0]  # there is nothing before
        assert walk(session.standing, session.step) == forth
        assert session.go_to(9) == next(stop for stop in forth if stopped(stop).number == 9)
        assert session.go_to(3) == next(stop for stop in forth if stopped(stop).number == 3)
        printed = (tmp_path / "out").read_text()
        assert isinstance(session.back(), Stop)
        assert (tmp_path / "out").read_text() == printed  # what was printed before is not printed again
        ended = session.go_on()
        assert isinstance(ended, Ended) and ended.verdict.status == "identical"
        assert session.forks > 0


def test_side_by_side_the_frame_is_the_tasks_own_and_back_is_exact(tmp_path: Path) -> None:
    recording, out = recording_of(tmp_path, SWARM, "3")
    with stepping(recording, tmp_path / "out") as session:
        forth = walk(session.begin(), session.step)
        assert isinstance(forth[-1], Ended) and forth[-1].verdict.status == "identical"
        looks = [stopped(stop) for stop in forth[:-1] if where(stop)[0] == "look"]
        assert len(looks) == 18
        for stop in looks:
            assert [frame.function for frame in stop.frames] == ["worker"]
        assert {shown(stop)["number"] for stop in looks} == set("012")
        back = [session.back() for _ in forth[1:]]
        assert back == forth[-2::-1]
        assert walk(session.standing, session.step) == forth
        session.go_to(2)
        first = stopped(session.standing)
        over = stopped(session.over())
        assert (over.step, over.begins) == (first.step, False)
        assert stopped(session.over()).lane == first.lane
        assert session.forks > 18
    assert out in (tmp_path / "out").read_text()


def test_with_threads_back_is_exact_too_from_further_back(tmp_path: Path) -> None:
    recording, _ = recording_of(tmp_path, CREW, "3")
    with stepping(recording, tmp_path / "out") as session:
        forth = walk(session.begin(), session.step)
        assert isinstance(forth[-1], Ended) and forth[-1].verdict.status == "identical"
        inside = [stop for stop in forth[:-1] if where(stop)[0] == "look" and "turn" in shown(stop)]
        assert len(inside) == 18 and stopped(inside[0]).frames[0].function == "work"
        back = [session.back() for _ in range(12)]
        assert back == forth[-2:-14:-1]
        assert [session.step() for _ in range(12)] == forth[-12:]
        # Where a thread's stack lies is another matter in each process.
        assert shown(forth[-4])["threads"].count("stopped)>") == 3


def test_one_run_of_a_process_is_stepped_through_with_all_that_was_before_it(tmp_path: Path) -> None:
    first, _ = recording_of(tmp_path, SERVED)
    recording = from_file(tmp_path / "run.playhead", first.runs[1])
    with stepping(recording, tmp_path / "out") as session:
        forth = walk(session.begin(), session.step)
        assert [where(stop) for stop in forth[:2]] == [("served", True), ("look", True)]
        assert [stopped(stop).number for stop in forth[:-1]] == [1, 2, 2, 3, 3, 4, 4, 1]
        assert session.go_to(3) == forth[3]
        assert session.value("len(known)").text == "4"
        assert walk(session.standing, session.step) == forth[3:]
        back = [session.back() for _ in forth[1:]]
        assert back == forth[-2::-1]
    assert isinstance(forth[-1], Ended) and forth[-1].verdict.status == "identical"


def test_a_file_that_is_read_and_one_that_is_written_are_as_they_were(tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("".join(f"line {number} {'x' * 2_000}\n" for number in range(16)))
    recording, out = recording_of(tmp_path, READER, str(lines))
    with stepping(recording, tmp_path / "out") as session:
        session.begin()
        first = session.go_to(8)
        session.go_on()
        for _ in range(2):
            assert session.go_to(8) == first
            ended = session.go_on()
            assert isinstance(ended, Ended) and ended.verdict.status == "identical", ended
    assert (tmp_path / "out").read_text().count(out) == 3


def test_breakpoints_stop_at_the_steps_they_describe(shop: tuple[Recording, str], tmp_path: Path) -> None:
    with stepping(shop[0], tmp_path / "out") as session:
        session.stop_at("tool=refund and status=error")
        last = session.stop_at("step > 12")
        first = stopped(session.begin())
        assert (first.number, first.met) == (13, f"breakpoint {last}: step > 12")
        second = stopped(session.go_on())
        assert (where(second), second.number) == (("refund", True), 17)
        assert second.step is not None and "the window is closed" in second.step.error
        session.forget(last)
        assert session.go_to(2) and stopped(session.go_on()) == second
        with pytest.raises(UsageError, match="no breakpoint 9"):
            session.forget(9)


def test_where_the_replay_parts_it_stops_with_the_frame_and_can_go_back(
    shop: tuple[Recording, str], tmp_path: Path
) -> None:
    recording, _ = shop
    changed = tmp_path / "changed.py"
    changed.write_text(SHOP.replace("total += found", "os.getcwd() if number == 2 else 0; total += found"))
    with (
        (tmp_path / "out").open("wb") as output,
        Session(recording, Entry([sys.executable, str(changed), "4"], tmp_path), output=output) as session,
    ):
        session.begin()
        stop = stopped(session.go_on())
        assert stop.failure is not None and "os.getcwd" in stop.failure.what
        assert stop.frame is not None and shown(stop)["number"] == "2"
        assert stopped(session.back()).failure is None
        session.go_on()
        ended = session.go_on()
        assert isinstance(ended, Ended) and ended.verdict.status == "diverged"


def test_a_program_that_ends_before_anything_is_recorded_is_said_to(shop: tuple[Recording, str]) -> None:
    with Session(shop[0], Entry([sys.executable, "-c", "raise SystemExit(3)"], Path.cwd())) as session:
        ended = session.begin()
        assert isinstance(ended, Ended) and ended.verdict.status == "refused"
        assert session.back() == session.step() == ended


def test_nothing_lives_on_when_a_session_is_closed_or_its_process_is_killed(
    shop: tuple[Recording, str], tmp_path: Path
) -> None:
    def alive() -> list[str]:
        mark = shop[0].origin["folder"]
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and str((entry / "cwd").readlink()) == mark:
                    found.append(entry.name)
            except OSError:
                continue
        return found

    with stepping(shop[0], tmp_path / "out") as session:
        session.begin(until=9)
        session.back()
        assert len(alive()) >= 2
    assert alive() == []
    script = (
        "import sys; from pathlib import Path; from playhead_replay.recording.find import from_file\n"
        "from playhead_replay.entry import entry_of\n"
        "from playhead_replay.stepping.session import Session; recording = from_file(Path(sys.argv[1]))\n"
        "session = Session(recording, entry_of(recording)); session.begin(until=9); session.back()\n"
        "print('ready', flush=True); sys.stdin.read()"
    )
    file = Path(str(shop[0].origin["folder"])) / "run.playhead"
    driver = subprocess.Popen(
        [sys.executable, "-c", script, str(file)], cwd=tmp_path, env=environment_of(tmp_path, TMPDIR=str(tmp_path)),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert driver.stdout is not None and driver.stdin is not None
    while b"ready" not in driver.stdout.readline():
        pass
    assert len(alive()) >= 2
    driver.kill()
    driver.wait()
    # The pipe that they all hold ends with the last of them.
    driver.stdout.read()
    driver.stdout.close()
    driver.stdin.close()
    assert alive() == []


def test_the_prompt_takes_commands_from_a_script_and_ends_with_the_verdict(
    shop: tuple[Recording, str],
) -> None:
    folder = Path(str(shop[0].origin["folder"]))
    commands = "s\no\n\nb\np order\nw\nbreak kind=tool and tool=refund\nc\nbreak tol=x\nc\nc\nc\nc\nq\n"
    done = subprocess.run(
        [sys.executable, "-m", "playhead", "replay", "--step", "run.playhead"], cwd=folder,
        env=environment_of(folder), input=commands, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == shop[1]
    assert 'T look({"number": 0}) about to happen' in done.stderr
    assert "'tol' is no field" in done.stderr and "  tol=x\n  ^" in done.stderr
    assert "○ the program has ended: identical: 17 steps, output equal" in done.stderr
    assert os.linesep + "playhead: identical: 17 steps, output equal" in done.stderr


HUNG = """
import playhead

playhead.init(service="hung")

def forever():
    while True:
        pass

@playhead.agent(name="hung")
def hung(rest):
    playhead.decision("what now", chosen="go on")
    rest()
    playhead.decision("and now", chosen="end")

hung(lambda: None)
"""


def test_a_program_that_comes_to_no_next_place_is_ended_and_one_goes_back_from_there(tmp_path: Path) -> None:
    recording, _ = recording_of(tmp_path, HUNG)
    (tmp_path / "agent.py").write_text(HUNG.replace("lambda: None", "forever"))
    with stepping(recording, tmp_path / "out") as session:
        before = session.begin(until=2)
        with ThreadPoolExecutor(1) as other:
            gone = other.submit(session.step)
            session.pause()  # it comes to no next place
            while not gone.done():
                session.end()
            ended = gone.result()
        assert isinstance(ended, Ended) and ended.verdict.status == "diverged"
        assert session.back() == before


def test_a_pause_that_comes_when_it_has_stopped_is_no_step(shop: tuple[Recording, str], tmp_path: Path) -> None:
    with stepping(shop[0], tmp_path / "out") as session:
        assert where(session.begin(until=2)) == ("look", True)
        session.pause()
        assert where(session.step()) == ("look", False)


def test_what_differs_so_far_is_the_first_step_that_is_over_and_another(
    shop: tuple[Recording, str], tmp_path: Path
) -> None:
    with stepping(shop[0], tmp_path / "out") as session:
        session.begin(until=9)
        assert session.difference() is None
    steps = list(shop[0].steps)
    at = next(number for number, step in enumerate(steps) if step.own_name == "look")
    steps[at] = replace(steps[at], attributes={**steps[at].attributes, "gen_ai.tool.call.result": "{}"})
    with stepping(replace(shop[0], steps=steps), tmp_path / "out") as session:
        session.begin(until=at + 1)
        assert session.difference() is None
        session.go_to(9)
        found = session.difference()
        assert found is not None and found.number == at + 1 and found.differences


def test_a_program_that_was_recorded_as_a_whole_is_identical_also_when_one_went_back(tmp_path: Path) -> None:
    folder = Path(__file__).parent / "recordings"
    recording = from_file(folder / "desk.playhead")
    entry = entry_of(recording, checkout=folder.parents[2])
    with (tmp_path / "out").open("wb") as output, Session(recording, entry, output=output) as session:
        session.begin(until=8)
        session.back()
        ended = session.go_on()
        assert isinstance(ended, Ended) and ended.verdict.status == "identical", ended


def test_a_playback_goes_the_same_way_through_the_stored_steps_and_executes_nothing(
    shop: tuple[Recording, str], tmp_path: Path
) -> None:
    def came(standing: Standing) -> tuple[object, ...]:
        stop = stopped(standing)
        return stop.number, stop.begins, stop.totals, dict(stop.states), stop.met

    with stepping(shop[0], tmp_path / "out") as replayed, Session(shop[0], None) as played:
        assert played.stop_at("tool=refund") == replayed.stop_at("tool=refund")
        assert came(played.begin(at_first=True)) == came(replayed.begin(at_first=True))
        for go in ("step", "step", "over", "go_on", "out", "back", "back", "over", "go_on", "back_to_prompt"):
            assert came(getattr(played, go)()) == came(getattr(replayed, go)()), go
        assert came(played.go_to(9)) == came(replayed.go_to(9))
        assert came(played.go_to(2)) == came(replayed.go_to(2))
        played.forget(1)
        last = played.go_on()
        assert where(last) == ("shop", False) and played.step() == last
        assert stopped(last).frames == () and played.difference() is None
        assert where(played.back()) != where(last)
