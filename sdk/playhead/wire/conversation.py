"""`receive` and `send` as the agent's code gets them of its server, in either direction.

What is received is a completion, unless it was there when the call began: then it came with that. What is sent is an
effect whose fingerprint is the message, so an answer that differs is a divergence at the message that differs. The
server's own machinery runs outside: what it does meanwhile is no step of the agent's.

A body is not written here: it is in the request's own record, with the run that it started, so that erasing the run
takes it along. A message says which part of it came.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from playhead.lanes.actor import current_actor, outside
from playhead.lanes.divergence import Divergence
from playhead.lanes.engine import Engine
from playhead.wire.inbound import Message, Receive, Send


class Conversation:
    """`live` is the server's own pair; None in a replay, where `body` gives what the request brought."""

    def __init__(self, engine: Engine, live: tuple[Receive, Send] | None, body: Callable[[], bytes | None]) -> None:
        self._engine = engine
        self._live = live
        self._body = body
        self._received = 0  # bytes of the body
        self._returned: deque[Message] = deque()  # taken from the server, and then nobody waited any more
        self._first: Message | None = None
        self._is_websocket = False

    # -- what comes

    def take_what_is_there(self) -> Any:
        """Before the call begins: its first message, if the server has it at hand; as JSON."""
        assert self._live is not None
        first = Started(self._live[0]())
        if not first.ended:
            first.leave()
            return None
        self._first = first.result
        return self._pack(first.result)

    def begin_with(self, packed: Any) -> None:
        """In a replay: what was at hand when the call began."""
        self._first = None if packed is None else self._unpack(packed, None)

    async def receive(self) -> Message:
        first, self._first = self._first, None
        if first is not None:
            return first
        came: list[Message] = []

        async def live() -> Message:
            assert self._live is not None
            came.append(self._returned.popleft() if self._returned else await self._live[0]())
            return came[0]

        try:
            return await self._engine.perform_async("receive", live, self._pack, self._unpack)
        except BaseException:
            self._returned.extend(came)
            raise

    def _pack(self, message: Message) -> Any:
        if message["type"] != "http.request":
            return [message["type"]]
        begin = self._received
        self._received += len(message.get("body", b""))
        return [message["type"], begin, self._received, message.get("more_body", False)]

    def _unpack(self, packed: Any, live: Message | None) -> Message:
        if live is not None:
            return live
        if packed[0] != "http.request":
            return {"type": packed[0]}
        _, begin, end, more = packed
        body = self._body() if end > begin else b""
        if body is None:
            self._engine.diverge(Divergence("the recording does not hold the body of this request", kind="receive"))
        # Secrets taken out may have changed its length: its last part is whatever is left.
        return {"type": packed[0], "body": body[begin : end if more else None], "more_body": more}

    # -- what goes

    async def send(self, message: Message) -> None:
        actor = current_actor()
        if actor is None:
            if self._live is not None:
                await self._live[1](message)
            return
        rest: list[Started] = []

        def live() -> bool:
            """Whether the server waits: for a client that reads slowly."""
            assert self._live is not None
            started = Started(self._live[1](message))
            rest.append(started)
            return not started.ended

        async def ends() -> None:
            await rest[0]

        if self._engine.value(actor, "send", fingerprint(message), live):
            await self._engine.perform_async("drain", ends, _nothing, _nothing_of)


class Started:
    """A call of the server's that has run to its first wait, or to its end: outside, and without a task of its own."""

    def __init__(self, call: Awaitable[Any]) -> None:
        self.ended = False
        self.result: Any = None
        self._steps = call.__await__()
        self._waits_for: Any = None
        try:
            self._waits_for = outside(lambda: next(self._steps))
        except StopIteration as stop:
            self.ended, self.result = True, stop.value

    def leave(self) -> None:
        """It is not to go on: nothing has come of it yet."""
        outside(self._steps.close)

    def __await__(self) -> Generator[Any, Any, Any]:
        return _rest(self._steps, self._waits_for)


def _rest(steps: Generator[Any, Any, Any], waits_for: Any) -> Generator[Any, Any, Any]:
    got: Any = None
    while True:
        thrown: BaseException | None = None
        try:
            got = yield waits_for
        except BaseException as error:  # noqa: BLE001 - a cancellation, most of all: it is the call's
            thrown = error
        try:
            waits_for = steps.send(got) if thrown is None else steps.throw(thrown)
        except StopIteration as stop:
            return stop.value


def fingerprint(message: Message) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for name in sorted(message):
        value = message[name]
        if not isinstance(value, (bytes, bytearray, memoryview)):
            value = repr([tuple(pair) for pair in value] if name == "headers" else value).encode()
        digest.update(b"%d:%d:" % (len(name), len(value)))
        digest.update(name.encode())
        digest.update(value)
    return digest.hexdigest()


def _nothing(_: None) -> None:
    return None


def _nothing_of(_: Any, __: None) -> None:
    return None
