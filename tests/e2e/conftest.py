"""One collector that most tests share, with the demo's runs in it; tests that need another start their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.e2e.running import Up, up

from playhead_collector.demo.shift import shift
from playhead_collector.demo.tickets import LETTERS


@dataclass(frozen=True, slots=True)
class Demo:
    """A collector, and the runs that the demo's agent made there, each with its story."""

    up: Up
    stories: dict[str, str]

    def run_of(self, story: str) -> str:
        """The latest that tells it."""
        return next(run for run, told in self.stories.items() if told == story)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    with up(folder) as collector:
        journal = folder / "journal"
        shift(collector.url, journal)
        shipped = collector.playhead("ship", "--journal", str(journal), "--endpoint", collector.url)
        assert shipped.status == 0, shipped.err
        collector.wait_until_stored()
        rows = collector.playhead("runs", "--json", "--limit", "1000").rows()
        story_of = {letter.session: letter.story for letter in LETTERS}
        yield Demo(collector, {row["run_id"]: story_of[row["session"]] for row in rows})


@pytest.fixture(scope="session")
def collector(demo: Demo) -> Up:
    """The shared collector, to send more to."""
    return demo.up
