"""Whether a figure stayed as it was: the last third of the soak held against the middle one.

The first third is the time in which caches fill and tables get their first large parts. Medians, so that a merge, a
backup or another's work on the machine, which come and go, decide nothing; and a margin that is relative, with the
least that a figure can be told apart by beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.proof.soak.samples import Sample

SHORTEST_S = 600.0
"""Thirds of a shorter one say nothing."""


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    title: str
    unit: str
    margin: float | None = None
    """How much more the last third may be, as a part; None where it is shown and not judged."""
    least: float = 0.0
    """A difference below this is none."""


FIGURES = (
    Figure("memory_mb", "Memory of the collector", "MB", 0.15, 40),
    Figure("parts", "Active parts of all tables", "parts", 0.25, 15),
    Figure("ingest_lag_s", "Ingest lag: from the acknowledgement of a run to its row", "s", 0.5, 0.3),
    Figure("alert_lag_s", "Alert lag: from the acknowledgement of a run to the webhook", "s", 0.5, 0.7),
    Figure("answer_s", "Answer to a request of an exporter, synced to disk", "s", 0.5, 0.1),
    Figure("list_s", "`playhead runs`, the newest 50", "s", 0.5, 0.1),
    Figure("search_s", "`playhead runs --text`, a search for words in all that is stored", "s", 0.5, 0.15),
    Figure("open_s", "`playhead show`, a run opened", "s", 0.5, 0.1),
    Figure("sums_s", "SQL through the reading port: five minutes by agent", "s", 0.5, 0.1),
    Figure("metrics_s", "`/metrics`", "s", 0.5, 0.05),
    Figure("disk_mb", "Disk of the store, replaced parts included", "MB"),
    Figure("machine_load", "Load of the machine, all that runs on it", "processes"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    figure: Figure
    first: float
    middle: float
    last: float
    """Medians of thirds."""
    highest: float

    @property
    def flat(self) -> bool | None:
        """None where it is not judged. Less is not worse."""
        if self.figure.margin is None:
            return None
        return self.last - self.middle <= max(self.figure.margin * self.middle, self.figure.least)


def verdict(figure: Figure, samples: Sequence[Sample], length_s: float) -> Verdict:
    thirds: list[list[float]] = [[], [], []]
    for one in samples:
        thirds[min(2, int(3 * one.at_s / length_s))].append(one.value)
    first, middle, last = (round(median(third), 3) if third else 0.0 for third in thirds)
    return Verdict(figure, first, middle, last, max(one.value for one in samples))
