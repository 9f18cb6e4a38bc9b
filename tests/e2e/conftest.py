"""One collector that most tests share, with the demo's runs in it; tests that need another start their own."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collector's folder with the demo's runs in its store, of which each user starts a collector on a copy.

    Made once for all of pytest's workers beside each other, while the others that want it wait.
    """
    own = tmp_path_factory.getbasetemp()
    made = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "demo-of-all"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            unfinished = tmp_path_factory.mktemp("demo-made")
            with up(unfinished) as collector:
                shift(collector.url, unfinished / "journal")
                shipped = collector.playhead(
                    "ship", "--journal", str(unfinished / "journal"), "--endpoint", collector.url
                )
                assert shipped.status == 0, shipped.err
                collector.wait_until_stored()
            unfinished.rename(made)
    return made


@pytest.fixture(scope="session")
def demo(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo") / "copy"
    shutil.copytree(demo_folder, folder, symlinks=True)
    with up(folder) as collector:
        rows = collector.playhead("runs", "--json", "--limit", "1000").rows()
        story_of = {letter.session: letter.story for letter in LETTERS}
        yield Demo(collector, {row["run_id"]: story_of[row["session"]] for row in rows})


@pytest.fixture(scope="session")
def collector(demo: Demo) -> Up:
    """The shared collector, to send more to."""
    return demo.up
