"""A limit on what a fork spends, around the whole process: the steps that it stops may be in any thread or task.

Whether it is exceeded is recorded at each step, as an effect: in a replay of the fork nothing is spent, and the run
ends where it ended.
"""

from __future__ import annotations

from playhead.lanes.engine import Engine
from playhead.recorder.limits import TELLING, LimitExceeded


class ForkLimit:
    def __init__(self, engine: Engine, most_usd: float | None) -> None:
        """`most_usd` is None in a replay, where the recording knows."""
        self.max_cost_usd: float | None = most_usd
        self._engine = engine
        self._spent = 0.0
        self._unpriced: str | None = None

    def before_step(self, kind: str, name: str, like: str) -> None:
        if kind in TELLING:
            return
        words = self._engine.fact("limit", lambda: self._over(name))
        if words:
            raise LimitExceeded("max_cost_usd", words)

    def unanswered(self, name: str, like: str) -> None:
        pass

    def spent(self, cost_usd: float | None, model: str) -> None:
        if cost_usd is None:
            self._unpriced = self._unpriced or model
        else:
            self._spent += cost_usd

    def _over(self, name: str) -> str:
        most = self.max_cost_usd or 0.0
        if self._unpriced is not None:
            return f"what {self._unpriced} cost is not known, so {name!r} might go over ${most:g}"
        return f"the fork spent ${self._spent:.4f} of ${most:g} before {name!r}" if self._spent > most else ""
