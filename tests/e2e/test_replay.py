"""Runs of the demo's agent, served side by side in one process, each executed again by its id out of the store."""

from __future__ import annotations

import pytest
from tests.e2e.conftest import Demo
from tests.e2e.running import playhead_alone


@pytest.mark.parametrize(
    ("story", "status", "said"),
    [
        ("context-blowout", 0, "identical: "),
        ("refund-loop", 3, "LimitExceeded: a loop"),
        ("crash", 0, "identical up to where it was cut"),
    ],
)
def test_a_run_out_of_many_replays_by_its_id(demo: Demo, story: str, status: int, said: str) -> None:
    again = playhead_alone(demo.up.folder, "replay", demo.run_of(story), PLAYHEAD_STORE=demo.up.store)
    assert again.status == status, again.err
    assert said in again.err
