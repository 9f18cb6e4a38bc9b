"""One collector that most tests share, with the demo's runs in it; tests that need another start their own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.e2e.running import Up, up

from playhead_collector.demo import DemoRequest, demo_requests
from playhead_collector.send import send


@dataclass(frozen=True, slots=True)
class Demo:
    """A collector, and what was sent to it."""

    up: Up
    sent: list[DemoRequest]

    def run_of(self, story: str) -> str:
        return next(one.run_id for one in self.sent if one.story == story)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    sent = list(demo_requests(time.time_ns()))
    with up(tmp_path_factory.mktemp("demo")) as collector:
        send((one.request for one in sent), collector.url)
        collector.wait_until_stored()
        yield Demo(collector, sent)


@pytest.fixture(scope="session")
def collector(demo: Demo) -> Up:
    """The shared collector, to send more to."""
    return demo.up
