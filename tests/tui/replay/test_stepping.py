"""The screen of a replay, as it is used: on recordings that are kept, whose programs are executed."""

from __future__ import annotations

import argparse
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.tui.replay.executing import (
    DESK,
    DESK_RECORDING,
    HOSTILE,
    LOOP,
    RECORDINGS,
    ROOT,
    SIZES,
    Make,
    at,
    children_of,
    elsewhere,
    screen_of,
)
from tests.tui.story import Story, tell
from tests.tui.test_hostile import OBEYED

from playhead.errors import UsageError
from playhead_replay.entry import Entry, entry_of
from playhead_replay.stepping.session import Session, Standing
from playhead_tui.command import add_arguments, replay_of
from playhead_tui.replay.code import AROUND
from playhead_tui.replay.screen import ReplayScreen
from playhead_tui.run.screen import RunScreen


@pytest.mark.parametrize("size", SIZES)
def test_a_run_is_executed_again_under_the_cursor(make_app: Make, size: str) -> None:
    async def story(told: Story) -> None:
        told.look("playhead tui --replay")
        await told.press("s", "s", "s")
        told.look("s s s: the prompt is about to be asked")
        await told.press("o")
        told.look("o: its answer is there")
        await told.press("t")
        await told.paste("tool=refund")
        await told.press("enter", "c")
        told.look("t tool=refund, c: stopped where the refund begins")
        await told.press("b")
        told.look("b: back, to the moment before")
        await told.press("2")
        told.look("2: the messages of the last prompt")
        await told.press("3", "T", "enter", "c")
        told.look("3, T enter, c: to the end; what the program printed")
        await told.press("1")
        told.look("1: the verdict")
        told.check(f"replay-{size}")

    tell(make_app(), story, SIZES[size])


@pytest.mark.parametrize("size", SIZES)
def test_where_nothing_can_be_executed_it_is_a_playback_and_says_so(make_app: Make, size: str) -> None:
    async def story(told: Story) -> None:
        told.look("playhead tui --replay, of a run that came without a recording")
        await told.press("s", "o")
        told.look("s o: past the first prompt")
        await told.press("t")
        await told.paste("tokens>10k")
        await told.press("enter", "c")
        told.look("t tokens>10k, c: where it becomes true")
        await told.press("D")
        assert "nothing was executed" in told.notices()
        await told.press("p")
        assert "no frame" in told.notices()
        await told.press("c", "4")
        told.look("c, 4: at its last moment it stays; the certificate")
        told.check(f"playback-{size}")

    tell(make_app(LOOP.run_id), story, SIZES[size])


def test_every_key_goes_where_the_command_line_goes_and_waits_for_its_turn(make_app: Make) -> None:
    async def story(told: Story) -> None:
        with Session(DESK_RECORDING, entry_of(DESK_RECORDING), output=subprocess.DEVNULL, around=AROUND) as session:

            async def both(key: str, command: Callable[[], Standing]) -> None:
                standing = command()
                await told.press(*key.split())
                seen = screen_of(told).seen
                assert seen is not None and seen.standing == standing, key

            await both("", lambda: session.begin(at_first=True))
            await both("s", session.step)
            await both("s", session.step)
            await both("o", session.over)
            await both("o", session.over)
            await both("g 8 enter", lambda: session.go_to(8))
            await both("s", session.step)
            await both("u", session.out)
            await both("B", session.back_to_prompt)
            await both("g 2 enter", lambda: session.go_to(2))
            await both("g 9 enter", lambda: session.go_to(9))
            await both("b", session.back)
            await both("c", session.go_on)
            await both("b", session.back)
            await both("b b b b b", lambda: [session.back() for _ in range(5)][-1])

    tell(make_app(), story, SIZES["80x24"])


