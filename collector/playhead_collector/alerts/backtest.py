"""A rule asked about the past: when it would have fired, on which runs, and for how long.

The past is told by when runs ended, as what was imported arrived all at once. A rule about runs is asked about each run
as it is now, when it ended or at most an hour later; one about a window is asked at moments that lie `step` apart.
States follow by the same functions as live ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from clickhouse_connect.driver.client import Client

from playhead_collector.alerts.admission import Admitted
from playhead_collector.alerts.alert import Alert, State, alert_id, found, lapsed, missed
from playhead_collector.alerts.ask import Finding, Moment, ask
from playhead_collector.alerts.rule import UNTIL, Rule
from playhead_collector.store.query import load

HISTORY = "end_time"
"""What `{at}` is over history."""

MOMENTS = 2000
"""Moments that a rule about a window is asked at, at the most."""

TOGETHER = timedelta(hours=1)
"""Runs that ended within this are asked about together by a rule that holds them against a past. At the end of a month
all runs would be held against its last week, and what is dear now would hide what was dear then."""

_AT_ONCE = 500
_BARS = " ▁▂▃▄▅▆▇█"

Progress = Callable[[int, int], None]
"""How much is done, of how much."""


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that it would have fired."""

    group: tuple[tuple[str, str], ...]
    fired_at: datetime
    over_at: datetime | None
    """None where it would fire still."""
    value: float
    summary: str
    runs: tuple[str, ...]

    def lasted(self, until: datetime) -> timedelta:
        return (self.over_at or until) - self.fired_at


@dataclass(frozen=True, slots=True)
class Span:
    """Which past, and how finely a rule about a window looks at it."""

    since: datetime
    until: datetime
    step: timedelta

    @classmethod
    def of(cls, since: datetime, until: datetime, every: timedelta) -> Span:
        return cls(since, until, max(every, (until - since) / MOMENTS, timedelta(seconds=1)))


def backtest(
    client: Client,
    admitted: Admitted,
    chosen: Mapping[str, str],
    span: Span,
    progress: Progress = lambda done, of: None,
) -> list[Firing]:
    """The firings in a span, in their order."""
    looks = _of_runs if admitted.rule.about_runs else _of_window
    life = _Life(admitted)
    for moment, findings in looks(client, admitted, chosen, span, progress):
        life.look(moment, findings)
    return life.ended(span.until)


def _of_runs(
    client: Client, admitted: Admitted, chosen: Mapping[str, str], span: Span, progress: Progress
) -> Iterator[tuple[datetime, Sequence[Finding]]]:
    """Each run when it ended, and once more after `for:`, in which nothing of it changed."""
    rows = client.query(
        load("runs_that_ended"), parameters={"since": _text(span.since), "until": _text(span.until)}
    ).result_rows
    looks: list[tuple[datetime, list[Finding]]] = []
    done = 0
    for ended in together(admitted.rule, [(str(run), _utc(at)) for run, at in rows], _AT_ONCE):
        by_run: dict[str, list[Finding]] = {}
        for finding in ask(client, admitted, Moment(max(ended.values()), list(ended), HISTORY), chosen):
            by_run.setdefault(finding.run_id, []).append(finding)
        for run, findings in by_run.items():
            # What names no run is found when it was asked about them.
            moment = ended.get(run, max(ended.values()))
            looks.append((moment, findings))
            if admitted.rule.hold:
                looks.append((moment + admitted.rule.hold, findings))
        done += len(ended)
        progress(done, len(rows))
    yield from sorted(looks, key=lambda look: look[0])


def together(
    rule: Rule, ended: Sequence[tuple[str, datetime]], most: int, within: timedelta = TOGETHER
) -> Iterator[dict[str, datetime]]:
    """Runs in the order of their ends, in parts that are asked about when the last run of the part has ended."""
    part: dict[str, datetime] = {}
    has_past = UNTIL in rule.bound
    for run, at in ended:
        if len(part) == most or (has_past and part and at - next(iter(part.values())) > within):
            yield part
            part = {}
        part[run] = at
    if part:
        yield part


def _of_window(
    client: Client, admitted: Admitted, chosen: Mapping[str, str], span: Span, progress: Progress
) -> Iterator[tuple[datetime, Sequence[Finding]]]:
    moments = int((span.until - span.since) / span.step)
    for number in range(1, moments + 1):
        moment = span.since + number * span.step
        yield moment, ask(client, admitted, Moment(moment, at=HISTORY), chosen)
        progress(number, moments)


def plot(firings: Sequence[Firing], span: Span, parts: int) -> str:
    """How many began in each of equal parts of the span, as blocks: the highest stands for the most."""
    counts = [0] * parts
    for firing in firings:
        part = (firing.fired_at - span.since) / (span.until - span.since)
        counts[min(parts - 1, max(0, int(part * parts)))] += 1
    most = max(counts) or 1
    return "".join(_BARS[-(-one * (len(_BARS) - 1) // most)] for one in counts)


class _Life:
    """The alerts of one rule as they would have stood."""

    def __init__(self, admitted: Admitted) -> None:
        self._rule = admitted.rule
        self._alerts: dict[str, Alert] = {}
        self._firings: list[Firing] = []

    def look(self, moment: datetime, findings: Sequence[Finding]) -> None:
        rule = self._rule
        returned: dict[str, list[Finding]] = {}
        for finding in findings:
            returned.setdefault(alert_id(rule.name, finding.group), []).append(finding)
        for key, alert in list(self._alerts.items()):
            if rule.about_runs:
                after = lapsed(alert, rule, moment)
                # It would have been over when its time was, and not only when the next run ended.
                self._keep(key, after, alert.seen_at + rule.resolve_after)
            elif key not in returned:
                self._keep(key, missed(alert, rule, moment), moment)
        for key, rows in returned.items():
            self._alerts[key] = found(self._alerts.get(key), rule, rows, moment)

    def ended(self, until: datetime) -> list[Firing]:
        for key, alert in list(self._alerts.items()):
            self._keep(key, lapsed(alert, self._rule, until), alert.seen_at + self._rule.resolve_after)
        standing = [_firing(alert, None) for alert in self._alerts.values() if alert.state is State.FIRING]
        return sorted(self._firings + standing, key=lambda firing: (firing.fired_at, firing.group))

    def _keep(self, key: str, alert: Alert, over_at: datetime) -> None:
        if alert.stands:
            self._alerts[key] = alert
            return
        if alert.state is State.RESOLVED:
            self._firings.append(_firing(alert, over_at))
        del self._alerts[key]


def _firing(alert: Alert, over_at: datetime | None) -> Firing:
    assert alert.fired_at is not None
    return Firing(alert.group, alert.fired_at, over_at, alert.value, alert.summary, tuple(alert.runs))


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
