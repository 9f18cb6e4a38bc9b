"""The screen of two runs, as it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.collector.facade.port import Port
from tests.tui.compared import CUT, FORK, GROUPS, OPEN, A, B, long, reading
from tests.tui.conftest import client_of
from tests.tui.story import Story, tell
from tests.tui.told import NOW, Told
from textual.binding import Binding
from textual.screen import Screen

import playhead_tui.app
from playhead_collector.errors import StoreUnavailable
from playhead_collector.read.source import Source
from playhead_collector.store.engine import Engine
from playhead_replay.recording.find import from_file
from playhead_tui.app import PlayheadApp, Start
from playhead_tui.ask import AskLines
from playhead_tui.diff.groups import Branches, GroupsScreen
from playhead_tui.diff.pairs import Pairs
from playhead_tui.diff.screen import DiffScreen
from playhead_tui.reading import Reader
from playhead_tui.replay.screen import ReplayScreen
from playhead_tui.run.screen import RunScreen
from playhead_tui.run.steps import Steps
from playhead_tui.runs.screen import RunsScreen
from playhead_tui.runs.table import RunTable

SIZES = {"80x24": (80, 24), "120x36": (120, 36)}
ROOT = Path(__file__).parents[2]
RECORDING = ROOT / "tests" / "replay" / "recordings" / "desk.playhead"
DESK = from_file(RECORDING).run
LONG, LONGER = long(0xE1, 600, -1), long(0xE2, 600, 300)


@pytest.fixture(scope="module")
def port(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    runs = [A, B, FORK, OPEN, CUT, LONG, LONGER, *GROUPS]
    with reading(engine, tmp_path_factory.mktemp("compared"), *runs) as port:
        yield port


def are_in_the_palette(app: PlayheadApp, bindings: Sequence[object]) -> bool:
    screen: Screen[object] = app.screen
    told = {command.help for command in app.get_system_commands(screen)}
    return all(
        isinstance(one, Binding) and {f"key {app.get_key_display(key)}" for key in one.make_bindings([one])} & told
        for one in bindings
    )


MakeApp = Callable[..., PlayheadApp]


@pytest.fixture
def make_app(port: Port, tmp_path: Path) -> MakeApp:
    def make(a: Told | None = None, b: Told | None = None, *, query: str = "", run: str = "") -> PlayheadApp:
        diff = (a.run_id, b.run_id) if a is not None and b is not None else None
        start = Start("chdb:///var/lib/playhead/store", query=query, run=run, diff=diff)
        return PlayheadApp(
            start, Reader(lambda again: Source(client_of(port))), now=lambda: NOW, searches=tmp_path / "searches.toml"
        )

    return make


def pairs_of(told: Story) -> Pairs:
    return told.app.screen.query_one(Pairs)


@pytest.mark.parametrize("size", SIZES)
def test_two_runs_are_read_from_where_they_part(make_app: MakeApp, size: str) -> None:
    async def story(told: Story) -> None:
        told.look("playhead tui --diff: where they part first")
        await told.press("n", "n")
        told.look("n n: the next differences")
        await told.press("w")
        told.look("w: changed texts whole")
        await told.press("w", "x")
        told.look("w x: equal steps, too")
        await told.press("x", "G")
        told.look("x, G: the end, where what is only carried on is counted")
        await told.press("tab")
        told.look("tab: the side of A")
        told.check(f"diff-{size}")

    tell(make_app(A, B), story, SIZES[size])


def test_a_fork_that_is_opened_is_one_key_from_its_parent(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        await told.press("d")
        assert isinstance(told.app.screen, DiffScreen)
        told.look("playhead tui --run of a fork, then d: with the run that it is of")
        told.check("diff-fork")
        await told.press("q")
        assert isinstance(told.app.screen, RunScreen)

    tell(make_app(run=FORK.run_id), story, SIZES["80x24"])


def test_runs_that_are_open_or_incomplete_say_so_in_their_diff(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        told.look("playhead tui --diff: one that goes on, and one of which the beginning has not arrived")
        told.check("diff-unfinished")

    tell(make_app(OPEN, CUT), story, SIZES["80x24"])


def test_differences_are_gone_through_in_both_directions_and_around_nothing(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        assert are_in_the_palette(told.app, [*DiffScreen.BINDINGS, *Pairs.BINDINGS])
        pairs = pairs_of(told)
        # The screen begins where the runs part, which is the first difference.
        seen = [pairs.cursor]
        for _ in pairs.differences[1:]:
            await told.press("n")
            seen.append(pairs.cursor)
        assert seen == pairs.differences and len(seen) == 8
        await told.press("n")
        assert pairs.cursor == seen[-1] and "no further difference" in told.notices()
        for line in reversed(seen[:-1]):
            await told.press("N")
            assert pairs.cursor == line

    tell(make_app(A, B), story, SIZES["80x24"])


def test_what_is_folded_is_unfolded_by_itself_or_all_at_once_and_the_cursor_stays_on_its_step(
    make_app: MakeApp,
) -> None:
    async def story(told: Story) -> None:
        pairs = pairs_of(told)
        folded = pairs.count
        await told.press("g")
        assert "4 equal steps" in told.screen()
        await told.press("space")
        assert pairs.count == folded + 3 and "4 equal steps" not in told.screen()
        await told.press("j", "space")
        assert pairs.count == folded and pairs.cursor == 0
        await told.press("enter")
        assert pairs.count == folded + 3, "enter unfolds, too"
        await told.press("enter")
        assert isinstance(told.app.screen, RunScreen), "and opens what is a step"
        await told.press("q", "g", "space", "n")
        pair = pairs.pair
        await told.press("x")
        assert pairs.count == folded + 3 and pairs.pair is pair
        await told.press("x")
        assert pairs.count == folded and pairs.pair is pair

    tell(make_app(A, B), story, SIZES["80x24"])


def test_enter_opens_the_run_of_the_side_at_the_step_under_the_cursor(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        pair = pairs_of(told).pair
        assert pair is not None and pair.a is not None and pair.b is not None
        for keys, whose in (((), pair.b), (("tab",), pair.a), (("right",), pair.b), (("h",), pair.a)):
            await told.press(*keys, "enter")
            steps = told.app.screen.query_one(Steps)
            assert steps.opened is not None and steps.place is not None
            assert steps.opened.nodes[steps.place].step == whose.step
            await told.press("q")
            assert isinstance(told.app.screen, DiffScreen) and pairs_of(told).has_focus
        # A step that only one run has is opened in that run, whatever the side.
        await told.press("n", "n", "left", "enter")
        steps = told.app.screen.query_one(Steps)
        assert steps.opened is not None and steps.opened.run.row.run_id == B.run_id

    tell(make_app(A, B), story)


def test_the_mouse_chooses_a_line_and_a_side_and_another_width_keeps_them(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        pairs = pairs_of(told)
        top = pairs.region.y
        await told.pilot.click(offset=(20, top + 2))
        assert (pairs.side, pairs.cursor) == ("A", 2)
        await told.pilot.click(offset=(90, top + 3))
        assert (pairs.side, pairs.cursor) == ("B", 3)
        await told.press("n", "n")
        pair = pairs.pair
        assert "┃" in told.screen()
        await told.pilot.resize_terminal(*SIZES["80x24"])
        await told.settle()
        assert "┃" not in told.screen() and pairs.pair is pair
        await told.press("r")
        assert "cannot be executed here" in told.notices() and isinstance(told.app.screen, DiffScreen)
        assert f"playhead checkout {B.run_id[:12]} -o FOLDER" in told.notices()
        assert f"playhead replay {A.run_id[:12]} --in FOLDER" in told.notices()

    tell(make_app(A, B), story)


def test_a_run_that_can_be_executed_here_is_replayed_from_the_step_under_the_cursor(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)  # where the recorded code is looked for
    with reading(engine, tmp_path, A, recordings=[RECORDING]) as port:
        start = Start("chdb:///s", diff=(A.run_id, DESK))
        reader = Reader(lambda again: Source(client_of(port)))
        app = PlayheadApp(start, reader, now=lambda: NOW, searches=tmp_path / "searches.toml")

        async def story(told: Story) -> None:
            step = pairs_of(told).step
            while step is None or step.run_id != DESK:
                await told.press("n")
                step = pairs_of(told).step
            await told.press("r")
            assert isinstance(app.screen, ReplayScreen) and "playback" not in told.screen().splitlines()[1]
            await told.press("q")
            assert isinstance(app.screen, DiffScreen)

        tell(app, story)


def test_runs_that_are_equal_are_said_to_be(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        assert "equal: 10 steps" in told.screen() and "no differences" in told.screen()
        await told.press("n", "space", "R")
        assert "no further difference" in told.notices() and "look_up" in told.screen()

    tell(make_app(A, GROUPS[0]), story)


def test_a_run_that_is_not_there_is_said_to_be_missing(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        assert "✗ there is no run 0bad" in told.screen() and not told.app.store.trouble
        await told.press("n", "x", "w", "r", "enter", "q")
        assert isinstance(told.app.screen, RunsScreen)

    tell(make_app(A, Told(0xBAD, NOW)), story)


def test_two_marked_runs_are_compared_from_the_list_and_a_fork_with_its_parent(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        table = told.app.screen.query_one(RunTable)
        while table.run is None or table.run.run_id != FORK.run_id:
            await told.press("j")
        await told.press("D")
        assert pairs_of(told).has_focus and "B is a ⑂ of the other at step 6" in told.screen()
        await told.press("q", "d")
        assert table.marked == FORK.run_id
        await told.press("j", "d")
        assert "A ✓ support 1.4.1 · 11-21 13:45:00" in told.screen() and "B ✓ support 1.4.2" in told.screen()
        await told.press("q")
        assert table.marked == "", "what was marked was compared"
        await told.press("D")
        assert "no fork" in told.notices() and isinstance(told.app.screen, RunsScreen)

    tell(make_app(), story)


def test_a_run_that_is_open_is_marked_and_the_next_one_compared_with_it(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        await told.press("d")
        assert "marked as A" in told.notices()
        await told.press("q", "enter", "d")
        assert isinstance(told.app.screen, DiffScreen) and "A ✓ support 1.4.1" in told.screen()

    tell(make_app(run=A.run_id), story)


def test_of_long_runs_only_what_differs_is_laid_out_and_all_can_be_looked_at(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        pairs = pairs_of(told)
        assert pairs.count < 12 and "equal steps" in told.screen()
        await told.press("x", "G")
        assert pairs.count > 600 and "#600" in told.screen()
        await told.press("N")
        assert pairs.pair is not None and pairs.pair.verdict != "equal"

    tell(make_app(LONG, LONGER), story)


def test_a_store_that_is_away_is_said_to_be_and_the_diff_comes_when_it_is_back(
    port: Port, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playhead_tui.app, "RETRY_S", 0.05)
    away = [True]

    def open_it(again: bool) -> Source:
        if away:
            raise StoreUnavailable("there is no store at /s")
        return Source(client_of(port))

    start = Start("chdb:///s", diff=(A.run_id, B.run_id))
    app = PlayheadApp(start, Reader(open_it), now=lambda: NOW, searches=tmp_path / "searches.toml")

    async def story(told: Story) -> None:
        assert "✗ there is no store at /s; trying again" in told.screen() and isinstance(app.screen, DiffScreen)
        away.clear()
        while "first divergence" not in told.screen():
            await told.pilot.pause(0.02)
        assert "trying again" not in told.screen()

    tell(app, story)


@pytest.mark.parametrize("size", SIZES)
def test_two_groups_are_compared_and_a_branch_opens_a_typical_pair(make_app: MakeApp, size: str) -> None:
    async def story(told: Story) -> None:
        await told.press("c")
        told.look("c: which groups; the versions that most runs have are offered")
        await told.press("enter", "enter")
        told.look("enter, enter: where they part first that chance does not explain")
        await told.press("n", "enter")
        told.look("n, enter: two runs that show the branch")
        told.check(f"groups-{size}")

    tell(make_app(query="since:1d steps>9 steps<20"), story, SIZES[size])


def test_the_keys_of_the_screen_of_groups(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        await told.press("c", "ctrl+u")
        await told.paste("version:1.4.1")
        await told.press("enter", "ctrl+u")
        # What a group says of a field counts, not what the query says of it.
        await told.paste("version=1.4.2")
        await told.press("enter")
        assert are_in_the_palette(told.app, GroupsScreen.BINDINGS)
        branches = told.app.screen.query_one(Branches)
        assert "A version:1.4.1 · 11 runs" in told.screen() and "B version=1.4.2 · 10 runs" in told.screen()
        first, shown = branches.cursor, branches.count
        await told.press("n")
        assert branches.cursor > first and all(branches.pair)
        await told.press("N")
        assert branches.cursor == first
        await told.press("N")
        assert "no earlier branch" in told.notices()
        await told.press("x")
        assert branches.count > shown
        await told.press("x", "g", "enter")
        assert branches.count == shown and "compares a run of each group" in told.notices()
        await told.press("w", "g", *["pagedown"])
        await told.press("R", "q")
        assert isinstance(told.app.screen, RunsScreen)

    tell(make_app(query="version:1.4.1 steps>9 steps<20"), story)


def test_a_group_that_no_run_is_in_and_one_that_is_not_understood_are_said_to_be(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        await told.press("c", "ctrl+u")
        await told.paste("version:9")
        await told.press("enter", "enter")
        assert isinstance(told.app.screen, GroupsScreen)
        assert "no run matches 'version:9' within 'steps>9'" in told.screen()
        await told.press("n", "x", "w", "q")
        await told.press("c", "ctrl+u")
        await told.paste("versoin:1")
        await told.press("enter", "enter")
        # Said where it is mended.
        assert isinstance(told.app.screen, AskLines) and "did you mean version?" in told.screen()
        await told.press("escape")
        assert isinstance(told.app.screen, RunsScreen)

    tell(make_app(query="steps>9"), story)
