"""Limits around a run, looked at where a step begins: the boundary at which an agent can still be stopped cleanly.

Once a limit is exceeded every further step of the work raises it again, so an agent that catches everything is stopped
at its next one. What only tells (a state, a decision, a score) is never refused: the agent may say how it ended.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Protocol

from opentelemetry import trace
from opentelemetry.trace import Status, StatusCode

from playhead.errors import Stop, UsageError

_LONGEST_CYCLE = 4
TELLING = frozenset({"state", "decision", "score"})
# A step's name, and what it was asked.
Made = tuple[str, str]


class LimitExceeded(Stop):
    """A run went over a limit that its own code set with `playhead.limits`; `limit` names which."""

    def __init__(self, limit: str, words: str) -> None:
        super().__init__(words)
        self.limit = limit


class Limit(Protocol):
    max_cost_usd: float | None

    def before_step(self, kind: str, name: str, like: str) -> None: ...
    def unanswered(self, name: str, like: str) -> None: ...
    def spent(self, cost_usd: float | None, model: str) -> None: ...


class _Limits:
    def __init__(
        self,
        max_steps: int | None,
        max_cost_usd: float | None,
        max_repeats: int | None,
        max_seconds: float | None,
        clock: Callable[[], float],
    ) -> None:
        self.max_steps = max_steps
        self.max_cost_usd = max_cost_usd
        self.max_repeats = max_repeats
        self.max_seconds = max_seconds
        self._clock = clock
        self._began = clock() if max_seconds is not None else 0.0
        self._steps = 0
        self._cost = 0.0
        self._unpriced: str | None = None
        self._exceeded: tuple[str, str] | None = None
        # Prompts apart from calls: between two equal calls of an agent stands a prompt that has grown by the first.
        size = (max_repeats or 0) * _LONGEST_CYCLE + _LONGEST_CYCLE
        self._prompts: deque[Made] = deque(maxlen=size)
        self._calls: deque[Made] = deque(maxlen=size)

    def before_step(self, kind: str, name: str, like: str) -> None:
        self._steps += 1
        if kind in TELLING:
            return
        if self._exceeded is None:
            self._exceeded = self._over(kind, name, like)
        if self._exceeded is not None:
            raise LimitExceeded(*self._exceeded)

    def unanswered(self, name: str, like: str) -> None:
        for place in reversed(range(len(self._prompts))):
            if self._prompts[place] == (name, like):
                del self._prompts[place]
                return

    def spent(self, cost_usd: float | None, model: str) -> None:
        if cost_usd is None:
            self._unpriced = self._unpriced or model
        else:
            self._cost += cost_usd

    def _over(self, kind: str, name: str, like: str) -> tuple[str, str] | None:
        """The limit that this step would go over, and how that is said."""
        if self.max_steps is not None and self._steps > self.max_steps:
            return "max_steps", f"the run took more than {self.max_steps} steps; next would be {name!r}"
        if self.max_seconds is not None and (took := self._clock() - self._began) > self.max_seconds:
            return "max_seconds", f"the run took {took:.1f} s of {self.max_seconds:g} s before {name!r}"
        if self.max_cost_usd is not None and self._unpriced is not None:
            words = f"what {self._unpriced} cost is not known, so {name!r} might go over ${self.max_cost_usd:g}"
            return "max_cost_usd", f"{words}; tell its price with playhead.init(price=...), or leave max_cost_usd out"
        if self.max_cost_usd is not None and self._cost > self.max_cost_usd:
            return "max_cost_usd", f"the run spent ${self._cost:.4f} of ${self.max_cost_usd:g} before {name!r}"
        if self.max_repeats is not None and like:
            made = self._prompts if kind == "prompt" else self._calls
            made.append((name, like))
            cycle = _cycle(list(made), self.max_repeats)
            if cycle:
                words = " -> ".join(dict.fromkeys(step.removeprefix("execute_tool ") for step, _ in cycle))
                return "max_repeats", f"a loop: {words} with the same arguments more than {self.max_repeats} times"
        return None


def _cycle(made: list[Made], most: int) -> list[Made] | None:
    """The steps that have now come `most` + 1 times in the same order: A-A-A, A-B-A-B, and so on."""
    for length in range(1, _LONGEST_CYCLE + 1):
        need = length * (most + 1)
        if len(made) < need:
            return None
        tail = made[-need:]
        cycle = tail[:length]
        if all(tail[place] == cycle[place % length] for place in range(need)):
            return cycle
    return None


under_limits: ContextVar[tuple[_Limits, ...]] = ContextVar("playhead_limits", default=())


everywhere: list[Limit] = []
"""Around all that this process does, whatever context it is in: a fork's own."""


