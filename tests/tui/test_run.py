"""The screen of one run, as it is used."""

from __future__ import annotations

import gc
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from tests.tui.conftest import MakeApp
from tests.tui.story import Story, tell
from tests.tui.told import all_runs

from playhead_tui.header import Header
from playhead_tui.run import opened, screen
from playhead_tui.run.opened import OpenedRun
from playhead_tui.run.pane import SheetPane
from playhead_tui.run.screen import RunScreen
from playhead_tui.run.steps import Steps
from playhead_tui.runs.screen import RunsScreen

SIZES = {"80x24": (80, 24), "120x36": (120, 36)}
RUNS = all_runs()
LOOP = next(run.run_id for run in RUNS if run.number == 21)
OPEN = next(run.run_id for run in RUNS if run.number == 23)
INCOMPLETE = next(run.run_id for run in RUNS if run.number == 22)


@pytest.mark.parametrize("size", SIZES)
def test_a_run_is_read_from_its_first_error_back(make_app: MakeApp, size: str) -> None:
    async def story(told: Story) -> None:
        told.look("playhead tui --run 0015")
        await told.press("n")
        await told.press("n")
        told.look("n n: the first failed step below the run itself; its arguments, and the same calls")
        await told.press("p", "p", "2")
        told.look("p p 2: what the model was given no longer has the system prompt")
        await told.press("1", "enter", "down", "down", "down", "space")
        told.look("1, enter, down down down, space: a message of it is folded")
        await told.press("tab", "slash")
        await told.paste("deep")
        await told.press("enter")
        told.look("/ deep: the steps that hold the word are marked, and the first is shown")
        await told.press("3")
        told.look("3: where the agent stood")
        await told.press("home", "space")
        told.look("home, space: the tree is folded")
        told.check(f"run-{size}")

    tell(make_app(run="0015"), story, SIZES[size])


def test_a_run_that_has_not_ended_and_one_that_is_incomplete_say_so(make_app: MakeApp) -> None:
    async def open_one(told: Story) -> None:
        told.look("a run that goes on")
        await told.press("q", "j", "enter")
        told.look("q, j, enter: one of which the beginning has not arrived")
        told.check("run-unfinished")

    tell(make_app(run=OPEN), open_one, SIZES["80x24"])


