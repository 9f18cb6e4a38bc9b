"""Runs that a rule cannot be asked about: what one agent sent must not keep a rule from the runs of all others.

They are found by halves and put aside: asked about again when they change, and every now and then for an hour.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter

from playhead_collector.alerts.ask import Finding

Left = Mapping[str, int]
"""Runs that a rule is still to be asked about, each with when it was computed, in microseconds."""

AGAIN = timedelta(seconds=30)
_FOR = timedelta(hours=1)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# With more it is the rule.
_MOST = 20
# For so long at the most they are looked for: the other rules wait.
_HALVES_S = 10.0


class Aside:
    """Those of all rules of one project."""

    def __init__(self) -> None:
        self._runs: dict[str, Left] = {}
        self._tried_at: dict[str, datetime] = {}

    @property
    def runs(self) -> Mapping[str, Left]:
        return self._runs

    def has(self, rule: str, run: str) -> bool:
        return run in self._runs.get(rule, {})

    def may_try(self, rule: str, now: datetime) -> bool:
        """Whether it is time to look for such runs again; then it is not for a while."""
        if now - self._tried_at.get(rule, _NEVER) < AGAIN:
            return False
        self._tried_at[rule] = now
        return True

    def wanted(self, rule: str, wanted: Left, now: datetime) -> Left:
        """What to ask a rule about."""
        aside = {run: at for run, at in self._runs.pop(rule, {}).items() if now - _moment(at) < _FOR}
        if not aside:
            return wanted
        self._runs[rule] = aside
        if self.may_try(rule, now):
            # If it fails with them, the next look asks about the others alone.
            return {**aside, **wanted}
        return {run: at for run, at in wanted.items() if aside.get(run) != at}

    def put(self, rule: str, asked: Left, unfit: Collection[str]) -> None:
        """Of the runs that a rule was asked about, those that it could not be asked about."""
        aside = {run: at for run, at in self._runs.pop(rule, {}).items() if run not in asked}
        aside |= {run: asked[run] for run in unfit if run in asked}
        if aside:
            self._runs[rule] = aside

    def forget(self) -> None:
        self._runs = {}

    def failures(self) -> dict[str, str]:
        return {
            rule: f"it could not be asked about {len(runs)} of the runs, among them {min(runs)}"
            for rule, runs in self._runs.items()
        }


def by_halves(
    runs: Sequence[str], ask: Callable[[Sequence[str]], list[Finding] | None]
) -> tuple[list[Finding], set[str]] | None:
    """What is found of runs about which a rule failed, and those that it fails for; None where it is the rule.

    `ask` returns None where it fails.
    """
    began, found, unfit, failing = perf_counter(), list[Finding](), set[str](), [list(runs)]
    while failing:
        some = failing.pop()
        middle = len(some) // 2
        for half in (some[:middle], some[middle:]):
            findings = ask(half)
            if findings is not None:
                found += findings
                continue
            if len(half) > 1:
                failing.append(half)
            else:
                unfit.update(half)
            if len(unfit) > _MOST or len(unfit) == len(runs) or perf_counter() - began > _HALVES_S:
                return None
    return found, unfit


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)
