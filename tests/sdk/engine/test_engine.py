"""The engine leaves nothing behind and hurts nobody; what it records is in the lanes that its code ran in."""

from __future__ import annotations

import asyncio
import datetime
import gc
import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.request
from typing import Any

import pytest
from tests.sdk.engine.recorded import recorded

from playhead.lanes.engine import Engine
from playhead.lanes.pieces import Pieces
from playhead.lanes.sink import ListSink

PATCHED = (
    (threading.Thread, "start"),
    (threading.Thread, "join"),
    (threading, "Lock"),
    (threading, "RLock"),
    (time, "time"),
    (time, "sleep"),
    (os, "urandom"),
    (os, "stat"),
    (random, "random"),
    (random.Random, "seed"),
    (subprocess.Popen, "__init__"),
    (asyncio.BaseEventLoop, "_run_once"),
    (asyncio.BaseEventLoop, "create_task"),
    (datetime.datetime, "now"),
    (datetime.date, "today"),
)


def test_installing_and_uninstalling_leaves_everything_as_it_was() -> None:
    before = [vars(owner)[name] for owner, name in PATCHED]
    callbacks, finders = list(gc.callbacks), list(sys.meta_path)
    engine = Engine.recording(ListSink())
    engine.install()
    assert [vars(owner)[name] for owner, name in PATCHED] != before
    engine.uninstall()
    assert [vars(owner)[name] for owner, name in PATCHED] == before
    assert (gc.callbacks, sys.meta_path) == (callbacks, finders)


def test_nothing_is_patched_by_importing() -> None:
    code = (
        "import threading, time, asyncio; before = (threading.Lock, time.time, asyncio.BaseEventLoop._run_once);"
        "import playhead.lanes.engine;"
        "assert before == (threading.Lock, time.time, asyncio.BaseEventLoop._run_once)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_sink_that_fails_loses_records_and_never_hurts_the_agent(
    uninstalls: list[Engine], caplog: pytest.LogCaptureFixture
) -> None:
    class Full:
        def append(self, record: list[Any]) -> None:
            raise OSError("no space left on device")

    engine = Engine.recording(Full())
    engine.install()
    uninstalls.append(engine)
    assert time.time() > 0
    assert engine.direction.lost >= 2  # type: ignore[union-attr]
    assert len([record for record in caplog.records if "could not be kept" in record.message]) == 1


def test_a_result_that_cannot_be_written_still_reaches_the_agent(uninstalls: list[Engine]) -> None:
    def run() -> Any:
        engine = uninstalls[-1]

        def pack(value: object) -> Any:
            raise TypeError("not JSON")

        return engine.perform("tool", lambda: "the result", pack, lambda packed, live: str(live), fingerprint="")

    result, records = recorded(uninstalls, run)
    assert result == "the result"
    assert ["?", "str: not JSON"] in [record[4] for record in records if record[0] == "c"]


def test_a_walk_through_the_environment_is_recorded_for_the_agent_and_not_for_urllib(
    uninstalls: list[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ftp_proxy", "http://proxy.test:3128")

    def walks() -> tuple[dict[str, str], dict[str, str]]:
        return urllib.request.getproxies_environment(), dict(os.environ.items())

    (proxies, walked), records = recorded(uninstalls, walks)
    assert proxies["ftp"] == "http://proxy.test:3128"
    assert walked == dict(os.environ)
    read = [record[4] for record in records if record[0] == "f" and record[3] == "environment"]
    assert read == ["*", *walked]


@pytest.mark.parametrize("compact", [True, False])
def test_a_request_that_repeats_its_conversation_writes_what_is_new(compact: bool) -> None:
    separators = (",", ":") if compact else (", ", ": ")
    sink = ListSink()
    pieces, replayed = Pieces(sink), Pieces()
    said = [{"role": "user", "content": f"message {number}: " + "word " * 80} for number in range(3)]

    def request() -> bytes:
        return json.dumps({"messages": said}, separators=separators).encode()

    pieces.fold(request())
    before = len(sink.records)
    said.append({"role": "user", "content": "one more"})
    folded = pieces.fold(request())
    new = [text for _, _, text in sink.records[before:]]
    assert not [text for text in new if "message 0" in text or "message 1" in text]
    for _, key, text in sink.records:
        replayed.keep(key, text)
    assert replayed.whole(folded) == request()


def test_a_lane_is_given_at_creation_whatever_runs_first(uninstalls: list[Engine]) -> None:
    def run() -> list[str]:
        engine = uninstalls[-1]
        lanes = []

        async def one(pause: float) -> None:
            await asyncio.sleep(pause)
            lanes.append(engine.lane(engine_actor()).id)

        async def main() -> None:
            await asyncio.gather(one(0.01), one(0.0), asyncio.to_thread(lambda: None))

        asyncio.run(main())
        return lanes

    lanes, records = recorded(uninstalls, run)
    assert lanes == ["0/1/2", "0/1/1"]
    assert ["0/1", "task"] in [record[1:3] for record in records if record[0] == "l"]
    assert "job" in [record[2] for record in records if record[0] == "l"]


def engine_actor() -> Any:
    from playhead.lanes.actor import thread_actor

    return thread_actor()


def test_a_loop_that_cannot_be_ordered_is_recorded_and_named(uninstalls: list[Engine]) -> None:
    uvloop = pytest.importorskip("uvloop")

    def run() -> Any:
        engine = uninstalls[-1]

        async def live() -> str:
            await asyncio.sleep(0.001)
            return "the answer"

        async def main() -> Any:
            return await engine.perform_async("tool", live, str, lambda packed, _: packed, fingerprint="")

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(main())

    result, records = recorded(uninstalls, run)
    assert result == "the answer"
    assert ["u", "an event loop of uvloop, which cannot be ordered", ""] in records


def test_who_times_collections_reads_no_clock_of_the_agent(uninstalls: list[Engine]) -> None:
    """When garbage is found depends on allocations, so a reading in it would come elsewhere in a replay."""
    seen: list[float] = []

    def timing(phase: str, _: dict[str, int]) -> None:
        seen.append(time.perf_counter())

    gc.callbacks.insert(0, timing)
    try:
        _, records = recorded(uninstalls, gc.collect)
    finally:
        gc.callbacks.remove(timing)
    assert len(seen) >= 2
    assert not [record for record in records if "time.perf_counter" in record]
