"""What can be seen where the program has stopped: the agent's frames, their locals, the value of an expression.

The values are written in a fork of the program that ends right after: whatever a `repr` or an expression does there (it
may be any code) is gone with it. An effect that it asks for is answered by the recording, or refused; nothing that it
says reaches the replay, and nothing of it the world.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from time import monotonic
from types import CodeType, FrameType
from typing import Any

from playhead.aside import as_agent
from playhead.lanes.active import active_engine
from playhead.lanes.serving import Serving
from playhead.lanes.who import is_machinery
from playhead.recorder.redaction import Redaction
from playhead.replaying.shown import shown, type_of

MOST_LOCALS = 100
MOST_FRAMES = 64
LONGEST_VALUE = 20_000
_WITHIN_S = 3.0
_TURN_OF_LOOP = ("asyncio.events", "_run")
_OURS_AT_START = "sitecustomize"

_looking: list[bool] = []
_exit = os._exit  # the real one: it is wrapped while serving


def is_looking() -> bool:
    """Whether this process is such a fork: a divergence in it says nothing of the replay."""
    return bool(_looking)


def frames_of_agent(depth: int = 1) -> list[FrameType]:
    """Innermost first. Of a task its coroutines, and not who turns the loop; unless there is nobody else."""
    found: list[FrameType] = []
    beneath: list[FrameType] = []
    frame: FrameType | None = sys._getframe(depth)
    in_loop = False
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        in_loop = in_loop or (module, frame.f_code.co_name) == _TURN_OF_LOOP
        if not is_machinery(module) and module != _OURS_AT_START:
            (beneath if in_loop else found).append(frame)
        frame = frame.f_back
    return (found or beneath)[:MOST_FRAMES]


def is_own(code: CodeType) -> bool:
    """Not a package's that the agent uses."""
    name = code.co_filename
    return "site-packages" not in name and "dist-packages" not in name and not name.startswith("<frozen")


def locals_of(frame: FrameType, redaction: Redaction) -> list[list[str]]:
    """Name, type and value of each; in the order of the code."""

    there = frame.f_locals
    names = [name for name in there if there is not frame.f_globals or not _is_furniture(name, there[name])]
    names = names[:MOST_LOCALS]

    def look() -> Iterator[list[str]]:
        for name in names:
            yield [name, type_of(there[name]), hidden(redaction, name, shown(there[name]))]

    said = _in_fork(look)
    unseen = "<not looked at: the others took too long, or no process was to be had for it>"
    return said + [[name, type_of(there[name]), unseen] for name in names[len(said) :]]


def value_of(expression: str, frame: FrameType, redaction: Redaction) -> list[list[str]]:
    """One row: the expression, the type, and the value; or an error in place of the type."""

    def look() -> Iterator[list[str]]:
        try:
            value = eval(expression, {**frame.f_globals, **frame.f_locals})  # noqa: S307 - a person's, thrown away
        except BaseException as error:  # noqa: BLE001 - of whatever the person wrote
            yield [expression, "", redaction.text(f"{type(error).__name__}: {error}")]
        else:
            name = expression.rpartition(".")[2].strip("[]'\"() ")
            yield [expression, type_of(value), hidden(redaction, name, shown(value, LONGEST_VALUE))]

    return _in_fork(look) or [[expression, "", "it takes too long"]]


def hidden(redaction: Redaction, name: str, text: str) -> str:
    """Without secrets, by the name it stands under or by its shape."""
    said: Mapping[str, Any] = redaction.attributes({name: text})
    return str(said[name])


def _is_furniture(name: str, value: Any) -> bool:
    """Of a module's locals: what it imported and defined is no state."""
    return name.startswith("__") or callable(value) or type(value).__name__ == "module"


def _in_fork(look: Callable[[], Iterator[list[str]]]) -> list[list[str]]:
    """What it says within the time; as far as it came."""
    reads, writes = os.pipe()
    try:
        with _no_warning():
            child = os.fork()
    except OSError:  # no more processes to be had
        os.close(reads)
        os.close(writes)
        return []
    if child == 0:
        os.close(reads)
        _say(look, writes)
    os.close(writes)
    try:
        said = _read_within(reads, _WITHIN_S)
    finally:
        os.close(reads)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return [json.loads(line) for line in said.split(b"\n")[:-1]]


def _no_warning() -> AbstractContextManager[object]:
    """From Python 3.12 on a fork beside other threads warns. This one only looks, and is killed in time."""
    if sys.version_info < (3, 12):
        return nullcontext()
    return warnings.catch_warnings(action="ignore", category=DeprecationWarning)


def _say(look: Callable[[], Iterator[list[str]]], writes: int) -> None:
    _looking.append(True)
    engine = active_engine()
    if engine is not None and isinstance(engine.direction, Serving):
        engine.direction.before_failure.clear()  # it would tidy up what the replay still needs
    try:
        as_agent(lambda: _write_all(look, writes))
    finally:
        _exit(0)


def _write_all(look: Callable[[], Iterator[list[str]]], writes: int) -> None:
    for row in look():
        line = json.dumps(row).encode() + b"\n"
        while line:
            line = line[os.write(writes, line) :]


def _read_within(descriptor: int, seconds: float) -> bytes:
    until = monotonic() + seconds
    read = b""
    while select.select([descriptor], [], [], max(0.0, until - monotonic()))[0]:
        data = os.read(descriptor, 1 << 16)
        if not data:
            break
        read += data
    return read