def test_a_recording_in_a_file_is_replayed_though_its_run_is_not_stored(make_app: Make) -> None:
    async def story(told: Story) -> None:
        assert "replay of tasks" in told.screen() and "about to happen" in told.screen(), told.screen()
        assert at(told) == (2, True)
        await told.press("c")
        assert "ended · identical" in told.screen(), told.screen()

    tell(make_app(RECORDINGS / "tasks.playhead", step=2), story, SIZES["120x40"])


def test_a_file_of_which_nothing_can_be_executed_is_a_playback(
    make_app: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(told: Story) -> None:
        assert "PLAYBACK" in told.screen() and "its stored steps" in told.screen(), told.screen()
        await told.press("s", "o")
        assert at(told)[0] == 2

    app = make_app(RECORDINGS / "desk.playhead")
    monkeypatch.chdir(tmp_path)
    tell(app, story, SIZES["120x40"])


def test_a_file_that_holds_no_recording_says_what_makes_one(make_app: Make) -> None:
    async def story(told: Story) -> None:
        assert "desk.py is no recording; 'playhead record -o FILE" in told.screen()
        await told.press("q")
        assert "first words" in told.screen()

    tell(make_app(RECORDINGS / "desk.py"), story, SIZES["120x40"])


def test_a_file_that_holds_steps_alone_is_to_be_imported(make_app: Make, tmp_path: Path) -> None:
    file = tmp_path / "steps.playhead"
    lines = (RECORDINGS / "desk.playhead").read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(line for line in lines if not line.startswith(b'["r",')))

    async def story(told: Story) -> None:
        told_whole = "".join(told.screen().split())
        assert "holdsstepsandnorecording" in told_whole and f"'playheadimport{file}'stores" in told_whole, told.screen()
        assert "theycanbegonethrough" in told_whole, told.screen()

    tell(make_app(file), story, SIZES["80x24"])


