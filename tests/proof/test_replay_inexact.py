# ruff: noqa: E501 - a table, with a program a line
"""What cannot be exact: each has a program here, is named by `playhead certify` or by a divergence, and is never silent.

docs/recorder.md has the list.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.proof.replaying import PLAYHEAD, record, replay, run

# What the program does; what the certificate says of it; None where only a replay can find it.
PROGRAMS: dict[str, tuple[str, str | None]] = {
    "a raw socket": (
        "import os, socket, urllib.parse\nat = urllib.parse.urlsplit(os.environ['PROVIDER'])\n"
        "socket.create_connection((at.hostname, at.port)).close()",
        "not captured: a name look-up",
    ),
    "a database": ("import sqlite3\nsqlite3.connect('data.db').close()", "not captured: a database"),
    "os.system": ("import os\nos.system('true')", "not captured: a subprocess"),
    "a fork": ("import os\nif not os.fork():\n    os._exit(0)\nos.wait()", "not captured: a fork"),
    "a pool of processes": (
        "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(2) as pool:\n    print(pool.map(abs, [-1]))",
        "not captured: a fork",
    ),
    "a handler of signals": (
        "import os, signal\nsignal.signal(signal.SIGUSR1, lambda *_: print('heard'))\nos.kill(os.getpid(), signal.SIGUSR1)",
        "signal",
    ),
    "uvloop": (
        "import asyncio, os, httpx2, uvloop\nasync def main():\n    async with httpx2.AsyncClient() as client:\n"
        "        print((await client.post(os.environ['PROVIDER'], json={})).text)\nuvloop.run(main())",
        "an event loop of uvloop",
    ),
    "threads that compute side by side": (
        "import threading\ntotal = 0\ndef add():\n    global total\n    for number in range(3_000_000):\n        total += number & 1\n"
        "threads = [threading.Thread(target=add) for _ in range(3)]\nfor one in threads: one.start()\n"
        "for one in threads: one.join()\nprint(total)",
        "threads ran side by side",
    ),
    "an address": ("print(id(object()))", None),
    "a clock read by C": ("import ctypes\nprint(ctypes.CDLL(None).clock())", None),
    "a generator of C": (
        "import sqlite3\nprint(sqlite3.connect(':memory:').execute('select random()').fetchall())",
        None,
    ),
    "how often garbage was looked for": ("import gc\nprint(gc.get_stats())", None),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_named_and_never_silent(name: str, tmp_path: Path) -> None:
    source, said = PROGRAMS[name]
    (tmp_path / "agent.py").write_text(source)
    told = record(tmp_path, Path("agent.py"))
    certified = run(tmp_path, *PLAYHEAD, "certify", "run.playhead")
    again = replay(told)
    silent = again.status == "identical" and again.out != told.out
    print(f"    {name:36} {again.status:10} {certified.out.splitlines()[0]}")
    assert not silent
    if said is None:
        assert again.code == 1, again.err
    else:
        assert said in certified.out


def test_a_recording_at_the_level_wire_says_what_it_leaves_open(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text("print('done')")
    words = (*PLAYHEAD, "record", "-q", "--level", "wire", "-o", "run.playhead", "--", sys.executable, "agent.py")
    assert run(tmp_path, *words).code == 0
    certified = run(tmp_path, *PLAYHEAD, "certify", "run.playhead")
    assert (certified.code, 'recorded with record="wire"' in certified.out) == (1, True)


def test_a_file_beyond_what_is_kept_must_be_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text("print(len(open('large').read()))")
    large = tmp_path / "large"
    large.write_text("x" * 2_000_000)
    told = record(tmp_path, Path("agent.py"))
    assert replay(told).status == "identical"
    large.write_text("y" * 2_000_000)
    again = replay(told)
    assert (again.code, "large is larger than what is recorded" in again.what) == (1, True)
