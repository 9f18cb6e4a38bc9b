"""Recordings that are kept, and what tests of their replay do on the screen and to their processes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.tui.story import Story
from tests.tui.told import NOW, looping

from playhead_replay.recording.find import from_file
from playhead_replay.stepping.stop import Stop
from playhead_tui.app import PlayheadApp
from playhead_tui.replay.screen import ReplayScreen

ROOT = Path(__file__).parents[3]
RECORDINGS = ROOT / "tests" / "replay" / "recordings"
SIZES = {"80x24": (80, 24), "120x40": (120, 40)}
DESK_RECORDING = from_file(RECORDINGS / "desk.playhead")
DESK = DESK_RECORDING.run
LOOP = looping(21, NOW)
HOSTILE = from_file(RECORDINGS / "hostile.playhead").run
Make = Callable[..., PlayheadApp]


def screen_of(told: Story) -> ReplayScreen:
    screen = told.app.screen
    assert isinstance(screen, ReplayScreen)
    return screen


def at(told: Story) -> tuple[int | None, bool]:
    seen = screen_of(told).seen
    assert seen is not None and isinstance(seen.standing, Stop), told.screen()
    return seen.standing.number, seen.standing.begins


def elsewhere(folder: Path, old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program in another checkout, in which a line is another."""
    there = folder / "tests" / "replay" / "recordings" / "desk.py"
    there.parent.mkdir(parents=True)
    text = (RECORDINGS / "desk.py").read_text()
    assert old in text
    there.write_text(text.replace(old, new))
    monkeypatch.chdir(folder)


def children_of(pid: int) -> set[int]:
    """And theirs; what ends while it is looked at has none."""
    found: set[int] = set()
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in list(Path(f"/proc/{pid}/task").iterdir()):
            with suppress(FileNotFoundError, ProcessLookupError):
                for child in (task / "children").read_text().split():
                    found |= {int(child), *children_of(int(child))}
    return found