def _limits_here() -> tuple[Limit, ...]:
    return (*under_limits.get(), *everywhere)


@contextmanager
def limits(
    *,
    max_steps: int | None = None,
    max_cost_usd: float | None = None,
    max_repeats: int | None = None,
    max_seconds: float | None = None,
    clock: Callable[[], float] | None = None,
) -> Iterator[None]:
    """Raises LimitExceeded at the step that would go over, within this block and what it starts.

    `max_repeats` counts repetitions of the same call with the same arguments, alternations (A-B-A-B) included.

    `max_cost_usd` needs prices: genai-prices' where it is installed, or those of `init(price=...)`. Where there are
    none it says so at once; a call whose cost nobody knows ends the run at its next step, since it is not nothing.
    """
    for name, value in (
        ("max_steps", max_steps),
        ("max_cost_usd", max_cost_usd),
        ("max_repeats", max_repeats),
        ("max_seconds", max_seconds),
    ):
        if isinstance(value, bool) or (value is not None and not isinstance(value, (int, float))):
            raise UsageError(f"limits({name}={value!r}): a limit is a number; leave it out for none")
        if value is not None and not value > 0:
            raise UsageError(f"limits({name}={value!r}): a limit is above 0; leave it out for none")
    if max_cost_usd is not None:
        _need_prices(max_cost_usd)
    token = under_limits.set(
        (*under_limits.get(), _Limits(max_steps, max_cost_usd, max_repeats, max_seconds, clock or _seconds))
    )
    try:
        yield
    except BaseException as error:
        exceeded = _behind(error)
        if exceeded is None:
            raise
        _record(exceeded)
        if exceeded is error:
            raise
        # A model's client tells whatever stops a call as a connection that failed.
        raise exceeded from error
    finally:
        # A generator may be closed in another context than it was begun in; then there is nothing to put back.
        with suppress(ValueError):
            under_limits.reset(token)


def _seconds() -> float:
    """The clock as the recording has it, so that a replay goes over a limit where the run did."""
    from playhead.recorder.recorder import current

    recorder = current()
    engine = None if recorder is None else recorder.engine
    return time.monotonic() if engine is None else float(engine.fact("limits", time.monotonic))


def _need_prices(max_cost_usd: float) -> None:
    from playhead.recorder.recorder import current

    recorder = current()
    if recorder is not None and recorder.price is None:
        raise UsageError(
            f"limits(max_cost_usd={max_cost_usd:g}): nothing here knows what a model costs; run: pip install "
            "genai-prices, or tell it with playhead.init(price=...)"
        )


def _behind(error: BaseException) -> LimitExceeded | None:
    """The limit that an error came from, if it did."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        if isinstance(at, LimitExceeded):
            return at
        seen.add(id(at))
        at = at.__cause__ or at.__context__
    return None


def check_limits(kind: str, name: str, like: str) -> None:
    for one in _limits_here():
        try:
            one.before_step(kind, name, like)
        except LimitExceeded as error:
            _record(error)
            raise


def unanswered(name: str, like: str) -> None:
    """A prompt that failed is asked again by any client: that is no loop of the agent's."""
    for one in _limits_here():
        one.unanswered(name, like)


def spending_is_limited() -> bool:
    """Whether anybody wants to know what a call cost."""
    return any(one.max_cost_usd is not None for one in _limits_here())


def spent(cost_usd: float | None, model: str, live: bool = True) -> None:
    """What a model call cost, towards the limits that it is under; None where that is not known.

    One that a recording answered costs a fork nothing.
    """
    for one in _limits_here() if live else under_limits.get():
        one.spent(cost_usd, model)


def _record(error: LimitExceeded) -> None:
    """On the step in which the run was stopped, and by the error's way up on every step around it."""
    span: Any = trace.get_current_span()
    if span.is_recording():
        span.set_attribute("playhead.limit", error.limit)
        span.set_status(Status(StatusCode.ERROR, str(error)))
