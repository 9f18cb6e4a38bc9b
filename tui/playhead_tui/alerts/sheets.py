"""What the pane beside the table says of an alert: itself, the runs that show it, its history, its rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

from playhead.printable import several
from playhead_collector.alerts.alert import Alert
from playhead_collector.alerts.behind import Shown, Told
from playhead_collector.alerts.marks import Mark
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.standing import Standing
from playhead_collector.read.signs import LETTERS, SIGNS
from playhead_collector.read.words import duration
from playhead_tui.alerts.table import since_of, word_of
from playhead_tui.run.sheet import Line, Sheet
from playhead_tui.shown import one_line


@dataclass(slots=True)
class RunLine(Line):
    """A line that stands for a run, at a step of it where one is named."""

    run_id: str = ""
    step_id: str = ""


@dataclass(frozen=True, slots=True)
class Behind:
    """What the store says of one alert."""

    alert_id: str
    shown: Sequence[Shown]
    events: Sequence[Told]

    @property
    def may_change(self) -> bool:
        """Also while nothing becomes of the alert: a run that shows it goes on."""
        return any(run.status == "open" for run in self.shown)


def sheet_of_alert(one: Standing, rule: Rule | None, behind: Behind | None, now: datetime, width: int) -> list[Line]:
    alert, sheet = one.alert, Sheet(width)
    sheet.text(rule.title if rule is not None else alert.rule, "bold")
    sign, word, colour = word_of(one)
    owner = f" · of {rule.owner}" if rule is not None and rule.owner else ""
    sheet.text(f"{sign} {word} · {alert.severity} · {alert.rule}{owner}", colour)
    sheet.text(alert.summary)
    sheet.text(_times(alert, now), "dim")
    for sign, verb, mark in (("a", "acknowledged", one.acked), ("z", "silenced", one.silenced)):
        if mark is not None:
            sheet.text(f"{sign} {verb} by {mark.by}{_until(mark, now)}{f': {mark.note}' if mark.note else ''}", "bold")
    values = [
        (name, value) for name, value in (*alert.group, *sorted(alert.labels.items())) if value and name != "run_id"
    ]
    if values:
        sheet.text(" · ".join(f"{name} {value}" for name, value in values), "cyan")
    _runs(sheet, alert, behind)
    if rule is None:
        sheet.note("its rule is not here: start the terminal with the folder of rules that the alerts are of (--rules)")
        return sheet.lines
    heading = sheet.heading("▾ why it is an alert")
    sheet.text(rule.why, indent=2)
    sheet.close(heading)
    if rule.runbook:
        sheet.text(f"runbook {rule.runbook}", "bold")
    return sheet.lines


def _times(alert: Alert, now: datetime) -> str:
    since = since_of(alert)
    told = [f"since {since:%m-%d %H:%M:%S} ({duration((now - since).total_seconds())})"]
    if alert.fired_at is not None and alert.fired_at != since:
        told.append(f"fired {alert.fired_at:%m-%d %H:%M:%S}")
    elif alert.pending_at != since:
        told.append(f"found {alert.pending_at:%H:%M:%S}")
    return " · ".join([*told, f"value {alert.value:g}"])


def _until(mark: Mark, now: datetime) -> str:
    """When it was said; of a silence, for how long it is still in force."""
    if mark.kind == "ack":
        return f" {mark.at:%m-%d %H:%M}"
    return f" for {duration((mark.until - now).total_seconds())} more"


def _runs(sheet: Sheet, alert: Alert, behind: Behind | None) -> None:
    if not alert.runs:
        sheet.note("it is about no single run; enter shows the runs of its agent, where it names one")
        return
    told = {one.run_id: one for one in behind.shown} if behind is not None else {}
    heading = sheet.heading(f"▾ {several(len(alert.runs), 'run')} {'shows' if len(alert.runs) == 1 else 'show'} it")
    for run_id, step_id in alert.evidence:
        if run_id:
            sheet.lines.append(RunLine(_run(told.get(run_id), run_id, sheet.width), run_id=run_id, step_id=step_id))
    sheet.close(heading)


def _run(shown: Shown | None, run_id: str, width: int) -> Text:
    line = Text("  ", no_wrap=True)
    if shown is None:
        return line.append(run_id[:12])
    if not shown.status:
        return line.append(f"{run_id[:12]} is no longer stored", style="dim")
    sign, colour = SIGNS.get(shown.status, ("?", ""))
    line.append(f"{sign} ", style=colour).append(f"{shown.start_time:%m-%d %H:%M:%S} ")
    if shown.kind:
        letter, colour = LETTERS.get(shown.kind, ("·", "dim"))
        failed = " ✗" if shown.step_status == "error" else ""
        line.append("at ", style="dim").append(f"{letter} ", style=colour).append(one_line(shown.name, 24) + failed)
    agent = " ".join(filter(None, (one_line(shown.agent, 20), one_line(shown.version, 12))))
    line.append(f" {agent}", style="dim").append(f" {run_id[:12]}", style="dim")
    line.truncate(width, overflow="ellipsis")
    return line


def sheet_of_history(one: Standing, behind: Behind | None, width: int) -> list[Line]:
    sheet = Sheet(width)
    sheet.text(f"what became of {one.alert.rule}", "bold")
    if behind is None:
        sheet.note("asking …")
        return sheet.lines
    for event in behind.events:
        told = f" · told {event.told}" if event.told else ""
        sheet.text(f"{event.at:%m-%d %H:%M:%S} {event.state:<8} {event.value:g}{told}")
        sheet.text(event.summary, "dim", indent=2)
    if not behind.events:
        sheet.note("nothing in the last 30 days")
    return sheet.lines


def sheet_of_rule(one: Standing, rule: Rule | None, width: int) -> list[Line]:
    sheet = Sheet(width)
    if rule is None:
        sheet.note(f"the rule {one.alert.rule} is not here; 'playhead alerts list' shows which are")
        return sheet.lines
    sheet.text(f"{rule.name} · {rule.severity}{f' · of {rule.owner}' if rule.owner else ''}", "bold")
    asked = "whenever runs change" if rule.about_runs else f"every {duration(rule.every.total_seconds())}"
    hold, over = rule.hold.total_seconds(), rule.resolve_after.total_seconds()
    fires = f"fires once found for {duration(hold)}" if hold else "fires at once"
    sheet.text(f"asked {asked} · {fires} · over once not found for {duration(over)}", "dim")
    sheet.text(rule.why)
    for parameter in rule.parameters:
        sheet.text(f"{parameter.name} = {parameter.default}  {parameter.about}", "cyan")
    if rule.runbook:
        sheet.text(f"runbook {rule.runbook}", "bold")
    heading = sheet.heading("▾ its file")
    sheet.text("it comes with playhead" if rule.shipped else str(rule.path), "dim", indent=1)
    sheet.text(rule.text, indent=1)
    sheet.close(heading, folded=True)
    return sheet.lines
