"""Limits around a run, looked at where a step begins: the boundary at which an agent can still be stopped cleanly."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Status, StatusCode

from playhead.errors import PlayheadError, UsageError

_LONGEST_CYCLE = 4
# A step's name, and what it was asked.
Made = tuple[str, str]


class LimitExceeded(PlayheadError):
    """A run went over a limit that its own code set with `playhead.limits`."""

    def __init__(self, limit: str, words: str) -> None:
        super().__init__(words)
        self.limit = limit


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
        self._began = clock()
        self._steps = 0
        self._cost = 0.0
        # Prompts apart from calls: between two equal calls of an agent stands a prompt that has grown by the first.
        size = (max_repeats or 0) * _LONGEST_CYCLE + _LONGEST_CYCLE
        self._prompts: deque[Made] = deque(maxlen=size)
        self._calls: deque[Made] = deque(maxlen=size)

    def before_step(self, kind: str, name: str, like: str) -> None:
        self._steps += 1
        if self.max_steps is not None and self._steps > self.max_steps:
            raise LimitExceeded("max_steps", f"the run took more than {self.max_steps} steps; next would be {name!r}")
        if self.max_seconds is not None and (took := self._clock() - self._began) > self.max_seconds:
            raise LimitExceeded("max_seconds", f"the run took {took:.1f} s of {self.max_seconds:g} s before {name!r}")
        if self.max_cost_usd is not None and self._cost > self.max_cost_usd:
            raise LimitExceeded(
                "max_cost_usd", f"the run spent ${self._cost:.4f} of ${self.max_cost_usd:g} before {name!r}"
            )
        if self.max_repeats is not None and like:
            made = self._prompts if kind == "prompt" else self._calls
            made.append((name, like))
            cycle = _cycle(list(made), self.max_repeats)
            if cycle:
                words = " -> ".join(dict.fromkeys(step.removeprefix("execute_tool ") for step, _ in cycle))
                raise LimitExceeded(
                    "max_repeats", f"a loop: {words} with the same arguments more than {self.max_repeats} times"
                )

    def spent(self, cost_usd: float) -> None:
        self._cost += cost_usd


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


_limits: ContextVar[tuple[_Limits, ...]] = ContextVar("playhead_limits", default=())


@contextmanager
def limits(
    *,
    max_steps: int | None = None,
    max_cost_usd: float | None = None,
    max_repeats: int | None = None,
    max_seconds: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Raises LimitExceeded at the step that would go over, within this block and what it starts.

    `max_repeats` counts repetitions of the same call with the same arguments, alternations (A-B-A-B) included.
    Cost is what model providers themselves report with an answer; a price that nobody told adds nothing, and is not
    guessed.
    """
    for name, value in (
        ("max_steps", max_steps),
        ("max_cost_usd", max_cost_usd),
        ("max_repeats", max_repeats),
        ("max_seconds", max_seconds),
    ):
        if value is not None and value <= 0:
            raise UsageError(f"limits({name}={value!r}): a limit is above 0; leave it out for none")
    token = _limits.set((*_limits.get(), _Limits(max_steps, max_cost_usd, max_repeats, max_seconds, clock)))
    try:
        yield
    except LimitExceeded as error:
        _record(error)
        raise
    finally:
        _limits.reset(token)


def check_limits(kind: str, name: str, like: str) -> None:
    for one in _limits.get():
        try:
            one.before_step(kind, name, like)
        except LimitExceeded as error:
            _record(error)
            raise


def spent(cost_usd: float) -> None:
    """What a step cost, towards the limits that it is under."""
    for one in _limits.get():
        one.spent(cost_usd)


def _record(error: LimitExceeded) -> None:
    """On the step in which the run was stopped, and by the error's way up on every step around it."""
    span: Any = trace.get_current_span()
    if span.is_recording():
        span.set_attribute("playhead.limit", error.limit)
        span.set_status(Status(StatusCode.ERROR, str(error)))
