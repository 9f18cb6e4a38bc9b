"""The engine at its edges: it leaves nothing behind, hurts nobody, and stops what a recording does not hold."""

from __future__ import annotations

import asyncio
import datetime
import gc
import json
import os
import queue
import random
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from playhead.errors import NotServed
from playhead.lanes import locks
from playhead.lanes.divergence import Divergence
from playhead.lanes.engine import Engine
from playhead.lanes.opening import VERSION
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


def recorded(uninstalls: list[Engine], run: Any) -> tuple[Any, list[list[Any]]]:
    sink = ListSink()
    engine = Engine.recording(sink)
    engine.install()
    uninstalls.append(engine)
    result = run()
    engine.uninstall()
    return result, sink.records


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


def test_one_more_effect_than_was_recorded_is_a_divergence_and_never_live(uninstalls: list[Engine]) -> None:
    _, records = recorded(uninstalls, lambda: [time.time(), os.environ.get("HOME")])
    engine = Engine.serving_from(records)
    engine.install()
    uninstalls.append(engine)
    assert time.time() == next(record[6][1] for record in records if record[0] == "f")
    with pytest.raises(Divergence, match=r"lane 0 asks for one more time.time"):
        time.time()
    with pytest.raises(Divergence):  # and it stays one, whatever the agent catches
        os.environ.get("HOME")


_DIVERGES_WHILE_OTHERS_WAIT = """
import logging, queue, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from playhead.lanes.engine import Engine
from playhead.lanes.sink import ListSink

logging.basicConfig(level="CRITICAL")

def run(asks_once_more):
    given, turn = queue.Queue(), threading.Condition()
    logging.getLogger().addHandler(logging.StreamHandler())
    def waits():
        with turn:
            given.get()
    with ThreadPoolExecutor(3) as pool:
        for _ in range(3):
            pool.submit(waits)
        time.sleep(0.001)
        if asks_once_more:
            time.time()
        for _ in range(3):
            given.put("a letter")

sink = ListSink()
recording = Engine.recording(sink, sys.argv[1])
recording.install()
run(False)
recording.uninstall()
Engine.serving_from(sink.records).install()
run(True)
"""


@pytest.mark.parametrize("level", ["exact", "wire"])
def test_a_divergence_is_the_last_word_also_where_others_wait_for_locks(level: str) -> None:
    words = [sys.executable, "-c", _DIVERGES_WHILE_OTHERS_WAIT, level]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stderr
    raised = re.findall(r"^([\w.]*(?:Error|Exception|Divergence|RecordingEnded))(?::|$)", done.stderr, re.MULTILINE)
    assert set(raised) == {"playhead.lanes.divergence.Divergence"}, done.stderr
    assert "Exception ignored" not in done.stderr


def test_another_name_than_was_recorded_is_a_divergence_that_says_both(uninstalls: list[Engine]) -> None:
    _, records = recorded(uninstalls, lambda: os.environ.get("FIRST"))
    engine = Engine.serving_from(records)
    engine.install()
    uninstalls.append(engine)
    with pytest.raises(Divergence, match='recorded "FIRST", now "SECOND"'):
        os.environ.get("SECOND")


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


def test_a_socket_that_no_wrapper_reached_is_named_while_recording_and_stopped_in_a_replay(
    uninstalls: list[Engine],
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with socket.socket() as raw:
            raw.connect(listener.getsockname())

    _, records = recorded(uninstalls, run)
    (noticed,) = [record for record in records if record[0] == "u"]
    assert noticed[1].startswith("a socket: ('127.0.0.1'")
    assert "test_engine.py" in noticed[2]
    engine = Engine.serving_from(records)
    engine.install()
    uninstalls.append(engine)
    with pytest.raises(Divergence, match="a socket that the recording does not hold"):
        run()
    engine.uninstall()
    listener.close()


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


def test_a_thread_that_is_not_the_agents_reaches_nothing_in_a_replay(uninstalls: list[Engine]) -> None:
    go, results = threading.Event(), []

    def exporter() -> None:
        go.wait()
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=1)
        except OSError as error:
            results.append(str(error))

    thread = threading.Thread(target=exporter)
    thread.start()
    engine = Engine.serving_from([["h", {"engine": VERSION, "level": "exact"}]])
    engine.install()
    uninstalls.append(engine)
    go.set()
    thread.join()
    assert results[0].startswith("nothing leaves a replay")
    assert engine.discipline.failure is None


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


AT_EXIT = """
import os, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from playhead.lanes.engine import Engine
from playhead.lanes.sink import ListSink
engine = Engine.recording(ListSink())
engine.install()
{body}
"""


