"""The screen of a replay, as it is used: on recordings that are kept, whose programs are executed."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.collector.facade.port import Port
from tests.tui.compared import reading
from tests.tui.conftest import client_of
from tests.tui.story import Story, tell
from tests.tui.test_hostile import OBEYED
from tests.tui.told import NOW, looping
from textual.screen import Screen

from playhead_collector.read.source import Source
from playhead_collector.store.engine import Engine
from playhead_replay.entry import Entry, entry_of
from playhead_replay.fork import Forked
from playhead_replay.recording.find import from_file
from playhead_replay.stepping.session import Session, Standing
from playhead_replay.stepping.stop import Stop
from playhead_tui.app import PlayheadApp, Start
from playhead_tui.diff.screen import DiffScreen
from playhead_tui.reading import Reader
from playhead_tui.replay.code import AROUND
from playhead_tui.replay.forking import ForkScreen
from playhead_tui.replay.screen import ReplayScreen
from playhead_tui.run.screen import RunScreen

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "tests" / "replay" / "recordings"
SIZES = {"80x24": (80, 24), "120x40": (120, 40)}
DESK_RECORDING = from_file(RECORDINGS / "desk.playhead")
DESK = DESK_RECORDING.run
LOOP = looping(21, NOW)
HOSTILE = from_file(RECORDINGS / "hostile.playhead").run
Make = Callable[..., PlayheadApp]


@pytest.fixture(scope="module")
def port(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    recordings = [RECORDINGS / f"{name}.playhead" for name in ("desk", "hostile")]
    with reading(engine, tmp_path_factory.mktemp("recorded"), LOOP, recordings=recordings) as port:
        yield port


@pytest.fixture
def make_app(port: Port, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    monkeypatch.chdir(ROOT)

    def make(replay: str = DESK, step: int | None = None, run: str = "", checkout: Path | None = None) -> PlayheadApp:
        start = Start("chdb:///var/lib/playhead/store", replay=replay, step=step, run=run, checkout=checkout)
        reader = Reader(lambda again: Source(client_of(port)))
        return PlayheadApp(start, reader, now=lambda: NOW, searches=tmp_path / "searches.toml")

    return make


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


def screen_of(told: Story) -> ReplayScreen:
    screen = told.app.screen
    assert isinstance(screen, ReplayScreen)
    return screen


def at(told: Story) -> tuple[int | None, bool]:
    seen = screen_of(told).seen
    assert seen is not None and isinstance(seen.standing, Stop), told.screen()
    return seen.standing.number, seen.standing.begins


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


def elsewhere(folder: Path, old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program in another checkout, in which a line is another."""
    there = folder / "tests" / "replay" / "recordings" / "desk.py"
    there.parent.mkdir(parents=True)
    text = (RECORDINGS / "desk.py").read_text()
    assert old in text
    there.write_text(text.replace(old, new))
    monkeypatch.chdir(folder)


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


def children_of(pid: int) -> set[int]:
    """And theirs; what ends while it is looked at has none."""
    found: set[int] = set()
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in list(Path(f"/proc/{pid}/task").iterdir()):
            with suppress(FileNotFoundError, ProcessLookupError):
                for child in (task / "children").read_text().split():
                    found |= {int(child), *children_of(int(child))}
    return found


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


@pytest.fixture
def no_collector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fork is kept in a file of this folder, in which the program is as it was."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    elsewhere(tmp_path, "in one line", "in one line", monkeypatch)
    return tmp_path


def test_a_changed_result_makes_a_fork_which_ends_where_the_recording_has_no_answer(
    make_app: Make, no_collector: Path
) -> None:
    async def story(told: Story) -> None:
        await told.press("e")
        told.look("e: what can be changed at this step")
        await told.press("down", "enter")
        told.look("down, enter: the recorded arguments, to be edited")
        await told.press("ctrl+a", *"none", "ctrl+s")
        assert "takes JSON: an object" in told.notices()
        await told.press("escape", "e", "enter", "ctrl+a", *"refunded", "ctrl+s")
        told.look("escape, e, enter, another result, ctrl+s: the change is kept until it is forked")
        await told.press("F")
        told.look("F: how to fork")
        await told.press("tab", "tab")
        await told.paste("nothing")
        await told.press("enter")
        told.look("tab tab, nothing, enter: a limit that is none")
        await told.press("ctrl+u", "enter")
        assert "stopped, 9 steps · needs --live from step 9" in told.screen()
        await told.press("d")
        assert "'playhead import fork-" in told.notices()
        await told.press("q")
        assert at(told) == (8, True)
        told.check("replay-edit")

    tell(make_app(step=8), story, SIZES["80x24"])
    (file,) = no_collector.glob("fork-*.playhead")
    fork = from_file(file)
    assert fork.root is not None and fork.root.attributes["playhead.fork.of"] == DESK
    changed = next(step for step in fork.steps if step.own_name == "refund")
    assert changed.attributes["gen_ai.tool.call.result"] == "refunded"


def test_a_live_fork_asks_before_a_tool_changes_the_world(make_app: Make, no_collector: Path) -> None:
    async def story(told: Story) -> None:
        async def fork_and_answer(key: str) -> None:
            await told.press("F", "space", "tab", "tab")
            assert "live: what the recording does not answer, the world does" in told.screen()
            await told.pilot.press("enter")
            while "the fork ends here" not in told.screen():
                await told.pilot.pause(0.01)
            assert "450293005 by gpt-4o-mini" in told.screen()
            await told.press(key)

        await fork_and_answer("escape")
        assert "send was not to be called" in told.screen()
        await told.press("q")
        await fork_and_answer("enter")
        assert "done, 12 steps" in told.screen()

    tell(make_app(step=10), story, SIZES["120x40"])


def test_the_diff_of_a_fork_and_its_original_opens_when_it_is_stored(
    make_app: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = Forked(of=DESK, at=8, status="done", what="", run=LOOP.run_id, steps=12)
    monkeypatch.setattr("playhead_tui.replay.forking.fork", lambda *_, **__: stored)

    async def story(told: Story) -> None:
        async def until(screen: type[Screen[Any]]) -> None:
            while not isinstance(told.app.screen, screen):
                await told.pilot.pause(0.01)
            await told.settle()

        await told.press("F", "tab", "tab", "enter")
        await until(DiffScreen)
        await told.press("q")
        await until(ForkScreen)
        await told.press("d")
        await until(DiffScreen)
        await told.press("q")
        await until(ForkScreen)
        await told.press("q")
        await until(ReplayScreen)
        assert at(told) == (8, True)

    tell(make_app(step=8), story, SIZES["120x40"])


def test_a_fork_that_is_left_is_ended(make_app: Make, no_collector: Path) -> None:
    async def story(told: Story) -> None:
        await told.press("F", "space", "tab", "tab")
        await told.pilot.press("enter")
        while "the fork ends here" not in told.screen():
            await told.pilot.pause(0.01)
        before = children_of(os.getpid())
        await told.press("escape", "q")
        assert len(children_of(os.getpid())) < len(before)

    tell(make_app(step=10), story, SIZES["80x24"])
