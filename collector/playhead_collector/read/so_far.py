"""What a run had used when a step began: tokens, cost and time, and how full the context was."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from playhead_collector.read.run import Run, Step


@dataclass(frozen=True, slots=True)
class SoFar:
    """None is unknown, never zero."""

    seconds: float
    tokens: int | None
    cost_usd: float | None
    unpriced: int
    """Calls whose cost is not in the sum."""
    context_tokens: int | None
    """What the last prompt was given."""
    context_window: int | None
    """What its model takes."""


class Meter:
    """Sums along a run's calls, each counted once; asked for any step without adding up again."""

    def __init__(self, run: Run) -> None:
        did = (node.step for node in run.nodes if not node.step.from_outside)
        steps = sorted(did, key=lambda step: step.start_time)
        self._began = steps[0].start_time if steps else run.row.start_time
        self._calls: list[datetime] = []
        self._sums: list[tuple[int | None, float | None, int]] = []
        self._prompts: list[datetime] = []
        self._contexts: list[Step] = []
        tokens: int | None = None
        usd: float | None = None
        unpriced = 0
        for step in steps:
            if step.kind == "prompt" and step.input_tokens is not None:
                self._prompts.append(step.start_time)
                self._contexts.append(step)
            if not step.counted:
                continue
            used = [number for number in (step.input_tokens, step.output_tokens) if number is not None]
            tokens = (tokens or 0) + sum(used) if used else tokens
            usd = (usd or 0.0) + step.cost_usd if step.cost_usd is not None else usd
            unpriced += step.cost_usd is None
            self._calls.append(step.start_time)
            self._sums.append((tokens, usd, unpriced))

    def at(self, step: Step) -> SoFar:
        """With the step itself, if it is a call."""
        # Loaded here: it brings a client of the network with it, and most commands ask for no step.
        from playhead_collector.store.prices import context_window

        call = bisect_right(self._calls, step.start_time) - 1
        tokens, usd, unpriced = self._sums[call] if call >= 0 else (None, None, 0)
        prompt = bisect_right(self._prompts, step.start_time) - 1
        last = self._contexts[prompt] if prompt >= 0 else None
        return SoFar(
            (step.start_time - self._began) / timedelta(seconds=1),
            tokens,
            usd,
            unpriced,
            last.input_tokens if last is not None else None,
            context_window(last.provider, last.model) if last is not None else None,
        )
