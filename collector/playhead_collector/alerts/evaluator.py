"""Asks the rules of one project about what is new, and writes down what follows.

    which runs changed ──> which rules can be about them ──> ask ──> how alerts stand ──> journal ──> who is owed what
                                    a rule about a window, or some ──> the same

Reads what is new: rules about runs are asked about the runs whose row was computed since the last look, and about
those of pending alerts. "Since" is by the store's clock and looks back a little further than needed, as a row becomes
visible after the moment that it bears; runs already judged as they are now are left out, so looking twice is free.
Somebody waits for what changed, and nobody for a rule about a window, which is asked each minute or so: these come
after what was found about runs is on its way, and a few with each look.

What was asked either is written down as a whole or never was: what is known changes after the journal took it, so a
process that dies in the middle is as one that had not looked.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from playhead_collector.alerts.alert import Alert, State, alert_id, found, missed
from playhead_collector.alerts.aside import AGAIN, Aside, Left, by_halves
from playhead_collector.alerts.ask import Finding, Moment, ask
from playhead_collector.alerts.changed import Changed, changed_runs, first_began, store_time
from playhead_collector.alerts.journal import Event, Journal, Owed
from playhead_collector.alerts.ledger import OVERLAP, Ledger
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.alerts.sieve import sift
from playhead_collector.alerts.turn import ALIVE_EVERY, Turn
from playhead_collector.errors import RuleRefused

log = logging.getLogger(__name__)

FIRST_LOOK = timedelta(hours=1)
"""Where nobody ever asked, the past before this is left alone."""

WINDOWS_S = 0.1
"""For so long rules about windows are asked in one look, and none more once something was stored; one is, however long
it takes. With 0.3 each of the looks in which several were due kept what had arrived meanwhile waiting for as long as a
look about runs takes.
"""

_LEFT = 20_000
"""Runs that a rule which could not be asked is still to be asked about, at the most; then the newest."""

GIVES_WAY_S = 1.0
"""For so long at the most the statements of one look wait for readers."""

GiveWay = Callable[[float], float]
"""Waits for readers, so many seconds at the most; returns how many of these are left."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def nobody_reads(patience_s: float) -> float:
    """Of a process with no port of its own."""
    return patience_s


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at the store came to."""

    runs: int = 0
    asked: int = 0
    events: tuple[Event, ...] = ()
    owed: tuple[Owed, ...] = ()
    seconds: float = 0.0


class Evaluator:
    """One project's rules and alerts. Belongs to one thread."""

    def __init__(
        self,
        client: Client,
        rulings: Sequence[Ruling],
        *,
        alone: bool,
        broken: Collection[str] = (),
        tell: Callable[[Owed], None] = lambda owed: None,
        is_waited_for: Callable[[], bool] = lambda: False,
        give_way: GiveWay = nobody_reads,
    ) -> None:
        """`broken` names rules that could not be read, and whose alerts stay as they are; `is_waited_for` says whether
        the next look would find something already.
        """
        self._client = client
        self._is_waited_for = is_waited_for
        self._rulings = {ruling.rule.name: ruling for ruling in rulings}
        self._ledger = Ledger(client, self._rulings, tell, broken)
        self._turn = Turn(client, alone=alone)
        self._alone = alone
        self._lived_at = 0.0
        self._give_way = give_way
        self._patience_s = GIVES_WAY_S
        self._judged: dict[str, Changed] = {}
        self._left: dict[str, Left] = {}
        self._aside = Aside()
        self._since: datetime | None = None
        self._reached: datetime | None = None
        self._asked_at: dict[str, datetime] = {}
        self._failures: dict[str, str] = {}

    @property
    def alerts(self) -> Mapping[str, Alert]:
        """Those that stand, and those that were over lately."""
        return self._ledger.alerts

    @property
    def failures(self) -> Mapping[str, str]:
        """Rules that could not be asked the last time, or not about all runs, with the reason."""
        return {**self._aside.failures(), **self._failures}

    @property
    def has_turn(self) -> bool:
        """Whether it was this process's turn when it looked last."""
        return self._turn.mine

    @property
    def journal(self) -> Journal:
        return self._ledger.journal

    def look(self) -> Look:
        """Asks what is due, if it is this process's turn."""
        began = perf_counter()
        self._patience_s = self._give_way(GIVES_WAY_S)
        now = store_time(self._client)
        self._lived_at = began
        if not self._turn.is_mine(now, self._judged_until()):
            self._lose()
            return Look()
        owed: list[Owed] = []
        if self._since is None:
            owed += self._resume(now)
        assert self._since is not None
        there = changed_runs(self._client, self._since - OVERLAP)
        changed = sorted(run for run, change in there.items() if self._judged.get(run) != change)
        asked, alerts, left = self._ask_about_runs(now, changed, there)
        if not self._has_turn_still():
            return Look()
        events, told = self._ledger.settle(alerts, now, self._failures)
        owed += told
        self._left = left
        self._judged, self._since = there, max([self._since, *(_moment(one.computed) for one in there.values())])
        self._reached = self._since_what_is_left(now, self._since)
        windows, alerts = self._ask_about_windows(now)
        if windows and not self._has_turn_still():
            return Look(len(changed), asked, tuple(events), tuple(owed), self._took_since(began))
        more, told = self._ledger.settle(alerts, now, self._failures)
        return Look(len(changed), asked + windows, (*events, *more), (*owed, *told), self._took_since(began))

    def _took_since(self, began: float) -> float:
        """Without what it waited for readers: after that nobody needs a rest."""
        return max(0.0, perf_counter() - began - (GIVES_WAY_S - self._patience_s))

    def _has_turn_still(self) -> bool:
        """To be asked right before something is written down; where it is another's turn by now, all is forgotten."""
        if self._alone:
            return True
        kept = self._turn.is_still_mine(store_time(self._client), self._judged_until())
        if not kept:
            log.warning("another asks the rules by now, as this one gave no sign of life for too long")
            self._lose()
        return kept

    def _live(self) -> None:
        """Says that this one lives where a look takes long."""
        if not self._alone and perf_counter() - self._lived_at >= ALIVE_EVERY.total_seconds():
            self._lived_at = perf_counter()
            self._turn.is_mine(store_time(self._client), self._judged_until())

    def forget(self) -> None:
        """After a look that failed: whether it was written down is known to the store alone."""
        self._since = None

    def _lose(self) -> None:
        """The turn, and what was left to ask: another asks that, and when the turn is back the store says it."""
        self.forget()
        self._left = {}
        self._aside.forget()
        self._failures = {}
        self._ledger.forget()

    def leave(self) -> None:
        """Lets another take over at once."""
        self._turn.leave(store_time(self._client), self._judged_until())

    def _judged_until(self) -> int | None:
        """Also after a look that failed: what was judged before it still is."""
        return None if self._reached is None else int(self._reached.timestamp() * 1e6)

    def _since_what_is_left(self, now: datetime, since: datetime) -> datetime:
        """Up to where all is judged: runs that a rule is still to be asked about are known to this process alone. One
        that fails for long holds that back no further than a first look goes, or than it is put off by itself.
        """
        for name, left in (*self._left.items(), *self._aside.runs.items()):
            furthest = now - max(FIRST_LOOK, self._rulings[name].rule.every)
            since = min([since, *(max(_moment(computed), furthest) for computed in left.values())])
        return since

    def _resume(self, now: datetime) -> list[Owed]:
        """Goes on where this process, or another, stopped."""
        until = self._turn.judged_until()
        self._since = self._reached = _moment(until) if until is not None else now - FIRST_LOOK
        self._judged = {}
        return self._ledger.resume(now, self._since)

    def _ask_about_runs(
        self, now: datetime, changed: Sequence[str], there: Mapping[str, Changed]
    ) -> tuple[int, dict[str, Alert], dict[str, Left]]:
        """How alerts stand after rules were asked about what changed, about what they could not be asked about before,
        and about the runs of pending alerts; and what is left.
        """
        left: dict[str, Left] = {}
        alerts = dict(self._ledger.alerts)
        rulings = [ruling for ruling in self._rulings.values() if ruling.rule.about_runs]
        able = {ruling.rule.name: ruling for ruling in rulings if self._admitted(ruling)}
        sifted = sift(
            self._client,
            [(ruling.rule, ruling.chosen) for ruling in able.values()],
            changed,
            first_began(changed, there),
        )
        asked = 0
        for ruling in rulings:
            rule = ruling.rule
            pending = [a for a in alerts.values() if a.rule == rule.name and a.state is State.PENDING]
            computed = {run: there[run].computed for run in sifted.get(rule.name, changed)}
            wanted = self._aside.wanted(rule.name, {**self._left.get(rule.name, {}), **computed}, now)
            runs = sorted({*wanted, *(run for alert in pending for run in alert.runs)})
            if not runs:
                if rule.name in able:
                    self._failures.pop(rule.name, None)
                continue
            may = rule.name in able and self._is_due(ruling, now)
            answer = self._ask_about(ruling, runs, now, there) if may else None
            if answer is None:
                left[rule.name] = dict(sorted(wanted.items(), key=lambda one: one[1])[-_LEFT:])
                continue
            findings, unfit = answer
            self._aside.put(rule.name, wanted, unfit)
            pending = [alert for alert in pending if not unfit.intersection(alert.runs)]
            asked += 1
            fresh = [one for one in findings if not _is_old_news(alerts.get(_key(rule.name, one)), one, there)]
            fresh = self._not_told_before(ruling, fresh, alerts)
            self._stand(alerts, ruling, fresh, {alert.alert_id for alert in pending}, now)
        return asked, alerts, left

    def _ask_about(
        self, ruling: Ruling, runs: Sequence[str], now: datetime, there: Mapping[str, Changed]
    ) -> tuple[list[Finding], set[str]] | None:
        """What is found of these runs, and those among them that the rule cannot be asked about; None where it could
        not be asked at all.
        """

        def asked(some: Sequence[str]) -> list[Finding] | None:
            return self._ask(ruling, Moment(now, some, began=first_began(some, there)))

        name, findings = ruling.rule.name, asked(runs)
        if findings is not None:
            return findings, set()
        if len(runs) == 1 or not self._aside.may_try(name, now):
            return None
        why = self._failures[name]
        answer = by_halves(runs, asked)
        if answer is None:
            self._failures[name] = why
            return None
        self._failures.pop(name, None)
        for run in sorted(answer[1]):
            if not self._aside.has(name, run):
                log.warning("the rule %s could not be asked about the run %s: %s", name, run, why)
        return answer

    def _not_told_before(
        self, ruling: Ruling, findings: Sequence[Finding], alerts: Mapping[str, Alert]
    ) -> list[Finding]:
        """A run is judged again when a score comes for it or prices change, however old it is: what was found of it
        before and is over must not fire anew.
        """
        keys = {_key(ruling.rule.name, one) for one in findings}
        over = self.journal.over(sorted(key for key in keys if key not in alerts or not alerts[key].stands))
        return [one for one in findings if not _is_the_same(over.get(_key(ruling.rule.name, one)), one)]

    def _ask_about_windows(self, now: datetime) -> tuple[int, dict[str, Alert]]:
        """The same after rules about windows were asked that are due, those first that were asked the longest ago."""
        alerts = dict(self._ledger.alerts)
        due = [one for one in self._rulings.values() if not one.rule.about_runs and self._is_due(one, now)]
        began, asked = perf_counter(), 0
        for ruling in sorted(due, key=lambda one: self._asked_at.get(one.rule.name, _NEVER)):
            if asked and (self._is_waited_for() or perf_counter() - began > WINDOWS_S):
                break
            findings = self._ask(ruling, Moment(now)) if self._admitted(ruling) else None
            asked += 1
            if findings is None:
                # One that takes all of its time and fails must not be the first again and again.
                self._asked_at[ruling.rule.name] = now - ruling.rule.every + min(ruling.rule.every, AGAIN)
            else:
                standing = {key for key, alert in alerts.items() if alert.rule == ruling.rule.name}
                self._stand(alerts, ruling, findings, standing, now)
        return asked, alerts

    def _is_due(self, ruling: Ruling, now: datetime) -> bool:
        last = self._asked_at.get(ruling.rule.name)
        return last is None or now - last >= ruling.rule.every

    def _admitted(self, ruling: Ruling) -> bool:
        self._live()
        try:
            ruling.admitted(self._client)
        except (ClickHouseError, RuleRefused) as error:
            self._failed(ruling.rule.name, error)
            return False
        return True

    def _ask(self, ruling: Ruling, moment: Moment) -> list[Finding] | None:
        """None where it could not be asked; that leaves its alerts as they are."""
        self._live()
        self._patience_s = self._give_way(self._patience_s)
        try:
            findings = ask(self._client, ruling.admitted(self._client), moment, ruling.chosen)
        except (ClickHouseError, RuleRefused) as error:
            self._failed(ruling.rule.name, error)
            return None
        self._failures.pop(ruling.rule.name, None)
        self._asked_at[ruling.rule.name] = moment.until
        return findings

    def _stand(
        self, alerts: dict[str, Alert], ruling: Ruling, findings: Sequence[Finding], about: set[str], now: datetime
    ) -> None:
        """How a rule's alerts stand after it was asked: those found, and those it was asked about and did not find."""
        returned: dict[str, list[Finding]] = {}
        for finding in findings:
            returned.setdefault(_key(ruling.rule.name, finding), []).append(finding)
        for key, rows in returned.items():
            alerts[key] = found(alerts.get(key), ruling.rule, rows, now)
        for key in about - set(returned):
            alerts[key] = missed(alerts[key], ruling.rule, now)

    def _failed(self, rule: str, error: Exception) -> None:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        if self._failures.get(rule) is None:
            log.warning("the rule %s could not be asked, and is asked again: %s", rule, said)
        self._failures[rule] = said


def _is_old_news(before: Alert | None, finding: Finding, there: Mapping[str, Changed]) -> bool:
    """Whether an alert was over after this run was as it is: judged again after a restart, it must not fire anew."""
    if before is None or before.stands or finding.run_id not in there:
        return False
    return _moment(there[finding.run_id].computed) <= before.changed_at


def _is_the_same(before: Alert | None, finding: Finding) -> bool:
    """Whether a finding is one that an alert was about, in every figure."""
    if before is None or (finding.run_id, finding.step_id) not in before.evidence:
        return False
    return finding.value == before.value or (math.isnan(finding.value) and math.isnan(before.value))


def _key(rule: str, finding: Finding) -> str:
    return alert_id(rule, finding.group)


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)
