"""What the benches measured, from one file that names the command, the day and the machine of each figure.

Between two shapes of traffic figures are taken to lie on a line in the size of a step as it is sent, and beyond the
largest on the same line on: that is what a plan assumes, and says.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of traffic, as `make bench-ingest` measured it through a real collector with the embedded store."""

    name: str
    spans: int
    """How many were sent for its figures."""
    sent_kb: float
    """A step, as OTLP."""
    cpu_s_per_1k: float
    """Of the whole collector, merges included."""
    peak_rss_mb: float


@dataclass(frozen=True, slots=True)
class Figures:
    command: str
    measured: str
    machine: str
    cores: int
    """Of that machine: what one collector was seen to use, and so what one is reckoned to have."""
    disk_bytes_a_step: float
    """In all tables with their indexes, after merges: a light step, of a kilobyte."""
    disk_bytes_a_kb: float
    """Of text that was not said before, with all that goes with it: a deep run's bytes by its different text."""
    shapes: tuple[Shape, ...]
    """By size of a step, the smallest first."""

    def at(self, sent_kb: float, of: Callable[[Shape], float]) -> float:
        """One figure for steps of a size; below the smallest shape its own."""
        low, high = self.between(sent_kb)
        if low is high:
            return of(low)
        return of(low) + (of(high) - of(low)) * (sent_kb - low.sent_kb) / (high.sent_kb - low.sent_kb)

    def between(self, sent_kb: float) -> tuple[Shape, Shape]:
        """The shapes that a size lies between; the first twice where it is below."""
        if sent_kb <= self.shapes[0].sent_kb:
            return self.shapes[0], self.shapes[0]
        above = next((n for n, shape in enumerate(self.shapes) if shape.sent_kb >= sent_kb), len(self.shapes) - 1)
        return self.shapes[above - 1], self.shapes[above]


def read_figures() -> Figures:
    told = tomllib.loads((files("playhead_collector.plan") / "figures.toml").read_text(encoding="utf-8"))
    shapes = sorted((Shape(**one) for one in told["shapes"]), key=lambda shape: shape.sent_kb)
    return Figures(**{**told, "shapes": tuple(shapes)})
