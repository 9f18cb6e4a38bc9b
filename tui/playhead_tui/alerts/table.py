"""The table of alerts: the most urgent first, and which of them are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

from playhead_collector.alerts.alert import Alert, State
from playhead_collector.alerts.standing import Standing
from playhead_collector.read.words import duration
from playhead_tui.lines import Lines
from playhead_tui.shown import cell, one_line

# Of each state its sign, its word and its colour: colour never stands alone.
SIGNS = {
    State.FIRING: ("!", "firing", "bold red"),
    State.PENDING: ("…", "pending", "yellow"),
    State.RESOLVED: ("✓", "resolved", "green"),
    State.DROPPED: ("·", "dropped", "dim"),
}
SEVERITIES = {"critical": ("▲", "bold red"), "warning": ("△", "yellow"), "info": ("·", "")}
_RANKS = (State.FIRING, State.PENDING, State.RESOLVED, State.DROPPED)
_LEAST_GROUP = 14


def word_of(one: Standing) -> tuple[str, str, str]:
    """Sign, word and colour: what somebody said of it comes before how it stands."""
    if one.alert.stands and one.silenced is not None:
        return "z", "silenced", "dim"
    if one.alert.stands and one.acked is not None:
        return "a", "acked", ""
    return SIGNS[one.alert.state]


def since_of(alert: Alert) -> datetime:
    """When it came to be as it is."""
    return alert.fired_at if alert.state is State.FIRING and alert.fired_at is not None else alert.changed_at


def by_urgency(standings: Iterable[Standing]) -> list[Standing]:
    """What fires and nobody has seen, then what may come, then what was seen, then what is over; the latest first."""

    def rank(one: Standing) -> tuple[object, ...]:
        alert = one.alert
        severities = list(SEVERITIES)
        severity = severities.index(alert.severity) if alert.severity in severities else len(severities)
        over, seen = not alert.stands, alert.stands and one.is_seen
        return (over, seen, _RANKS.index(alert.state), severity, -since_of(alert).timestamp(), alert.alert_id)

    return sorted(standings, key=rank)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which alerts are shown."""

    state: str = "all"
    severity: str = "all"

    def takes(self, one: Standing) -> bool:
        states = {"all": True, "unseen": one.fires and not one.is_seen, "standing": one.alert.stands}
        words = (one.alert.state.value, word_of(one)[1])
        return states.get(self.state, self.state in words) and self.severity in ("all", one.alert.severity)


STATES = {
    "all": "all of them",
    "unseen": "fire, and nobody said anything of them",
    "standing": "fire, or are pending",
    "firing": "fire",
    "pending": "were found, and not for long enough yet",
    "acked": "somebody has seen them",
    "silenced": "nobody is told of them for a while",
    "resolved": "over, in the last days",
    "dropped": "pending once, and never fired",
}


def group_of(alert: Alert) -> str:
    """Ids of runs are said beside it."""
    return " ".join(f"{name}={value}" for name, value in alert.group if name != "run_id")


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    width: int
    text: Callable[[Standing, datetime], str]
    right: bool = False
    dispensable: int = 0
    """Where there is no room, those with the highest number go first; 0 stays."""


_COLUMNS = (
    _Column("state", 10, lambda one, now: ""),
    _Column("severity", 10, lambda one, now: "", dispensable=1),
    _Column("rule", 20, lambda one, now: one.alert.rule),
    _Column("group", 0, lambda one, now: group_of(one.alert) or one.alert.summary),
    _Column("since", 6, lambda one, now: duration((now - since_of(one.alert)).total_seconds()), right=True),
    _Column("runs", 4, lambda one, now: str(len(one.alert.runs) or ""), right=True, dispensable=2),
)
_OWNER = _Column("owner", 10, lambda one, now: "", dispensable=3)


class AlertTable(Lines):
    """Holds all of them: rules group what they find, so there are few."""

    HEAD = 1

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Sequence[Standing] = ()
        self._owners: dict[str, str] = {}
        self._now: Callable[[], datetime] = lambda: datetime.min

    @property
    def here(self) -> Standing | None:
        """The one under the cursor."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    def show(self, rows: Sequence[Standing], owners: dict[str, str], now: Callable[[], datetime]) -> None:
        """The cursor stays on its alert, wherever that has gone; at the top it stays at the top."""
        kept = self.here if self.cursor else None
        self._rows, self._owners, self._now = rows, owners, now
        self.set_count(len(rows))
        ids = [one.alert.alert_id for one in rows]
        if kept is not None and kept.alert.alert_id in ids:
            self.go_to(ids.index(kept.alert.alert_id))

    def _layout(self, width: int) -> tuple[list[_Column], int]:
        columns = [*_COLUMNS, _OWNER]

        def left() -> int:
            return width - 1 - sum(column.width + 1 for column in columns)

        while left() < _LEAST_GROUP and any(column.dispensable for column in columns):
            columns.remove(max(columns, key=lambda column: column.dispensable))
        return columns, max(0, left())

    def draw_head(self, line: int, width: int) -> Text:
        columns, rest = self._layout(width)
        return Text(" " + " ".join(cell(one.title, one.width or rest, one.right) for one in columns), no_wrap=True)

    def draw(self, line: int, width: int) -> Text:
        one, columns, text = self._rows[line], self._layout(width), Text(" ", no_wrap=True)
        for column in columns[0]:
            if column.title == "state":
                sign, word, colour = word_of(one)
                text.append(cell(f"{sign} {word}", column.width), style=colour)
            elif column.title == "severity":
                sign, colour = SEVERITIES.get(one.alert.severity, (" ", ""))
                text.append(
                    cell(f"{sign} {one.alert.severity}", column.width), style=colour if one.alert.stands else ""
                )
            elif column is _OWNER:
                text.append(cell(self._owners.get(one.alert.rule, ""), column.width), style="dim")
            else:
                text.append(cell(column.text(one, self._now()), column.width or columns[1], column.right))
            text.append(" ")
        return text


def words_of(alert: Alert) -> str:
    """One alert in a question to the user."""
    return one_line(f"{alert.rule} {group_of(alert)}", 60)
