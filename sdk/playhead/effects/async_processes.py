"""asyncio's subprocesses (and anyio's, and MCP over stdio): what their protocol is told are completions.

The real transport talks to a relay, outside; each thing it tells (data, an end of a pipe, the exit) is delivered to the
agent's protocol in the recorded order. In a replay there is no process, and the protocol is told the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
from asyncio import base_events
from collections.abc import Callable
from functools import partial
from typing import Any

from playhead.lanes.actor import Actor, current_actor, outside
from playhead.lanes.engine import Engine
from playhead.lanes.lane import LANE_OF_CHILD
from playhead.lanes.pending import Pending
from playhead.wire.trace_context import without_trace_context

ENDS = ("stdin", "stdout", "stderr")


def install(engine: Engine) -> None:
    Loop = base_events.BaseEventLoop

    def hooked(real: Callable[..., Any]) -> Callable[..., Any]:
        async def started(loop: Any, protocol_factory: Callable[[], Any], *words: Any, **how: Any) -> Any:
            actor = current_actor()
            if actor is None:
                return await real(loop, protocol_factory, *words, **how)
            protocol = protocol_factory()
            lane = engine.lane(actor)
            occurrence = lane.occurrence("process")
            key = f"{lane.id}!{occurrence}"
            process = Process(engine, actor, key, protocol)
            asked = {"args": [_text(word) for word in words], "cwd": _text(how.get("cwd"))}

            async def live() -> int:
                process.live, _ = await real(loop, partial(Relay, process), *words, **how)
                return int(process.live.get_pid())

            token = LANE_OF_CHILD.set(key)
            try:
                process.pid = await engine.perform_async(
                    "process",
                    live,
                    _same,
                    lambda packed, _: packed,
                    lane=lane.id,
                    occurrence=occurrence,
                    fingerprint=hashlib.blake2b(repr(asked).encode("utf-8", "replace"), digest_size=12).hexdigest(),
                    detail=asked,
                )
            finally:
                LANE_OF_CHILD.reset(token)
            for number, end in enumerate(ENDS):
                if how.get(end, subprocess.PIPE) == subprocess.PIPE:
                    process.pipes[number] = PipeTransport(process, number)
            protocol.connection_made(process)
            process.open()
            return process, protocol

        return started

    for name in ("subprocess_exec", "subprocess_shell"):
        engine.patches.set(Loop, name, hooked(getattr(Loop, name)))


class Process(asyncio.SubprocessTransport):
    """The transport that the agent's protocol has, in either direction."""

    def __init__(self, engine: Engine, actor: Actor, key: str, protocol: Any) -> None:
        super().__init__()
        self.engine = engine
        self.live: Any = None  # and stays so where a recording answers
        self.pid = 0
        self.pipes: dict[int, PipeTransport] = {}
        self._actor = actor
        self._key = key
        self._protocol = protocol
        self._events = 0
        self._early: list[tuple[list[Any], bytes | None]] | None = []  # told before the agent knows of the process
        self._returncode: int | None = None
        self._waiters: list[asyncio.Future[int]] = []
        self._closed = False

    # -- what is told

    def open(self) -> None:
        early, self._early = self._early, None
        if self.live is None:
            self._expect()
        for event, data in early or ():
            self.tell(event, data)

    def tell(self, event: list[Any], data: bytes | None = None) -> None:
        """From the real transport: arrives as a completion, or, where nothing is ordered, at once."""
        if self._early is not None:
            self._early.append((event, data))
            return
        pending = self._next()
        pending.value = data
        pending.outcome = ["=", event]
        if self.engine.exact:
            self.engine.discipline.arrive(pending)
        else:
            self.engine.direction.completed(pending)  # type: ignore[union-attr]
            self._apply(event, data)

    def _expect(self) -> None:
        self.engine.discipline.expect(self._next())

    def _next(self) -> Pending:
        pending = Pending(self._actor, self._key, "event", self._events)
        self._events += 1

        def deliver() -> None:
            if self.live is None:
                self._expect()
            self._apply(pending.outcome[1] if pending.outcome else [], pending.value)

        pending.deliver = deliver
        return pending

    def _apply(self, event: list[Any], live: bytes | None) -> None:
        match event:
            case ["data", end, data]:
                whole = self.engine.pieces.whole(data) if live is None else live
                self._protocol.pipe_data_received(end, whole)
            case ["lost", end, error]:
                self._protocol.pipe_connection_lost(end, None if error is None else BrokenPipeError(error))
            case ["exited", code]:
                self._returncode = code
                self._protocol.process_exited()
                for waiter in self._waiters:
                    if not waiter.done():
                        waiter.set_result(code)
                self._waiters.clear()
            case ["writing", word]:
                getattr(self._protocol, word)()
            case ["closed"]:
                self._protocol.connection_lost(None)

    # -- what the agent asks

    def get_pid(self) -> int:
        return self.pid

    def get_returncode(self) -> int | None:
        return self._returncode

    def get_pipe_transport(self, fd: int) -> Any:
        return self.pipes.get(fd)

    def get_protocol(self) -> Any:
        return self._protocol

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def is_closing(self) -> bool:
        return self._closed

    def send_signal(self, signal: int) -> None:
        if self._returncode is not None:
            raise ProcessLookupError
        self.do("signal", str(int(signal)), partial(self._signal, signal))

    def terminate(self) -> None:
        self.send_signal(15)

    def kill(self) -> None:
        self.send_signal(9)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self.do("close", "", self._close)

    def _signal(self, signal: int) -> None:
        self.live.send_signal(signal)

    def _close(self) -> None:
        self.live.close()

    async def _wait(self) -> int:
        if self._returncode is not None:
            return self._returncode
        waiter: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        return await waiter

    def do(self, what: str, asked: str, live: Callable[[], Any]) -> None:
        """Something done to the process: done outside while recording, and not at all in a replay."""
        actor = current_actor()
        if actor is None:
            if self.live is not None:
                live()
            return

        def call() -> None:
            outside(live)

        self.engine.value(actor, f"process {what}", f"{self._key} {asked}", call)


