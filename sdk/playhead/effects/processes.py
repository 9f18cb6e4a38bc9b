"""Subprocesses of the agent: run while recording, answered from the recording in a replay.

Starting one, what comes through its pipes, and its end are effects. So `subprocess.run`, a conversation over pipes (MCP
over stdio) and a timeout replay. What a process does to the world besides is its own, and is not done again. asyncio's
subprocesses are not reached; the audit hook names them.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from typing import Any

from playhead.effects.pipes import Pipe
from playhead.lanes.actor import current_actor
from playhead.lanes.engine import Engine
from playhead.lanes.lane import LANE_OF_CHILD
from playhead.lanes.who import called_by_agent

# `functools`, because `platform.processor()` is a cached property that runs `uname`: openai asks it for a header.
THROUGH = frozenset({"subprocess", "contextlib", "ctypes.util", "functools", "shutil", "platform", "webbrowser"})
ENDS = ("stdin", "stdout", "stderr")


def install(engine: Engine) -> None:  # noqa: PLR0915 - the patches of one class, side by side
    Popen = subprocess.Popen
    real_init, real_communicate, real_wait, real_poll = Popen.__init__, Popen.communicate, Popen.wait, Popen.poll
    real_signal = Popen.send_signal

    def init(self: Any, args: Any, *more: Any, **how: Any) -> None:
        actor = current_actor()
        if actor is None or not called_by_agent(2, THROUGH):
            real_init(self, args, *more, **how)
            return
        lane = engine.lane(actor)
        occurrence = lane.occurrence("process")
        asked = {"args": _words(args), "cwd": _words(how.get("cwd"))}
        _prepare(self, args, how)
        key = f"{lane.id}!{occurrence}"
        token = LANE_OF_CHILD.set(key)
        try:
            pid = engine.perform(
                "process",
                lambda: real_init(self, args, *more, **how) or self.pid,
                _same,
                _packed,
                lane=lane.id,
                occurrence=occurrence,
                fingerprint=_fingerprint(asked),
                detail=asked,
            )
        finally:
            LANE_OF_CHILD.reset(token)
        served = Served(engine, key)
        answered = not hasattr(self, "pid")  # by a recording: there is no process
        if answered:
            self.pid = pid
        for end in ENDS:
            live = getattr(self, end)
            if live is not None or (answered and how.get(end) == subprocess.PIPE):
                setattr(self, end, Pipe(served.do, end, live))
        self._playhead = served

    def communicate(self: Any, input: Any = None, timeout: float | None = None) -> Any:
        served: Served | None = getattr(self, "_playhead", None)
        if served is None or current_actor() is None:
            return real_communicate(self, input, timeout)

        def live() -> Any:
            ends = {end: getattr(self, end) for end in ENDS}
            for end, pipe in ends.items():
                setattr(self, end, pipe.live if isinstance(pipe, Pipe) else pipe)
            try:
                out, err = real_communicate(self, input, timeout)
            finally:
                for end, pipe in ends.items():
                    setattr(self, end, pipe)
            return [out, err, self.returncode]

        out, err, self.returncode = served.do("communicate", input, live)
        return (out, err)

    def wait(self: Any, timeout: float | None = None) -> Any:
        served: Served | None = getattr(self, "_playhead", None)
        if served is None or current_actor() is None:
            return real_wait(self, timeout)
        if self.returncode is None:
            self.returncode = served.do("wait", None, lambda: real_wait(self, timeout))
        return self.returncode

    def poll(self: Any) -> Any:
        served: Served | None = getattr(self, "_playhead", None)
        if served is None or current_actor() is None:
            return real_poll(self)
        if self.returncode is None:
            self.returncode = served.do("poll", None, lambda: real_poll(self))
        return self.returncode

    def send_signal(self: Any, sig: int) -> None:
        served: Served | None = getattr(self, "_playhead", None)
        if served is None or current_actor() is None:
            real_signal(self, sig)
            return
        served.do("signal", int(sig), lambda: real_signal(self, sig))

    patches = engine.patches
    for name, ours in (
        ("__init__", init),
        ("communicate", communicate),
        ("wait", wait),
        ("poll", poll),
        ("send_signal", send_signal),
        ("terminate", lambda self: self.send_signal(15)),
        ("kill", lambda self: self.send_signal(9)),
    ):
        patches.set(Popen, name, ours)


class Served:
    """The effects of one process, keyed by it and not by a lane: threads share its pipes."""

    def __init__(self, engine: Engine, key: str) -> None:
        self._engine = engine
        self._key = key
        self._counts: dict[str, int] = {}

    def do(self, kind: str, asked: Any, live: Callable[[], Any]) -> Any:
        count = self._counts.get(kind, 0)
        self._counts[kind] = count + 1
        return self._engine.perform(
            kind,
            live,
            self._pack,
            lambda packed, given: given if given is not None else self._unpack(packed),
            lane=self._key,
            occurrence=count,
            fingerprint=_fingerprint(asked),
            detail=_words(asked),
        )

    def _pack(self, value: Any) -> Any:
        if isinstance(value, str):
            return {"text": self._engine.pieces.fold(value.encode("utf-8", "surrogatepass"))}
        if isinstance(value, bytes):
            return {"bytes": self._engine.pieces.fold(value)}
        return [self._pack(item) for item in value] if isinstance(value, list) else value

    def _unpack(self, packed: Any) -> Any:
        if isinstance(packed, dict) and "text" in packed:
            return self._engine.pieces.whole(packed["text"]).decode("utf-8", "surrogatepass")
        if isinstance(packed, dict) and "bytes" in packed:
            return self._engine.pieces.whole(packed["bytes"])
        return [self._unpack(item) for item in packed] if isinstance(packed, list) else packed


def _prepare(process: Any, args: Any, how: dict[str, Any]) -> None:
    """What `Popen` sets before it starts anything."""
    process.args = args
    process.stdin = process.stdout = process.stderr = None
    process.returncode = None
    process.encoding, process.errors = how.get("encoding"), how.get("errors")
    process.text_mode = process.universal_newlines = how.get("text") or how.get("universal_newlines")
    process._child_created = False


def _words(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_words(item) for item in value]
    if isinstance(value, os.PathLike):
        return _words(os.fspath(value))
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "surrogateescape")
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _fingerprint(asked: Any) -> str:
    words = repr(asked if isinstance(asked, dict) else _words(asked))
    return hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _same(value: Any) -> Any:
    return value


def _packed(packed: Any, _: Any) -> Any:
    return packed