def test_a_file_is_told_from_a_run_before_a_screen_opens(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert replay_of(parser.parse_args([])) == ""
    assert replay_of(parser.parse_args(["--replay", DESK[:12]])) == DESK[:12]
    desk = RECORDINGS / "desk.playhead"
    assert replay_of(parser.parse_args(["--replay", str(desk)])) == desk
    with pytest.raises(UsageError, match="no file; 'playhead record -o "):
        replay_of(parser.parse_args(["--replay", str(tmp_path / "gone.playhead")]))


def test_code_that_is_neither_where_it_was_nor_around_us_is_named(
    make_app: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def story(told: Story) -> None:
        screen = told.app.screen
        assert isinstance(screen, ReplayScreen) and screen.opened is not None
        entries.append(screen.opened.entry)

    entries: list[Entry | None] = []
    apps = make_app(), make_app(checkout=ROOT)
    monkeypatch.chdir(tmp_path)
    for app in apps:
        tell(app, story)
    assert entries[0] is None
    assert entries[1] is not None and entries[1].folder.is_relative_to(ROOT)


def test_it_begins_at_the_step_under_the_cursor_and_at_the_first_one_of_a_run(make_app: Make) -> None:
    async def story(told: Story) -> None:
        await told.press("t", "t", "r")
        assert at(told) == (8, True)
        await told.press("q")
        assert isinstance(told.app.screen, RunScreen)
        await told.press("q", "r")
        assert at(told) == (1, True)

    tell(make_app("", run=DESK), story, SIZES["80x24"])


def test_breakpoints_are_listed_and_taken_away_and_a_wrong_one_is_asked_for_again(make_app: Make) -> None:
    async def story(told: Story) -> None:
        await told.press("T")
        assert "there are no breakpoints" in told.notices()
        await told.press("t")
        await told.paste("kind=tool and")
        await told.press("enter")
        assert "^" in told.screen() and "kind=tool and" in told.screen()
        await told.paste(" tool=send")
        await told.press("enter")
        assert "1 kind=tool and tool=send" in told.screen()
        await told.press("c")
        assert at(told) == (10, True) and "breakpoint 1" in told.screen()
        await told.press("T", "enter")
        assert "breakpoints  none" in told.screen()

    tell(make_app(), story, SIZES["120x40"])


def test_frames_locals_and_values_are_looked_at(make_app: Make) -> None:
    async def story(told: Story) -> None:
        assert "in settle (1/3)" in told.screen() and "order  Order('A-1093'" in told.screen()
        await told.press("w", "down", "enter")
        assert "in desk (2/3)" in told.screen() and "letter  'I was charged twice" in told.screen()
        await told.press("p")
        await told.paste("len(letter) + 1")
        await told.press("enter")
        assert "len(letter) + 1  59" in told.screen()
        await told.press("p")
        await told.paste("1 / 0")
        await told.press("enter")
        assert "ZeroDivisionError" in told.screen()
        await told.press("D")
        assert "every step that is over is what was recorded" in told.screen()
        await told.press("tab", "tab", "down", "down", "down", "enter")
        await told.press("2")
        assert "You are the desk of a shop" in told.screen()
        await told.press("3")
        assert "plan: 444746808 by gpt-4o-mini" in told.screen()
        await told.press("4")
        assert "exact: 12 steps can be executed again" in told.screen()

    tell(make_app(step=8), story, SIZES["120x40"])


def test_where_it_parts_from_its_recording_it_shows_the_place_and_what_differs(
    make_app: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(told: Story) -> None:
        await told.press("c")
        told.look("c: another word in a prompt; it stops where that is asked")
        await told.press("b")
        told.look("b: back, to before")
        told.check("replay-diverged")

    app = make_app()
    elsewhere(tmp_path, "in one line", "in a line", monkeypatch)
    tell(app, story, SIZES["120x40"])


def test_a_program_that_hangs_is_stopped_and_one_goes_back_in_it(
    make_app: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(told: Story) -> None:
        screen = screen_of(told)
        await told.press("x")
        assert "nothing goes on" in told.notices()
        before = screen.seen
        await told.pilot.press("s")
        assert screen.busy_since is not None
        while "x stops it" not in told.screen():
            await told.pilot.pause(0.01)
        await told.pilot.press("x")
        assert "x again ends the program" in told.screen()
        await told.press("x")
        assert "ended by x" in told.screen()
        await told.press("b")
        assert screen.seen is not None and before is not None and screen.seen.standing == before.standing

    app = make_app(step=7)
    elsewhere(tmp_path, "    settled = settle(order)", "    while True: pass", monkeypatch)
    tell(app, story, SIZES["120x40"])


def test_what_was_started_ends_when_the_screen_is_left_also_while_it_hangs(
    make_app: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[int] = []
    # A collector that other tests share may run beside, too.
    others = children_of(os.getpid())

    async def story(told: Story) -> None:
        pids = children_of(os.getpid()) - others
        assert pids
        await told.pilot.press("s", "q")
        gone.extend(pids)

    app = make_app(step=7)
    elsewhere(tmp_path, "    settled = settle(order)", "    while True: pass", monkeypatch)
    tell(app, story, SIZES["80x24"])
    for thread in threading.enumerate():
        if thread.name == "playhead-replay-leaves":
            thread.join()
    assert gone and not set(gone) & children_of(os.getpid())


def test_hostile_values_and_output_are_shown_and_never_obeyed(make_app: Make) -> None:
    seen: list[str] = []

    async def story(told: Story) -> None:
        async def look(*keys: str) -> None:
            await told.press(*keys)
            assert OBEYED.findall(told.screen()) == []
            assert all(len(line) <= 80 for line in told.screen().splitlines())
            seen.append(told.screen())

        for _ in range(6):
            for tab in "123":
                await look(tab)
            await look("s")
        await look("4", "c", "b", "1")
        await look("tab", "end", "space")
        await look("w")
        await look("escape", "T")

    tell(make_app(HOSTILE), story, SIZES["80x24"])
    everything = "\n".join(seen)
    assert "\\x1b[31m" in everything and "[bold red]" in everything and "😄" not in everything
