"""Ids, time and randomness that are the same in every run of a test."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from opentelemetry.sdk.trace.id_generator import IdGenerator


class Ids(IdGenerator):
    """Counts: the first run is 1, its first step 1, the next one 2."""

    def __init__(self) -> None:
        self._traces = 0
        self._spans = 0

    def generate_trace_id(self) -> int:
        """The next run's."""
        self._traces += 1
        return self._traces

    def generate_span_id(self) -> int:
        """The next step's."""
        self._spans += 1
        return self._spans


class Clock:
    """Stands still but for `tick_s` at each look, and `advance`. It is what `clock=` wants: `limits(clock=Clock())`."""

    def __init__(self, start_s: float = 1_750_000_000.0, *, tick_s: float = 0.001) -> None:
        self._now_ns = round(start_s * 1e9)
        self._tick_ns = round(tick_s * 1e9)

    def advance(self, seconds: float) -> None:
        """Time passes."""
        self._now_ns += round(seconds * 1e9)

    def __call__(self) -> float:
        return self.ns() / 1e9

    def ns(self) -> int:
        """One look at it, in nanoseconds since the epoch; a call gives the same in seconds."""
        self._now_ns += self._tick_ns
        return self._now_ns


@contextmanager
def deterministic(seed: int = 0) -> Iterator[random.Random]:
    """`random`, `uuid.uuid4`, `secrets` and `os.urandom` give the same in this block every time."""
    source = random.Random(seed)  # noqa: S311 - repeatable, and never in production
    before = random.getstate()
    random.seed(seed)
    try:
        # `random` has a name of its own for it, which `secrets` draws from.
        with (
            mock.patch.object(os, "urandom", source.randbytes),
            mock.patch.object(random, "_urandom", source.randbytes),
        ):
            yield source
    finally:
        random.setstate(before)
