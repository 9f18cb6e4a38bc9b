"""The screen of alerts: what fires, the runs and steps that show it, and what somebody says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from playhead.errors import PlayheadError, UsageError
from playhead.printable import printable
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.standing import Standing
from playhead_collector.read.query_line import quoted
from playhead_tui.alerts.answering import AnsweringScreen
from playhead_tui.alerts.asking import All, all_alerts, behind, rules_by_name
from playhead_tui.alerts.backtest import Backtest, Tries, chosen, figures_of, run_backtest, sheet_of_backtest
from playhead_tui.alerts.pane import AlertPane
from playhead_tui.alerts.sheets import Behind, sheet_of_alert, sheet_of_history, sheet_of_rule
from playhead_tui.alerts.table import SEVERITIES, STATES, AlertTable, Choice
from playhead_tui.ask import AskLines, AskOne
from playhead_tui.header import Header
from playhead_tui.keys import Keys
from playhead_tui.lines import Lines
from playhead_tui.reading import QuestionRefused
from playhead_tui.run.pane import SheetPane

AGAIN_S = 3.0
TABS = ("alert", "history", "rule", "backtest")


class AlertsScreen(AnsweringScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "replay", "replay"),
        Binding("f", "state", "state"),
        Binding("v", "severity", "severity"),
        Binding("b", "backtest", "backtest"),
        *(Binding(str(number), f"tab('{tab}')", tab, show=False) for number, tab in enumerate(TABS, 1)),
        Binding("R", "reload", "Ask again", show=False),
        Binding("escape,q", "back", "back", key_display="q"),
    ]

    @dataclass
    class AllCame(Message):
        all: All

    @dataclass
    class RulesCame(Message):
        rules: dict[str, Rule]

    @dataclass
    class BehindCame(Message):
        behind: Behind

    @dataclass
    class BacktestGoes(Message):
        words: str
        done: Backtest | None = None

    def __init__(self) -> None:
        super().__init__()
        self._all: All | None = None
        self._rules: dict[str, Rule] | None = None
        """Nothing until they have been read."""
        self._choice = Choice()
        self._behind: Behind | None = None
        self._behind_about: tuple[Standing, int] | None = None
        """How its alert stood, and when somebody was told last, when that was asked."""
        self._backtest: Backtest | None = None
        self._going = ""
        self._shown = ("", "")

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static("asking …", id="alerts-head")
        with Horizontal(id="alerts"):
            yield AlertTable(id="alert-table")
            yield AlertPane(TABS, id="alert-pane")
        yield Keys()

    @property
    def _table(self) -> AlertTable:
        return self.query_one(AlertTable)

    @property
    def _pane(self) -> AlertPane:
        return self.query_one(AlertPane)

    @property
    def here(self) -> Standing | None:
        return self._table.here

    def on_mount(self) -> None:
        self._table.focus()
        self.call_after_refresh(self.action_reload)
        self.set_interval(AGAIN_S, self._ask_again)

    @on(SheetPane.Widened)
    def _widened(self) -> None:
        self._show_sheet()

    # How alerts stand

    def action_reload(self) -> None:
        start = self.host.start
        self._behind_about = None
        self.beside("rules", lambda: self.RulesCame(rules_by_name(start.rules, start.alert_settings)))
        self.ask_for_all()

    def store_found(self) -> None:
        self.action_reload()

    def _ask_again(self) -> None:
        if self.is_current and not self.host.store.trouble:
            self.ask_for_all()

    def ask_for_all(self) -> None:
        now = self.host.now()
        self.ask("all", lambda client: self.AllCame(all_alerts(client, now)))

    @on(AllCame)
    def _all_came(self, event: AllCame) -> None:
        self._all = event.all
        self.host.alerts_looked(event.all.standings, is_known=not event.all.trouble)
        self._show()

    @on(RulesCame)
    def _rules_came(self, event: RulesCame) -> None:
        self._rules = event.rules
        self._show()

    def _show(self) -> None:
        if self._all is None:
            return
        rows = [one for one in self._all.standings if self._choice.takes(one)]
        owners = {name: rule.owner for name, rule in (self._rules or {}).items()}
        self._table.show(rows, owners, self.host.now)
        self.query_one("#alerts-head", Static).update(self._head(self._all, len(rows)))
        self._ask_behind()
        self._show_sheet()

    def _head(self, told: All, shown: int) -> Text:
        counts = Counter(one.alert.state.value for one in told.standings)
        words = [f"{number} {state}" for state, number in sorted(counts.items())]
        head = Text(" · ".join(words) or "nothing fires, and nothing did in the last 7 days", style="bold")
        filters = [
            f"{name} {value}"
            for name, value in (("state", self._choice.state), ("severity", self._choice.severity))
            if value != "all"
        ]
        if filters:
            head.append(f"  {shown} shown: {', '.join(filters)}", style="reverse")
        if told.trouble:
            head.append(f"\n✗ {told.trouble}", style="bold red")
        elif not told.standings and self._rules is not None:
            head.append(f"\n{len(self._rules)} rules are asked; b says when one of them would have fired", style="dim")
        return head

    def refused(self, why: str) -> None:
        if self._all is not None:
            super().refused(why)
            return
        words = f"✗ this store tells nothing of alerts: {printable(why)}\n"
        words += "an older one learns to when its collector is started anew; or you may not read it: ask who runs it"
        self.query_one("#alerts-head", Static).update(Text(words, style="bold red"))

    # The alert under the cursor

    @on(Lines.Moved, "#alert-table")
    def _moved(self) -> None:
        self._ask_behind()
        self._show_sheet()

    def _ask_behind(self) -> None:
        """Where it can be another than what is shown: the alert is another, somebody was told, or a run has ended."""
        one, now = self.here, self.host.now()
        if one is None or self._all is None:
            return
        # When it was found last is the moment at which one asks.
        about = (replace(one, alert=replace(one.alert, seen_at=one.alert.changed_at)), self._all.asked.told)
        if about != self._behind_about or (self._behind is not None and self._behind.may_change):
            self._behind_about = about
            self.ask_at_rest("behind", lambda client: self.BehindCame(behind(client, one.alert, now)))

    @on(BehindCame)
    def _behind_came(self, event: BehindCame) -> None:
        self._behind = event.behind
        self._show_sheet()

    def _show_sheet(self) -> None:
        pane, one = self._pane, self.here
        width = pane.scrollable_content_region.width - 2
        key = (one.alert.alert_id if one is not None else "", pane.tab)
        if pane.tab == "backtest":
            lines = sheet_of_backtest(self._backtest, self._going, width)
        elif one is None:
            lines = []
        else:
            rule = (self._rules or {}).get(one.alert.rule)
            told = self._behind if self._behind is not None and self._behind.alert_id == one.alert.alert_id else None
            lines = {
                "alert": lambda: sheet_of_alert(one, rule, told, self.host.now(), width),
                "history": lambda: sheet_of_history(one, told, width),
                "rule": lambda: sheet_of_rule(one, rule, width),
            }[pane.tab]()
        pane.show(lines, pane.tab, keep=key == self._shown)
        self._shown = key

    def action_tab(self, tab: str) -> None:
        self._pane.tab = tab
        self._show_sheet()

    # Its runs

    @on(Lines.Chosen, "#alert-table")
    def _chosen(self) -> None:
        """The run that showed it first, at the step that does; of one that names none, the runs of its agent."""
        one = self.here
        if one is None:
            return
        run_id, step_id = self._first_run(one)
        agent = {**one.alert.labels, **dict(one.alert.group)}.get("agent", "")
        if run_id:
            self.host.open_run(run_id, step_id or None)
        elif agent:
            self.host.open_runs(f"agent:{quoted(agent)} since:1d")
        else:
            self.tell("this alert names no run and no agent; its history (2) and its rule (3) say more")

    @on(AlertPane.RunChosen)
    def _run_chosen(self, event: AlertPane.RunChosen) -> None:
        self.host.open_run(event.run_id, event.step_id or None)

    def _first_run(self, one: Standing) -> tuple[str, str]:
        return next(((run, step) for run, step in one.alert.evidence if run), ("", ""))

    def action_replay(self) -> None:
        """At once, of the run under the cursor, or the first one of the alert."""
        run, one = self._pane.run_here if self._pane.has_focus else None, self.here
        if run is not None:
            self.host.open_replay(run.run_id, run.step_id or None)
        elif one is not None and one.alert.runs:
            run_id, step_id = self._first_run(one)
            self.host.open_replay(run_id, step_id or None)
        else:
            self.tell("no run to replay: this alert names none")

    # Which are shown

    def action_state(self) -> None:
        self._ask_choice("state", STATES)

    def action_severity(self) -> None:
        self._ask_choice("severity", {"all": "of any", **dict.fromkeys(SEVERITIES, "")})

    def _ask_choice(self, name: str, values: Mapping[str, str]) -> None:
        told = self._all.standings if self._all is not None else []
        options = [
            (value, f"{sum(Choice(**{name: value}).takes(one) for one in told)}  {words}")
            for value, words in values.items()
        ]
        self.app.push_screen(AskOne(f"show alerts by {name}", options), lambda value: self._choose(name, value))

    def _choose(self, name: str, value: str | None) -> None:
        if value is not None:
            state, severity = self._choice.state, self._choice.severity
            self._choice = Choice(value, severity) if name == "state" else Choice(state, value)
            self._show()

    # The past

    def action_backtest(self) -> None:
        if self._rules is None:
            self.tell("the rules are still being read; b again in a moment")
            return
        one = self.here
        name = one.alert.rule if one is not None and one.alert.rule in self._rules else next(iter(self._rules), "")
        if not name:
            self.tell("no rules are here; 'playhead alerts list' says which there are", is_error=True)
            return
        lines = {"rule": name, "since (6h, 7d, 30d)": "7d", "figures to compare": figures_of(self._rules[name])}
        self.app.push_screen(AskLines("when would it have fired?", lines, self._tries), self._begin_backtest)

    def _tries(self, lines: tuple[str, ...]) -> tuple[Rule, Tries]:
        name, since, figures = lines
        rule = (self._rules or {}).get(name)
        if rule is None:
            raise UsageError(f"there is no rule {name!r}; 'playhead alerts list' shows them")
        return rule, Tries(since, chosen(rule, figures))

    def _begin_backtest(self, lines: tuple[str, ...] | None) -> None:
        if lines is None:
            return
        rule, tries = self._tries(lines)
        now, reader = self.host.now(), self.host.reader
        self.action_tab("backtest")

        def work() -> Message:
            worker = get_current_worker()

            def say(words: str) -> None:
                if worker.is_cancelled:
                    raise UsageError("no longer wanted")
                self.post_message(self.BacktestGoes(words))

            say(f"asking {rule.name} about the past …")
            try:
                return self.BacktestGoes("", reader.ask(lambda client: run_backtest(client, rule, tries, now, say)))
            except (QuestionRefused, PlayheadError) as error:
                return self.BacktestGoes(f"✗ {error}")

        self.beside("backtest", work)

    @on(BacktestGoes)
    def _backtest_goes(self, event: BacktestGoes) -> None:
        self._going = event.words
        self._backtest = event.done or (None if event.words else self._backtest)
        if self._pane.tab == "backtest":
            self._show_sheet()

    def action_back(self) -> None:
        if self._pane.has_focus:
            self._table.focus()
        else:
            self.action_leave()
