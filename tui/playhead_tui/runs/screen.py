"""The screen of runs. The query line says which; everything else on the screen is what the store answers to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

from clickhouse_connect.driver.client import Client
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Label, Static

from playhead.printable import printable, several
from playhead_collector.read.filter import RunFilter
from playhead_collector.read.overview import (
    FIELDS,
    Facet,
    Histogram,
    Totals,
    facets_and_scores,
    histogram_of_runs,
    totals_of_runs,
)
from playhead_collector.read.query_line import QueryError, parse_query, quoted, value_of, with_term
from playhead_collector.read.runs import ORDERS, Order, PlacedRun, first_order, first_words, page_of_runs
from playhead_collector.read.together import side_by_side
from playhead_tui.ask import AskLines, AskOne, then
from playhead_tui.entry import harmless
from playhead_tui.header import Header
from playhead_tui.keys import Keys
from playhead_tui.lines import Lines
from playhead_tui.runs.facets import Facets
from playhead_tui.runs.histogram import TimeBars
from playhead_tui.runs.query import QueryInput
from playhead_tui.runs.saving import SAVING, SavingScreen
from playhead_tui.runs.summary import Summary
from playhead_tui.runs.table import RunTable
from playhead_tui.runs.windows import SIZE, Wanted

FOLLOW_S = 1.0


class RunsScreen(SavingScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "query", "query", key_display="/", priority=True),
        Binding("r", "replay", "replay"),
        Binding("d", "mark", "diff"),
        Binding("f", "follow", "follow"),
        Binding("o", "order", "sort"),
        Binding("O", "turn", "reverse", show=False),
        Binding("h", "times", "times"),
        Binding("v", "facets", "facets"),
        *SAVING,
        Binding("D", "parent", "A fork with the run that it is of", show=False),
        Binding("c", "groups", "Compare two groups of runs", show=False),
        Binding("R", "reload", "Ask again", show=False),
        Binding("escape", "back", "Back to the table", show=False),
        Binding("q", "app.quit", "quit"),
    ]

    @dataclass
    class Began(Message):
        """The first piece of a list, and how long the list is."""

        totals: Totals
        rows: list[PlacedRun]
        is_another: bool
        """Of other runs than before, and not only in another order."""

    @dataclass
    class PieceCame(Message):
        number: int
        rows: list[PlacedRun]

    @dataclass
    class WordsCame(Message):
        words: dict[str, str]

    @dataclass
    class FacetsCame(Message):
        facets: dict[str, list[Facet]]

    @dataclass
    class TimesCame(Message):
        histogram: Histogram

    def __init__(self, query: str = "") -> None:
        super().__init__()
        self._line = query
        self._wanted = RunFilter()
        self._frozen = RunFilter()
        self._order = Order()
        self._known: dict[str, list[str]] = {}
        self._following: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Header()
        with Horizontal(id="query"):
            yield Label("❯ ", id="prompt")
            yield QueryInput(self._line, self._known, id="line")
            yield Label("", id="matching")
        yield Static(id="wrong")
        yield TimeBars(id="times")
        with Horizontal(id="runs"):
            yield Facets(id="facets")
            yield RunTable(id="table")
        yield Summary(id="summary")
        yield Keys()

    def on_mount(self) -> None:
        self._table.focus()
        self.search(self._line)

    @property
    def _table(self) -> RunTable:
        return self.query_one(RunTable)

    # What is looked for

    @property
    def line(self) -> str:
        return self._line

    def search(self, line: str) -> None:
        """Shows what a line means, or where it means nothing; then what was shown before stays."""
        entry, wrong = self.query_one(QueryInput), self.query_one("#wrong", Static)
        if entry.value != line:
            entry.value = line
            line = entry.value
        try:
            wanted = parse_query(line, self.host.now())
        except QueryError as error:
            entry.show_error(error)
            wrong.update(Text(f"{' ' * error.start}{'^' * (error.end - error.start)}\n{printable(str(error))}"))
            wrong.add_class("-shown")
            return
        entry.show_error(None)
        wrong.remove_class("-shown")
        self._line, self._wanted = line, wanted
        self._table.go_to(0)
        self.query_one(Summary).forget_remarks()
        # What is shown until the answer is there are other runs.
        self.query_one("#matching", Label).update("looking …")
        self._begin()

    def _say_how_many(self) -> None:
        following = "following · " if self._following is not None else ""
        self.query_one("#matching", Label).update(following + several(self._table.count, "run"))

    def _begin(self, *, is_another: bool = True) -> None:
        """Rows first: what else is asked of them waits for these."""
        wanted, order = self._wanted, self._order

        def question(client: Client) -> Message:
            totals, rows = side_by_side(
                client, lambda: totals_of_runs(client, wanted), lambda: page_of_runs(client, wanted, order, SIZE)
            )
            return self.Began(totals, rows, is_another)

        self.ask("begin", question)

    def _look_around(self, totals: Totals) -> None:
        """Whoever goes on at once, to the run that was looked for, waits for nothing that stands around the rows."""
        if self.host.store.runs is None:
            self.host.look_at_rest()
        wanted, most = self._wanted, self.query_one(TimeBars).room
        self.ask_at_rest("facets", lambda client: self.FacetsCame(facets_and_scores(client, wanted)))
        now = self.host.now()
        first, last = wanted.since or totals.first or now, wanted.until or totals.last or now
        self.ask_at_rest("times", lambda client: self.TimesCame(histogram_of_runs(client, wanted, first, last, most)))

    @on(Began)
    def _began(self, event: Began) -> None:
        last = event.totals.last
        # What begins later is not part of this list until it is asked for anew: nothing moves while one reads.
        frozen = last + timedelta(microseconds=1) if last is not None and self._wanted.until is None else None
        self._frozen = replace(self._wanted, until=frozen or self._wanted.until)
        self._table.start(event.totals.runs, event.rows)
        self._say_how_many()
        if not event.rows:
            hint = "no runs match" if self._line else "no runs yet: send some, or try 'playhead demo'"
            self.query_one(Summary).say(hint)
        self._ask_for_words(event.rows)
        self._moved()
        if event.is_another:
            # How many bars fit is known once there is a layout.
            self.call_after_refresh(self._look_around, event.totals)

    def refused(self, why: str) -> None:
        super().refused(why)
        self._say_how_many()
        if self.host.store.runs is None:
            self.host.look()

    @on(RunTable.PieceWanted)
    def _piece_wanted(self, event: RunTable.PieceWanted) -> None:
        wanted: Wanted = event.wanted
        runs, order = self._frozen, self._order

        def question(client: Client) -> Message:
            rows = page_of_runs(
                client, runs, order, wanted.limit, after=wanted.after, before=wanted.before, skip=wanted.skip
            )
            return self.PieceCame(wanted.number, rows)

        self.ask("piece", question)

    @on(PieceCame)
    def _piece_came(self, event: PieceCame) -> None:
        self._table.put(event.number, event.rows)
        self._ask_for_words(event.rows)

    def _ask_for_words(self, rows: list[PlacedRun]) -> None:
        runs = [one.row for one in rows if one.row.run_id not in self._table.words]
        if runs:
            self.ask("words", lambda client: self.WordsCame(first_words(client, runs)))

    @on(WordsCame)
    def _words_came(self, event: WordsCame) -> None:
        self._table.put_words(event.words)
        self._moved()

    @on(FacetsCame)
    def _facets_came(self, event: FacetsCame) -> None:
        self._known.update({field: [facet.value for facet in values] for field, values in event.facets.items()})
        self.query_one(Facets).show(event.facets, {field: value_of(self._line, field) for field in FIELDS})

    @on(TimesCame)
    def _times_came(self, event: TimesCame) -> None:
        self.query_one(TimeBars).histogram = event.histogram

    @on(Input.Submitted, "#line")
    def _submitted(self, event: Input.Submitted) -> None:
        self.search(event.value.strip())
        if not self.query_one("#wrong").has_class("-shown"):
            self._table.focus()

    @on(Facets.ValueChosen)
    def _value_chosen(self, event: Facets.ValueChosen) -> None:
        """Once puts it into the line, once more takes it out. What no line should hold is a star there."""
        value = harmless(event.value)
        is_there = value_of(self._line, event.field) == value
        self.search(with_term(self._line, event.field, "" if is_there else value))

    @on(TimeBars.Narrowed)
    def _narrowed(self, event: TimeBars.Narrowed) -> None:
        line = self._line
        for field, when in (("since", event.since), ("until", event.until)):
            line = with_term(line, field, when.replace(tzinfo=None).isoformat() if when is not None else "")
        self.search(line)

    @on(RunTable.OrderWanted)
    def _order_wanted(self, event: RunTable.OrderWanted) -> None:
        self.sort(event.by)

    def sort(self, by: str) -> None:
        """By a column; once more turns it around."""
        is_same = self._order.by == by
        self._order = Order(by, not self._order.descending) if is_same else first_order(by)
        self._table.order = self._order
        self._table.go_to(0)
        self._begin(is_another=False)

    # The run under the cursor

    @on(Lines.Moved, "#table")
    def _moved(self) -> None:
        row = self._table.run
        if row is not None:
            self.query_one(Summary).show(row, self._table.words.get(row.run_id, ""))

    @on(Lines.Chosen, "#table")
    def _chosen(self) -> None:
        row = self._table.run
        # Of two keys at once the second finds another screen on top.
        if row is not None and self.is_active:
            self.host.open_run(row.run_id, steps=row.steps)

    # Keys

    @property
    def about(self) -> tuple[str, str]:
        return (self._table.run.run_id, "") if self._table.run is not None else ("", "")

    def action_replay(self) -> None:
        if self.about[0]:
            self.host.open_replay(self.about[0])

    def action_query(self) -> None:
        self.set_focus(self.query_one(QueryInput))

    def action_times(self) -> None:
        self.query_one(TimeBars).focus()

    def action_facets(self) -> None:
        facets = self.query_one(Facets)
        self.toggle_class("-facets")
        self.call_after_refresh(self._to_facets, facets)

    def _to_facets(self, facets: Facets) -> None:
        """Or away from them, where they are hidden now."""
        (facets if facets.size.width else self._table).focus()

    def action_back(self) -> None:
        self.query_one(QueryInput).value = self._line
        self.search(self._line)
        self._table.focus()

    def action_reload(self) -> None:
        self.search(self._line)

    def action_turn(self) -> None:
        self.sort(self._order.by)

    def action_order(self) -> None:
        options = [(by, "now" if by == self._order.by else "") for by in ORDERS]
        self.app.push_screen(AskOne("sort by", options), then(self.sort))

    def action_mark(self) -> None:
        """The first is marked, the second compared with it; the same one twice is marked no longer."""
        row, marked = self._table.run, self.host.marked
        if row is not None and marked and marked != row.run_id:
            self.host.open_diff(marked, row.run_id)
        elif row is not None:
            self.host.marked = self._table.marked = "" if marked else row.run_id
            self.tell("no longer marked" if marked else "marked as A: d on another run compares them")

    def on_screen_resume(self) -> None:
        self._table.marked = self.host.marked

    def action_parent(self) -> None:
        row = self._table.run
        if row is not None:
            self.open_diff_with_parent(row.run_id)

    def action_groups(self) -> None:
        """Asks which; where there are several versions, the two that most runs have are offered."""
        versions = sorted(self._known.get("version", [])[:2])
        given = [f"version:{quoted(version)}" for version in versions] if len(versions) == 2 else ["", ""]
        # Only here: what compares runs is not loaded before it is asked for.
        from playhead_replay.diff.members import group_of

        question = f"compare two groups of runs{f' within {self._line!r}' if self._line else ''}, such as version:1.4.1"

        def check(lines: tuple[str, ...]) -> None:
            for line in lines:
                group_of(line, self.host.now(), within=self._line)

        self.app.push_screen(AskLines(question, {"A": given[0], "B": given[1]}, check), self._groups)

    def _groups(self, groups: tuple[str, ...] | None) -> None:
        if groups is not None:
            self.host.open_groups(self._line, groups[0], groups[1])

    def action_follow(self) -> None:
        if self._following is None:
            self._following = self.set_interval(FOLLOW_S, self._follow)
            self.tell("following: what arrives is shown as it does; f again to stop")
        else:
            self._following.stop()
            self._following = None
            self.tell("no longer following")
        self._say_how_many()

    def _follow(self) -> None:
        if self.is_current and not self.host.store.trouble:
            self._wanted = parse_query(self._line, self.host.now())
            self._begin()

    def store_found(self) -> None:
        self.search(self._line)
