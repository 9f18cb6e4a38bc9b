"""Service levels on the screen, and the runs behind them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.collector.facade.port import Port
from tests.tui.conftest import client_of
from tests.tui.story import Story, tell
from tests.tui.told import NOW

from playhead.errors import UsageError
from playhead_collector.read.query_line import parse_query
from playhead_collector.read.source import Source
from playhead_collector.slo.levels import Level
from playhead_collector.slo.objectives import Objective
from playhead_tui.app import PlayheadApp, Start
from playhead_tui.levels.asking import View
from playhead_tui.levels.behind import query_of_level, query_of_objective
from playhead_tui.levels.tables import failures
from playhead_tui.reading import Reader

SIZES = {"80x24": (80, 24), "120x36": (120, 36)}
OBJECTIVES = Path(__file__).with_name("objectives.toml")


def app_on(port: Port, folder: Path, objectives: Path | None = None) -> PlayheadApp:
    start = Start("chdb:///var/lib/playhead/store", objectives=objectives)
    reader = Reader(lambda again: Source(client_of(port)))
    return PlayheadApp(start, reader, now=lambda: NOW, searches=folder / "searches.toml")


@pytest.mark.parametrize("size", SIZES)
def test_service_levels_are_looked_at_by_window_and_group(port: Port, tmp_path: Path, size: str) -> None:
    async def story(told: Story) -> None:
        await told.press("L")
        told.look("L: service levels")
        await told.press("shift+tab")
        told.look("shift+tab: an objective, what is left of its budget, and how fast that burns")
        await told.press("tab", "b", "w")
        told.look("b w: by version, in a longer window")
        await told.press("j", "enter")
        told.look("enter: the runs behind a figure")
        await told.press("q", "shift+tab", "enter")
        told.look("enter on an objective: the runs that were bad")
        told.check(f"levels-{size}")

    tell(app_on(port, tmp_path, OBJECTIVES), story, SIZES[size])


@pytest.mark.parametrize("key", ["A", "L"])
def test_what_stands_beside_a_list_is_written_for_the_window_as_it_is_now(port: Port, tmp_path: Path, key: str) -> None:
    shown: list[str] = []

    async def opened(told: Story) -> None:
        await told.press(key)
        shown.append(told.screen())

    async def resized(told: Story) -> None:
        await told.press(key)
        await told.pilot.resize_terminal(*SIZES["80x24"])
        await told.settle()
        shown.append(told.screen())

    tell(app_on(port, tmp_path, OBJECTIVES), opened, SIZES["80x24"])
    tell(app_on(port, tmp_path, OBJECTIVES), resized, SIZES["120x36"])
    assert shown[0] == shown[1]


def test_where_no_objectives_are_it_says_how_to_make_some(
    port: Port, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    async def story(told: Story) -> None:
        await told.press("L")
        assert "no objectives are set: o says how" in told.screen()
        await told.press("o")
        assert 'indicator = "latency"' in told.notices() and "objectives.toml" in told.notices()
        (tmp_path / "playhead").mkdir()
        (tmp_path / "playhead" / "objectives.toml").write_text(OBJECTIVES.read_text(encoding="utf-8"), encoding="utf-8")
        await told.press("R")
        assert "answers in time" in told.screen()
        (tmp_path / "playhead" / "objectives.toml").write_text("[[objectiv]]", encoding="utf-8")
        await told.press("R")
        # What is wrong in the file hides no figure.
        assert "did you mean 'objective'?" in " ".join(told.screen().split()) and "14 runs" in told.screen()

    tell(app_on(port, tmp_path), story)


def level(name: str, successes: int = 1, runs: int = 1) -> Level:
    return Level(name, runs, successes, 0, 0, None, 0, None, None, None, None)


@pytest.mark.parametrize(
    ("by", "name", "line"),
    [
        ("all", "all", "since:7d"),
        ("agent", "support desk", 'agent:"support desk" since:7d'),
        ("version", "support desk 1.4.2", 'agent:"support desk" version:1.4.2 since:7d'),
        ("version", "support ", "agent:support since:7d"),
        ("model", "gpt-4o", "model:gpt-4o since:7d"),
    ],
)
def test_a_group_is_found_by_a_line_that_is_understood(by: str, name: str, line: str) -> None:
    assert query_of_level(level(name), View("7d", by)) == line
    parse_query(line, NOW)


@pytest.mark.parametrize(("by", "name"), [("segment", "enterprise"), ("agent", "")])
def test_a_group_that_no_line_finds_is_not_searched_for_among_others(by: str, name: str) -> None:
    with pytest.raises(UsageError, match="no search finds"):
        query_of_level(level(name), View("7d", by))


@pytest.mark.parametrize(
    ("indicator", "line"),
    [
        ("success", "agent:support status:error since:12h"),
        ("latency", "agent:support time>30s since:12h"),
        ("cost", "agent:support cost>30 since:12h"),
        ("unaided", "agent:support since:12h"),
    ],
)
def test_bad_runs_of_an_objective_are_found(indicator: str, line: str) -> None:
    assert query_of_objective(Objective("it", indicator, 0.9, timedelta(hours=12), "support", 30)) == line
    parse_query(line, NOW)


def test_one_failure_in_a_thousand_is_seen_and_no_runs_are_no_success() -> None:
    assert failures(((1000, 1000), (1000, 999), (5, 0), (0, 0)), 4) == "▁▂█ "
    # Where there is no room for all parts, some are one.
    assert failures(((1, 1), (1, 0), (0, 0), (2, 2)), 2) == "▅▁"
