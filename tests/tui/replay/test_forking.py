"""A fork that is made on the screen of a replay."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.tui.replay.executing import DESK, LOOP, RECORDINGS, SIZES, Make, at, children_of, elsewhere
from tests.tui.story import Story, tell
from textual.screen import Screen

from playhead_replay.fork import Forked
from playhead_replay.recording.find import from_file
from playhead_tui.diff.screen import DiffScreen
from playhead_tui.replay.forking import ForkScreen
from playhead_tui.replay.screen import ReplayScreen


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
            await told.press("F")
            assert "▐ ▌ not live: it ends where no answer is recorded" in told.screen()
            await told.press("space")
            assert "▐X▌ live: the world answers where the recording does not" in told.screen()
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

        await told.press("F", "enter")
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


def test_a_run_is_exported_with_its_recording_from_its_screen(make_app: Make, tmp_path: Path) -> None:
    path = tmp_path / "desk.playhead"

    async def story(told: Story) -> None:
        await told.press("e", "ctrl+u")
        await told.paste(str(path))
        await told.press("enter")

    tell(make_app(replay="", run=DESK), story)
    assert from_file(path).run == DESK and from_file(path).records


def test_a_fork_of_a_file_says_what_its_diff_needs(make_app: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = Forked(of="f" * 32, at=2, status="done", what="", run=LOOP.run_id, steps=12)
    monkeypatch.setattr("playhead_tui.replay.forking.fork", lambda *_, **__: stored)

    async def story(told: Story) -> None:
        await told.press("F", "enter")
        assert isinstance(told.app.screen, ForkScreen)
        assert "is not stored: 'playhead import' of its file" in told.notices()

    tell(make_app(RECORDINGS / "tasks.playhead", step=2), story, SIZES["120x40"])