def test_enter_on_a_run_opens_it_and_q_goes_back_to_where_one_was(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        await told.press("j", "j", "enter")
        assert isinstance(told.app.screen, RunScreen) and "gave up after 5 attempts" in told.screen()
        await told.press("q")
        assert isinstance(told.app.screen, RunsScreen) and told.app.screen.query_one("#table").has_focus

    tell(make_app(), story)


def test_what_a_list_did_not_come_to_ask_before_a_run_was_opened_it_asks_when_one_is_back(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        await told.press("j")
        said = told.screen()
        await told.press("k")
        # Sooner than the cursor is at rest.
        await told.pilot.press("j", "enter")
        await told.settle()
        assert isinstance(told.app.screen, RunScreen)
        await told.press("q")
        assert told.screen() == said

    tell(make_app(), story)


def test_steps_are_gone_through_by_kind_in_both_directions(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        steps = told.app.screen.query_one(Steps)
        assert steps.opened is not None
        nodes = steps.opened.nodes
        seen: dict[str, list[int]] = {}
        for key, back in (("n", "N"), ("t", "T"), ("p", "P")):
            await told.press("g")
            walked = [steps.place or 0]
            while True:
                await told.press(key)
                if steps.place == walked[-1]:
                    break
                walked.append(steps.place or 0)
            seen[key] = walked[1:]
            for place in reversed(walked[1:-1]):
                await told.press(back)
                assert steps.place == place
        assert seen["n"] == [place for place, node in enumerate(nodes) if node.step.status == "error" and place]
        assert seen["t"] == [place for place, node in enumerate(nodes) if node.step.kind == "tool"]
        assert seen["p"] == [place for place, node in enumerate(nodes) if node.step.kind == "prompt"]

    tell(make_app(run=LOOP), story, SIZES["80x24"])


def test_a_run_without_model_calls_says_that_it_has_none(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        await told.press("enter")
        assert "no model calls" in told.screen()

    tell(make_app(f"run:{INCOMPLETE}"), story)


def test_a_jump_into_a_folded_part_unfolds_it(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        steps = told.app.screen.query_one(Steps)
        await told.press("space")
        assert steps.count == 1
        await told.press("t")
        assert steps.count == len(RUNS[13].spans) and steps.place is not None and steps.place > 0

    tell(make_app(run=LOOP), story, SIZES["80x24"])


def test_a_run_is_exported_exactly_as_it_was_sent(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "run.otlp"

    async def story(told: Story) -> None:
        await told.press("e", "ctrl+u")
        await told.paste(str(path))
        await told.press("enter")

    tell(make_app(run=LOOP), story)
    data = TracesData.FromString(path.read_bytes())
    spans = [span for resource in data.resource_spans for scope in resource.scope_spans for span in scope.spans]
    told = next(run for run in RUNS if run.run_id == LOOP)
    assert sorted(spans, key=lambda span: span.span_id) == sorted(told.spans, key=lambda span: span.span_id)


def test_what_a_step_said_is_copied_and_handed_to_the_pager_whole(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pager = tmp_path / "pager"
    pager.write_text(f"#!/bin/sh\ncat > {tmp_path}/paged\n", encoding="utf-8")
    pager.chmod(0o755)
    monkeypatch.setenv("PAGER", str(pager))

    async def story(told: Story) -> None:
        await told.press("t", "y")
        assert '"order_id": "A-1093"' in told.app.clipboard and "PaymentError" in told.app.clipboard
        # Headless there is no terminal to hand over; that is said.
        await told.press("o")
        assert "cannot be handed over" in told.notices()

    tell(make_app(run=LOOP), story)


def test_a_run_that_is_not_there_is_said_to_be_missing(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        assert "no run begins with 'abcdef'" in told.screen()
        assert not told.app.store.trouble

    tell(make_app(run="abcdef"), story)


def test_details_are_of_the_step_under_the_cursor_and_keep_their_tab(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        details = told.app.screen.query_one(SheetPane)
        await told.press("4", "t")
        assert details.tab == "raw" and "gen_ai.tool.name" in told.screen()
        await told.press("p")
        assert details.tab == "raw" and "gen_ai.request.model" in told.screen()

    tell(make_app(run=LOOP), story)


def test_a_run_that_was_closed_is_let_go(make_app: MakeApp) -> None:
    def kept() -> list[int]:
        gc.collect()
        there = gc.get_objects()
        return [sum(isinstance(one, kind) for one in there) for kind in (Header, RunScreen)]

    async def story(told: Story) -> None:
        # The app of another test may still be there.
        before = kept()
        # To one that has ended: asyncio keeps the cancelled timer of one that goes on until its time comes.
        await told.press("j", "j")
        for _ in range(6):
            await told.press("enter")
            assert isinstance(told.app.screen, RunScreen)
            await told.press("q")
        # A thread that has answered has yet to come back.
        for _ in range(20):
            if kept() == before:
                return
            await told.settle()
        raise AssertionError(f"{kept()} headers and runs are kept, and there were {before} before any was opened")

    tell(make_app(), story, SIZES["80x24"])


def test_of_a_large_run_the_tree_is_there_before_what_its_steps_said(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_be_read = threading.Event()
    whole: list[str] = []

    def open_run(client: Client, run: str) -> OpenedRun:
        assert may_be_read.wait(120)
        return opened.open_run(client, run)

    monkeypatch.setattr(screen, "open_run", open_run)

    async def read_at_once(told: Story) -> None:
        may_be_read.set()
        await told.press("enter", "p")
        whole.append(told.screen())

    async def read_later(told: Story) -> None:
        await told.pilot.press("enter")
        while not any(steps.count for steps in told.app.screen.query(Steps)):
            await told.pilot.pause(0.01)
        steps = told.app.screen.query_one(Steps)
        assert steps.opened is not None and not steps.opened.is_whole
        await told.pilot.press("p")
        # What is looked at is there all the same.
        while "I was charged twice" not in told.screen():
            await told.pilot.pause(0.01)
        assert not steps.opened.is_whole
        # What needs all of it is done when all of it is there.
        await told.pilot.press("slash", *"charged", "enter", "down")
        assert "still being read" in told.notices() and "with 'charged'" not in told.notices()
        may_be_read.set()
        await told.settle()
        assert steps.opened.is_whole and "with 'charged'" in told.notices()
        await told.press("escape", "home", "p")
        assert told.screen() == whole[0]

    tell(make_app(f"run:{LOOP}"), read_at_once)
    may_be_read.clear()
    monkeypatch.setattr(opened, "LARGE", 2)
    tell(make_app(f"run:{LOOP}"), read_later)


def test_a_large_run_of_which_no_step_is_there_is_read_whole_all_the_same(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_open = opened.open_figures

    def open_figures(client: Client, run: str, step_id: str | None = None) -> OpenedRun:
        figures = really_open(client, run, step_id)
        return replace(figures, run=replace(figures.run, nodes=[]))

    monkeypatch.setattr(opened, "LARGE", 2)
    monkeypatch.setattr(opened, "open_figures", open_figures)

    async def story(told: Story) -> None:
        await told.press("enter")
        found = told.app.screen.query_one(Steps).opened
        assert found is not None and found.is_whole and found.nodes

    tell(make_app(f"run:{LOOP}"), story)


def test_what_is_read_in_a_small_window_has_most_of_it(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        steps, details = told.app.screen.query_one(Steps), told.app.screen.query_one(SheetPane)
        assert steps.size.height >= details.size.height
        await told.press("p", "tab")
        assert details.has_focus and details.size.height > 2 * steps.size.height
        assert steps.cursor in steps.visible_lines
        await told.press("tab")
        assert steps.has_focus and steps.size.height >= details.size.height

    tell(make_app(run="0015"), story, SIZES["80x24"])


def test_a_screen_is_painted_as_its_window_has_room_from_the_first(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[int] = []
    paint = RunScreen._compositor_refresh

    def refresh(of: RunScreen) -> None:
        painted.extend(pane.size.width for pane in of.query(SheetPane))
        paint(of)

    monkeypatch.setattr(RunScreen, "_compositor_refresh", refresh)

    async def story(told: Story) -> None:
        await told.press("enter")
        assert painted[0] == painted[-1] == 80

    tell(make_app(), story, SIZES["80x24"])
