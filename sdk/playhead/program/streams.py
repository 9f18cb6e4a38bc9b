"""The program's own streams: what it reads from its input is an effect, and what it prints is told at its end.

Only of a program that `playhead record` began, before its first line: nothing has been read ahead or printed by then.
What somebody types is recorded and typed again; a digest of what was printed is compared, so a replay that calls itself
identical has printed the same, wherever it had it from. Both are Python's own objects, over a file of ours.
"""

from __future__ import annotations

import builtins
import hashlib
import io
import os
import sys
from collections.abc import Callable
from typing import Any

from playhead.lanes.actor import current_actor, outside
from playhead.lanes.engine import Engine
from playhead.lanes.who import called_by_agent


class Streams:
    def __init__(self, engine: Engine) -> None:
        self._out: _Out | None = None
        if _is_plain(sys.stdout):
            self._out = _Out(sys.stdout.fileno(), engine)
            # Unbuffered (`python -u`), the file itself takes the place of its buffer.
            buffered = type(sys.stdout.buffer) is io.BufferedWriter
            out: Any = io.BufferedWriter(self._out) if buffered else self._out
            sys.stdout = sys.__stdout__ = _text(sys.stdout, out, "w", "\n")  # type: ignore[misc]
        if _is_plain(sys.stdin):
            read = io.BufferedReader(_In(sys.stdin.fileno(), engine))
            sys.stdin = sys.__stdin__ = _text(sys.stdin, read, "r", None)  # type: ignore[misc]
        engine.patches.set(builtins, "input", _asking(engine, builtins.input))
        engine.patches.function(os, "read", _reading(engine, os.read))

    def told(self) -> dict[str, Any]:
        """Of what was printed by now; empty where that cannot be known."""
        if self._out is None or sys.stdout is None or sys.stdout.closed:
            return {}
        outside(sys.stdout.flush)
        return {"playhead.stdout.bytes": self._out.count, "playhead.stdout.hash": self._out.digest.hexdigest()}


class _Out(io.FileIO):
    def __init__(self, descriptor: int, engine: Engine) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.name = "<stdout>"
        self._engine = engine
        self.count = 0
        self.digest = hashlib.blake2b(digest_size=12)

    def write(self, data: Any) -> int:
        written = super().write(data)
        if written:
            self.count += written
            self.digest.update(memoryview(data)[:written])
        return written

    def isatty(self) -> bool:
        return _terminal(self._engine, "stdout", super().isatty)


class _In(io.FileIO):
    def __init__(self, descriptor: int, engine: Engine) -> None:
        super().__init__(descriptor, "r", closefd=False)
        self.name = "<stdin>"
        self._engine = engine

    def readinto(self, buffer: Any) -> int:
        room = memoryview(buffer).cast("B")
        data = self.read(len(room))
        room[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self.read(io.DEFAULT_BUFFER_SIZE), b""))

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            return self.readall()
        live = super().read
        return _input(self._engine, lambda: live(size) or b"")

    def isatty(self) -> bool:
        return _terminal(self._engine, "stdin", super().isatty)


def _terminal(engine: Engine, name: str, real: Callable[[], bool]) -> bool:
    """Whether it is a terminal decides on colours and progress bars."""
    actor = current_actor()
    if actor is None or not called_by_agent(3):
        return real()
    return bool(engine.value(actor, f"{name}.isatty", "", real))


def _asking(engine: Engine, real: Callable[[Any], str]) -> Callable[..., str]:
    """At a terminal, Python asks the terminal itself; else it reads a line of the standard input, as this does."""

    def input(prompt: Any = "", /) -> str:
        actor = current_actor()
        if actor is None or sys.stdin is None or sys.stdout is None:
            return real(prompt)
        at_terminal = engine.value(actor, "input.at_terminal", "", lambda: os.isatty(0) and os.isatty(1))
        if at_terminal and not engine.serving:
            return engine.perform("input", lambda: real(prompt), str, _given, fingerprint=str(prompt))
        sys.stdout.write(str(prompt))
        sys.stdout.flush()
        if at_terminal:
            return engine.perform("input", str, str, _given, fingerprint=str(prompt))
        line = sys.stdin.readline()
        if not line:
            raise EOFError("EOF when reading a line")
        return line.removesuffix("\n")

    return input


def _given(packed: Any, _: str | None) -> str:
    return str(packed)


def _reading(engine: Engine, real: Callable[[int, int], bytes]) -> Callable[[int, int], bytes]:
    def read(descriptor: int, size: int, /) -> bytes:
        if descriptor != 0 or current_actor() is None or not called_by_agent():
            return real(descriptor, size)
        return _input(engine, lambda: real(descriptor, size))

    return read


def _input(engine: Engine, live: Callable[[], bytes]) -> bytes:
    return engine.perform("stdin", live, _as_text, _as_bytes, fingerprint="", detail="reading the standard input")


def _as_text(data: bytes) -> str:
    return data.decode("latin-1")


def _as_bytes(packed: Any, _: bytes | None) -> bytes:
    return str(packed).encode("latin-1")


def _is_plain(stream: Any) -> bool:
    """As the interpreter has made it; not closed, nor somebody's own."""
    if type(stream) is not io.TextIOWrapper:
        return False
    return type(getattr(stream.buffer, "raw", stream.buffer)) is io.FileIO


def _text(before: Any, buffer: Any, mode: str, newline: str | None) -> io.TextIOWrapper:
    made = io.TextIOWrapper(
        buffer, before.encoding, before.errors, newline,
        line_buffering=before.line_buffering, write_through=before.write_through,
    )  # fmt: skip
    made.mode = mode  # type: ignore[misc]
    return made
