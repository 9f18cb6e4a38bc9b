"""The screen of runs, as it is used."""

from __future__ import annotations

import pytest
from tests.tui.conftest import MakeApp
from tests.tui.story import Story, tell

from playhead_tui.runs.query import QueryInput
from playhead_tui.runs.table import RunTable

SIZES = {"80x24": (80, 24), "120x36": (120, 36)}


@pytest.mark.parametrize("size", SIZES)
def test_runs_are_searched_sorted_and_narrowed(make_app: MakeApp, size: str) -> None:
    async def story(told: Story) -> None:
        told.look("playhead tui")
        await told.press("j", "j", "down")
        told.look("j j down: another run, and what is remarkable about it")
        await told.press("slash")
        await told.paste("status:error")
        await told.press("enter")
        told.look("/ status:error: only these; the facets still show what else there is")
        await told.press("slash", "ctrl+u")
        await told.paste("agnet:support")
        await told.press("enter")
        told.look("/ agnet:support: what is not understood is underlined, and the runs stay")
        await told.press("escape", "slash", "ctrl+u", "enter", "o", *["down"] * 5, "enter")
        told.look("o: by steps")
        await told.press("h", "right", "shift+left", "shift+left")
        told.look("h, shift+left: bars are drawn over")
        await told.press("enter")
        told.look("enter: narrowed to their time")
        told.check(f"runs-{size}")

    tell(make_app(), story, SIZES[size])


def test_a_facet_is_put_into_the_line_and_taken_out_again(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        entry, table = told.app.screen.query_one(QueryInput), told.app.screen.query_one(RunTable)
        everything = table.count
        # The first line is the field, the second its most frequent value.
        told.app.screen.query_one("#facets").focus()
        await told.press("down", "enter")
        assert entry.value == "status:ok" and 0 < table.count < everything
        await told.press("enter")
        assert entry.value == "" and table.count == everything

    tell(make_app(), story)


def test_a_search_is_saved_under_a_name_and_found_again(make_app: MakeApp) -> None:
    async def save(told: Story) -> None:
        await told.press("s")
        await told.paste("errors of today")
        await told.press("enter")
        assert 'errors of today" = "status:error since:1d"' in told.app.searches.read_text(encoding="utf-8")

    async def find(told: Story) -> None:
        await told.press("l", "enter")
        assert told.app.screen.query_one(QueryInput).value == "status:error since:1d"
        assert told.app.screen.query_one(RunTable).count == 1

    tell(make_app(query="status:error since:1d"), save)
    tell(make_app(), find)


def test_a_search_completes_fields_and_values_that_there_are(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        await told.press("slash", *"ver", "right", *"1.4.1", "enter")
        assert told.app.screen.query_one(QueryInput).value == "version:1.4.1"
        assert told.app.screen.query_one(RunTable).count == 12
        await told.press("slash", "space", *"user:user-", "right")
        assert told.app.screen.query_one(QueryInput).value == "version:1.4.1 user:user-0"

    tell(make_app(), story)


def test_a_title_that_is_clicked_sorts_and_clicked_again_turns_around(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        table = told.app.screen.query_one(RunTable)
        place = told.screen().splitlines()[4].index("tokens") + 1
        await told.pilot.click(offset=(place, 4))
        await told.settle()
        assert (table.order.by, table.order.descending) == ("tokens", True)
        most = table.run
        await told.pilot.click(offset=(place, 4))
        await told.settle()
        assert (table.order.by, table.order.descending) == ("tokens", False)
        assert most is not None and table.run is not None and (most.input_tokens or 0) > (table.run.input_tokens or 0)

    tell(make_app(), story)
