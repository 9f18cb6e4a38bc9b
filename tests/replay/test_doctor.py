"""`playhead doctor`: what makes a program another when it is executed again is named, by file and line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from tests.replay.agents import Ran, playhead
from tests.sdk.engine.provider import provider

ASK = """
import os, requests
def ask(words):
    return requests.post(os.environ["PROVIDER"], json={"prompt": words}).json()["answer"]
"""

CLEAN = (
    ASK
    + """
import random, time, uuid
print(ask(f"{time.time()} {random.random()} {uuid.uuid4()}"))
"""
)

SOCKET = (
    ASK
    + """
import socket
host, port = os.environ["PROVIDER"].removeprefix("http://").split(":")
socket.create_connection((host, int(port))).close()
print(ask("hello"))
"""
)

TRIO = """
import trio

async def work():
    async with trio.open_nursery() as nursery:
        for seconds in (0.02, 0.01):
            nursery.start_soon(trio.sleep, seconds)

trio.run(work)
"""

ADDRESS = (
    ASK
    + """
thing = object()
print(ask(f"the object {id(thing)}"))
"""
)

ENTROPY = (
    ASK
    + """
import ctypes
drawn = ctypes.create_string_buffer(8)
ctypes.CDLL(None).getrandom(drawn, 8, 0)
print(ask(drawn.raw.hex()))
"""
)

SHOWN = (
    ASK
    + """
print("the line", object())
"""
)

PRINTS = (
    ASK
    + """
ask("hello")
import ctypes
ctypes.CDLL(None).puts(repr(object()).encode())
"""
)

GRACE = (
    ASK
    + """
print(ask(" ".join({"refund", "reship", "apologise", "escalate", "wait", "close", "ask", "thank"})))
import threading
begun = {"a": False, "b": False}
def work(name, other):
    begun[name] = True
    while not begun[other]: pass  # the first ends only beside the second
threads = [threading.Thread(target=work, args=pair) for pair in ("ab", "ba")]
for thread in threads: thread.start()
for thread in threads: thread.join()
def never():
    requests.post(os.environ["PROVIDER"], json={"prompt": "never answered", "delay": 1_000_000})
threading.Thread(target=never, daemon=True).start()
print(ask("both"))
"""
)


def examined(folder: Path, text: str, *options: str) -> Ran:
    (folder / "agent.py").write_text(text)
    with provider() as url:
        return playhead(
            folder,
            "doctor",
            "--json",
            *options,
            "--",
            sys.executable,
            "agent.py",
            PROVIDER=url,
            PYTHONHASHSEED="random",
        )


def line_of(text: str, words: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def test_a_program_whose_every_effect_is_captured_is_exact(tmp_path: Path) -> None:
    done = examined(tmp_path, CLEAN, "--times", "2")
    assert (done.code, done.json["exact"], done.json["identical"], done.json["sources"]) == (0, True, 2, []), done.err


@pytest.mark.parametrize(
    ("text", "line", "kind", "said"),
    [
        (SOCKET, "create_connection", "not captured", "a socket"),
        (ADDRESS, "id(thing)", "diverged", "it looks like an address"),
        (ENTROPY, "drawn.raw", "diverged", "prompt: recorded"),
    ],
)
def test_what_was_not_captured_is_named_with_its_line(
    tmp_path: Path, text: str, line: str, kind: str, said: str
) -> None:
    done = examined(tmp_path, text)
    assert (done.code, done.json["exact"]) == (1, False), done.err
    found = [source for source in done.json["sources"] if source["kind"] == kind]
    source = next(source for source in found if said in str(source))
    asked_in = "requests.post" if kind == "diverged" else line
    assert source["place"].endswith(f"agent.py:{line_of(text, asked_in)}")


def test_the_order_of_trios_tasks_is_named_where_they_run(tmp_path: Path) -> None:
    pytest.importorskip("trio")  # not among ours: httpcore imports it where it is there, and recordings would know
    done = examined(tmp_path, TRIO)
    assert [source["what"] for source in done.json["sources"] if source["kind"] == "not captured"] == [
        "the order of trio's tasks"
    ], done.out


@pytest.mark.parametrize(
    ("module", "text", "whose"),
    [
        ("trio/_core/_run.py", "def setup_runner(): pass\ndef run(): setup_runner()\n", "trio's tasks"),
        ("gevent/hub.py", "def run(): pass\n", "gevent's greenlets"),
    ],
)
def test_a_scheduler_that_nobody_follows_is_named(tmp_path: Path, module: str, text: str, whose: str) -> None:
    """As these packages are laid out; with trio itself where it is installed, above."""
    file = tmp_path / module
    file.parent.mkdir(parents=True)
    file.write_text(text)
    name = module.removesuffix(".py").replace("/", ".")
    done = examined(tmp_path, f"import {name} as scheduler\nscheduler.run()\n")
    named = [source["what"] for source in done.json["sources"] if source["kind"] == "not captured"]
    assert (done.code, named) == (1, [f"the order of {whose}"]), done.out


@pytest.mark.parametrize("text", [SHOWN, PRINTS])
def test_what_only_the_output_shows_is_found_by_comparing_it(tmp_path: Path, text: str) -> None:
    done = examined(tmp_path, text)
    assert done.code == 1
    (source,) = done.json["sources"]
    assert (source["kind"], source["what"]) == ("output", "line 1 of what it prints is another")
    assert "it looks like an address: id(), or the default repr of an object" in source["details"]


def test_what_is_exact_only_by_the_grace_of_something_is_a_remark(tmp_path: Path) -> None:
    done = examined(tmp_path, GRACE)
    assert done.code == 0, done.out
    sources: list[dict[str, Any]] = done.json["sources"]
    for kind, said in (("hash seed", "sort"), ("order", "ran beside them"), ("under way", "http")):
        found = [source for source in sources if source["kind"] == kind]
        assert found and said in str(found) and not any(source["grave"] for source in found), done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing to run; write it as: playhead doctor -- python agent.py"),
        (("no-such-program",), "is not found; write it as: playhead doctor -- python agent.py"),
        (("true",), "is not a Python program"),
    ],
)
def test_what_cannot_be_run_has_a_status_of_its_own(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = playhead(tmp_path, "doctor", "--", *words)
    assert done.code == 2 and said in done.err


@pytest.mark.parametrize(
    ("words", "said"), [(("nofile.py",), "can't open file"), (("-m", "nomodule"), "No module named nomodule")]
)
def test_a_program_that_is_not_there_was_not_run_and_python_says_why(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = playhead(tmp_path, "doctor", "--", sys.executable, *words)
    assert (done.code, done.out) == (2, "") and "did not begin" in done.err and said in done.err


def test_a_program_that_failed_is_exact_where_it_fails_again_and_says_how(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text("import sys\nprint('well')\nsys.exit('no key')\n")
    done = playhead(tmp_path, "doctor", "--", sys.executable, "agent.py")
    assert done.code == 0, done.err
    assert "executed again: identical; the program failed, with status 1\n" in done.out and "no key" in done.out
    told = examined(tmp_path, "import nomodule\n").json
    assert told["status"] == 1 and told["errors"][-1] == "ModuleNotFoundError: No module named 'nomodule'"
