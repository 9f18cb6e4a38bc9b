"""The engine's programs, recorded live and replayed twenty times with the provider gone: `make proof-lanes`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sdk.engine.replays import record_and_replay
from tests.sdk.engine.test_programs import PREEMPTED_LOOPS, PROGRAMS

TIMES = 20


@pytest.mark.parametrize("first", [True, False], ids=["installed before the imports", "installed after the imports"])
def test_every_program_is_identical_twenty_times_of_twenty(first: bool, tmp_path: Path) -> None:
    replays = record_and_replay(PROGRAMS, tmp_path, TIMES, first=first)
    scores = {program: seen.identical() for program, seen in replays.items()}
    print()
    for program, score in scores.items():
        print(f"    {program:24} {score:3} of {TIMES}")
    assert set(scores.values()) == {TIMES}, [
        replay for seen in replays.values() for replay in seen.replayed if replay != seen.recorded
    ][:3]


def test_the_score_of_recordings_that_delay_nothing(tmp_path: Path) -> None:
    """`record="wire"`: its score is published, not asserted; what it cannot order is for the certificate to say."""
    replays = record_and_replay(PROGRAMS, tmp_path, 5, level="wire")
    print()
    for program, seen in replays.items():
        print(f"    {program:24} {seen.identical():3} of 5 at the level wire")
    assert replays["sequential"].identical() == 5


def test_loops_and_threads_that_are_preempted_over_and_over_in_ten_recordings(tmp_path: Path) -> None:
    """Where they are is another place in each recording."""
    scores = dict.fromkeys(PREEMPTED_LOOPS, 0)
    for number in range(10):
        (folder := tmp_path / str(number)).mkdir()
        for program, seen in record_and_replay(PREEMPTED_LOOPS, folder, 2).items():
            scores[program] += seen.identical()
    print()
    for program, score in scores.items():
        print(f"    {program:24} {score:3} of 20, in ten recordings")
    assert set(scores.values()) == {20}
