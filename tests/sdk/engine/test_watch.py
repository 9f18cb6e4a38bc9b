"""The watch: where the discipline stands still, the agent runs on without it, and the recording says from where."""

from __future__ import annotations

import threading
import time

import pytest

from playhead.lanes import watch
from playhead.lanes.divergence import RecordingEnded
from playhead.lanes.engine import Engine
from playhead.lanes.sink import ListSink


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "STALLED_TICKS", 15)


def stand_still() -> list[str]:
    """Waits for who waits for a lock that is let go beneath the discipline, as native code might."""
    came: list[str] = []
    lock = threading.Lock()
    lock.acquire()

    def comes() -> None:
        with lock:
            came.append("the lock")

    thread = threading.Thread(target=comes)
    thread.start()
    while not lock._waiting:  # type: ignore[attr-defined]
        time.sleep(0)
    lock._real.release()  # type: ignore[attr-defined]
    thread.join()
    came.append(f"at {time.time():.0f}")
    return came


@pytest.mark.usefixtures("_impatient")
def test_an_agent_that_stands_still_runs_on_and_is_replayed_up_to_there(
    uninstalls: list[Engine], caplog: pytest.LogCaptureFixture
) -> None:
    sink = ListSink()
    recording = Engine.recording(sink)
    recording.install()
    uninstalls.append(recording)
    came = stand_still()
    recording.uninstall()

    words = [record[0] for record in sink.records]
    assert words.count("g") == 1
    # What the agent did after it is kept, as the level `wire` keeps it.
    given_up = words.index("g")
    clock = [place for place, record in enumerate(sink.records) if record[3:4] == ["time.time"]]
    assert came[0] == "the lock"
    assert [place > given_up for place in clock] == [True]
    assert "runs on without the discipline" in caplog.text

    serving = Engine.serving_from(sink.records)
    serving.install()
    uninstalls.append(serving)
    with pytest.raises(RecordingEnded, match="nobody ran for five seconds"):
        stand_still()


@pytest.mark.usefixtures("_impatient")
def test_an_agent_that_waits_for_the_world_is_left_to_wait(uninstalls: list[Engine]) -> None:
    sink = ListSink()
    recording = Engine.recording(sink)
    recording.install()
    uninstalls.append(recording)
    asked = threading.Event()
    thread = threading.Thread(target=asked.wait, args=(0.6,))
    thread.start()
    thread.join()
    recording.uninstall()
    assert "g" not in [record[0] for record in sink.records]
