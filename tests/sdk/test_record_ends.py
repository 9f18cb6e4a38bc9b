"""However a program ends that `playhead record` records, its run is there, and nobody sees a difference."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from tests.sdk.collector import attributes, spans_in
from tests.sdk.from_outside import ASKS, ENDS, environment_of, ran, recorded, root_of, script

from playhead_collector.demo.provider import FakeProvider


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("well", ""),
        ("exit", "exit status 3"),
        ("_exit", "exit status 4"),
        ("raise", "LookupError: no such order"),
        ("SIGKILL", "killed by SIGKILL"),
        ("SIGTERM", "killed by SIGTERM"),
        ("abort", "killed by SIGABRT"),
    ],
)
def test_however_a_program_ends_its_run_is_there_and_says_so(how: str, words: str, tmp_path: Path) -> None:
    script(tmp_path, ENDS)
    plain = ran(tmp_path, sys.executable, "agent.py", how)
    told = recorded(tmp_path, sys.executable, "agent.py", how, options=("-o", "a.playhead"))
    assert (told.stdout, told.stderr, told.returncode) == (plain.stdout, plain.stderr, plain.returncode)
    root = root_of(spans_in(tmp_path / "a.playhead"))
    assert (root.status.message, root.end_time_unix_nano > root.start_time_unix_nano) == (words, True)


_ASKS_ON = ASKS.replace(
    'answers = [ask("first")]', "import os\nwhile True: ask('again'); print(os.getpid(), flush=True)"
)


def test_a_killed_program_is_cut_and_has_no_holes(tmp_path: Path) -> None:
    script(tmp_path, _ASKS_ON)
    words = [sys.executable, "-m", "playhead", "record", "-o", "a.playhead", "--", sys.executable, "agent.py"]
    with FakeProvider() as provider, subprocess.Popen(
        [*words, provider.url], cwd=tmp_path, env=environment_of(tmp_path), stdout=subprocess.PIPE, text=True
    ) as process:  # fmt: skip
        assert process.stdout is not None
        pids = [int(process.stdout.readline()) for _ in range(20)]
        os.kill(pids[0], signal.SIGKILL)
        assert process.wait(120) == -signal.SIGKILL
    spans = spans_in(tmp_path / "a.playhead")
    assert attributes(root_of(spans))["playhead.run.steps"] == len(spans) > 20
    assert sorted(attributes(span)["playhead.sequence"] for span in spans) == list(range(len(spans)))
    assert len([span for span in spans if not span.end_time_unix_nano]) <= 1


_WAITS = """
import signal, sys, time
got = []
signal.signal(signal.SIGUSR1, lambda *_: print("USR1", flush=True))
try:
    print("ready", flush=True)
    while True:
        # A signal right before a pause would not end it.
        time.sleep(0.05)
except KeyboardInterrupt:
    got.append("interrupted")
try:
    sys.stdin.readline()
except KeyboardInterrupt:
    got.append("interrupted again")
print(got, flush=True)
raise KeyboardInterrupt
"""


def test_signals_from_other_processes_are_sent_on(tmp_path: Path) -> None:
    script(tmp_path, _WAITS)
    words = [sys.executable, "-m", "playhead", "record", "-o", "a.playhead", "--", sys.executable, "agent.py"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        words, cwd=tmp_path, env=environment_of(tmp_path), stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGUSR1)
        assert process.stdout.readline() == "USR1\n"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate("go on\n", timeout=120)
    assert (out, process.returncode) == ("['interrupted']\n", -signal.SIGINT)


def test_ctrl_c_at_a_terminal_reaches_the_program_once(tmp_path: Path) -> None:
    script(tmp_path, _WAITS)
    ours, theirs = os.openpty()
    words = [sys.executable, "-m", "playhead", "record", "-q", "-o", "a.playhead", "--", sys.executable, "agent.py"]
    with subprocess.Popen(
        words, cwd=tmp_path, env=environment_of(tmp_path), stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL,
        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
    ) as process:  # fmt: skip
        os.close(theirs)
        said = b""
        try:
            while b"ready" not in said:
                said += os.read(ours, 1000)
            os.write(ours, b"\x03")
            while b"^C" not in said:
                said += os.read(ours, 1000)
            os.write(ours, b"go on\n")
            while b"]" not in said:
                said += os.read(ours, 1000)
            assert process.wait(120) == -signal.SIGINT
        finally:
            # The terminal is gone: a program that waits for it ends, whatever failed.
            os.close(ours)
    assert b"['interrupted']" in said