@pytest.mark.parametrize(
    "body",
    [
        "threading.Thread(target=time.sleep, args=(0.05,)).start()",
        "threading.Thread(target=threading.Event().wait, daemon=True).start()",
        "pool = ThreadPoolExecutor(2); pool.submit(time.sleep, 0.02)",
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "child = os.fork()\nif not child:\n    threading.Thread(target=print).start(); sys.exit(7)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7",
        "from multiprocessing import get_context\n"
        "process = get_context('fork').Process(target=print); process.start(); process.join()\n"
        "assert process.exitcode == 0",
    ],
    ids=["a thread that goes on", "a daemon that waits", "an executor left open", "a fork", "multiprocessing"],
)
def test_a_process_ends_and_forks_without_waiting_for_us(body: str, tmp_path: Path) -> None:
    script = tmp_path / "agent.py"
    script.write_text(AT_EXIT.format(body=body))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


SERVER = """
import asyncio, sys, threading
from playhead.lanes.engine import Engine
from playhead.lanes.sink import ListSink
engine = Engine.recording(ListSink())
engine.install()

def compute():
    return sum(value * value for value in range(1_000_000))

async def live():
    await asyncio.sleep(0.001)
    return "answer"

async def handle(reader, writer):
    while line := await reader.readline():
        answer = await engine.perform_async("tool", live, str, lambda packed, _: packed, fingerprint="")
        if line.startswith(b"0") and line.strip().endswith(b"7"):
            await asyncio.to_thread(compute)
            compute()
        writer.write(line.strip() + answer.encode() + b"\\n")
        await writer.drain()
    writer.close()

async def client(port, number):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for turn in range(5):
        writer.write(b"%d %d\\n" % (turn, number))
        assert (await reader.readline()) == b"%d %danswer\\n" % (turn, number)
    writer.close()

async def main():
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await asyncio.gather(*(client(port, number) for number in range(40)))
    server.close()

asyncio.run(main())
print("all answered", len([record for record in engine.direction._sink.records if record[0] == "x"]) > 0)
"""


def test_a_server_that_computes_under_the_discipline_answers_everyone(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr) == ("all answered True\n", "")


INTERRUPTED = """
import os, signal, threading, time
from playhead.lanes.engine import Engine
from playhead.lanes.sink import ListSink
engine = Engine.recording(ListSink())
engine.install()

waiting = [False]

def heard(*_):
    if waiting[0]:
        waiting[0] = False
        raise KeyboardInterrupt

signal.signal(signal.SIGINT, heard)

def interrupt():
    # Again and again: a signal that comes just before a wait begins does not break it off, in any Python program.
    while waiting[0]:
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

never = threading.Event()
for wait in (never.wait, lambda: time.sleep(9), lambda: thread.join(), lambda: never.wait(9)):
    waiting[0] = True
    thread = threading.Thread(target=interrupt)
    try:
        thread.start()
        wait()
    except KeyboardInterrupt:
        print("interrupted")
    thread.join()
with threading.Lock():
    assert engine.discipline.detached == 0
"""


def test_ctrl_c_breaks_off_any_wait_and_the_thread_comes_back_in_line(tmp_path: Path) -> None:
    script = tmp_path / "agent.py"
    script.write_text(INTERRUPTED)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout.split(), done.stderr) == (["interrupted"] * 4, "")


COLLECTED = """
import contextvars, gc
from playhead.lanes.engine import Engine
from playhead.lanes.sink import ListSink
engine = Engine.recording(ListSink())
engine.install()
gc.set_threshold(1, 1, 1)
made = [contextvars.ContextVar(str(number)) for number in range(200)]
for turn in range(100):
    for var in made:
        var.set([turn])
print("alive")
"""


def test_a_collection_in_the_middle_of_setting_a_context_variable_does_not_kill_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", COLLECTED], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.returncode) == ("alive\n", 0)


def test_a_finaliser_that_wants_what_its_own_thread_holds_does_not_hang_it(
    uninstalls: list[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: told.append(str(one.exc_value)))
    monkeypatch.setattr(locks, "IN_A_FINALISER_S", 0.01)

    class Pooled:
        """As a response that urllib3 has not read to its end: it is in a circle, and wants its pool at its end."""

        def __init__(self, pool: queue.Queue[int]) -> None:
            self.me, self.pool = self, pool

        def __del__(self) -> None:
            self.pool.put(1)

    def run() -> int:
        pool: queue.Queue[int] = queue.Queue()
        Pooled(pool)
        with pool.mutex:
            gc.collect()
        Pooled(pool)
        gc.collect()
        return pool.qsize()

    size, _ = recorded(uninstalls, run)
    assert size == 1
    assert told == ["a finaliser waited for a lock that its own thread holds; what it was to do is left out"]


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


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (["h", {"engine": 1, "level": "exact"}], "made by an older Playhead"),
        (["h", {"engine": VERSION + 1, "level": "exact"}], "install that version"),
        (["c", "0", "http", 7, None, 1, None], "the beginning of this recording is gone"),
    ],
)
def test_a_recording_that_cannot_be_served_says_why(first: list[Any], said: str) -> None:
    with pytest.raises(NotServed, match=said):
        Engine.serving_from([first])