class PipeTransport(asyncio.Transport):
    """One end of the process, for the agent's streams."""

    def __init__(self, process: Process, number: int) -> None:
        super().__init__()
        self._process = process
        self._number = number
        self._closing = False

    @property
    def _live(self) -> Any:
        return self._process.live.get_pipe_transport(self._number)

    def write(self, data: Any) -> None:
        digest = hashlib.blake2b(without_trace_context(bytes(data)), digest_size=12).hexdigest()
        self._process.do("write", digest, lambda: self._live.write(data))

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._process.do(f"{ENDS[self._number]} close", "", self._close)

    def _close(self) -> None:
        self._live.close()

    def abort(self) -> None:
        self.close()

    def write_eof(self) -> None:
        self.close()

    def can_write_eof(self) -> bool:
        return True

    def is_closing(self) -> bool:
        return self._closing

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def is_reading(self) -> bool:
        return not self._closing

    def pause_reading(self) -> None:
        if self._process.live is not None:
            outside(self._live.pause_reading)

    def resume_reading(self) -> None:
        if self._process.live is not None:
            outside(self._live.resume_reading)


class Relay(asyncio.SubprocessProtocol):
    """The protocol that the real transport talks to."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._process.tell(["data", fd, self._process.engine.pieces.fold(bytes(data))], bytes(data))

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._process.tell(["lost", fd, None if exc is None else str(exc)])

    def process_exited(self) -> None:
        self._process.tell(["exited", self._transport.get_returncode()])

    def connection_lost(self, exc: Exception | None) -> None:
        self._process.tell(["closed"])

    def pause_writing(self) -> None:
        self._process.tell(["writing", "pause_writing"])

    def resume_writing(self) -> None:
        self._process.tell(["writing", "resume_writing"])


def _text(word: Any) -> Any:
    return word.decode("utf-8", "replace") if isinstance(word, bytes) else word if word is None else str(word)


def _same(value: Any) -> Any:
    return value
