"""A replay stops at what its recording does not hold, and never asks the world."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from tests.sdk.engine.recorded import recorded

from playhead.errors import NotServed
from playhead.lanes.divergence import Divergence
from playhead.lanes.engine import Engine
from playhead.lanes.opening import VERSION


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
    assert "test_unrecorded.py" in noticed[2]
    engine = Engine.serving_from(records)
    engine.install()
    uninstalls.append(engine)
    with pytest.raises(Divergence, match="a socket that the recording does not hold"):
        run()
    engine.uninstall()
    listener.close()


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
