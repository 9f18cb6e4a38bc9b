"""A server's application as the server sees it: each call of it is a completion, and runs in a lane of its own.

A server and all that it does (accepting, parsing, its timers) run outside. When it calls its application (lifespan, a
request, a websocket) that call waits until the discipline delivers it, exactly as an answer that the agent waits for
would; only then does the agent's code run, in a task of its own. So the order in which a process met its requests is
in its recording, and a replay meets them in the same order without any server (`expect`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any

from playhead.lanes.actor import OUTSIDE, Actor, thread_actor
from playhead.lanes.divergence import Divergence
from playhead.lanes.engine import Engine
from playhead.lanes.lane import Lane
from playhead.lanes.pending import Pending
from playhead.lanes.serving import Serving
from playhead.lanes.tasks import task_in_lane
from playhead.wire.conversation import Conversation
from playhead.wire.inbound import App, Receive, Scope, Send, scope_of

KINDS = {"lifespan": "lifespan", "http": "request", "websocket": "websocket"}


class Application:
    def __init__(self, engine: Engine, app: App, lane: Lane) -> None:
        self.app = app
        self._engine = engine
        self._lane = lane
        self._state: dict[str, Any] = {}  # that of lifespan, which a server shares with its requests
        self._under_way: set[asyncio.Task[None]] = set()

    # -- recording: the server calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        actor = thread_actor()
        if actor is None:
            await self.app(scope, receive, send)
            return
        token = OUTSIDE.set(True)  # a server can be told to give its tasks empty contexts
        try:
            await self._call(actor, scope, receive, send)
        finally:
            OUTSIDE.reset(token)

    async def _call(self, actor: Actor, scope: Scope, receive: Receive, send: Send) -> None:
        engine, kind = self._engine, KINDS.get(scope["type"], "request")
        lane = engine.new_lane(self._lane, kind, f"{scope.get('method', '')} {scope.get('path', '')}".strip())
        conversation = Conversation(engine, (receive, send), lambda: None)
        visit = Visit(engine, actor, kind, lane)
        # Asked for its body, a server would tell a client that waits for it to go on; that is the application's to do.
        if kind == "request" and not any(name == b"expect" for name, _ in scope["headers"]):
            visit.pending.outcome = ["=", conversation.take_what_is_there()]
        context = copy_context()
        context.run(OUTSIDE.set, False)
        await visit.served(lambda: self._task(lane, context, scope, conversation))

    def _task(self, lane: Lane, context: Context, scope: Scope, conversation: Conversation) -> asyncio.Task[None]:
        app = self.app
        if scope["type"] != "lifespan":
            for listener in self._engine.listeners:
                app = listener(app)

        async def run() -> None:
            await app(scope, conversation.receive, conversation.send)

        task = task_in_lane(self._engine, asyncio.get_running_loop(), run(), lane, context=context)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard, context=_outside())
        return task

    # -- serving: nobody calls, it is known what comes

    def expect(self, actor: Actor) -> None:
        """Everything that the recording holds of this server comes where it came then."""
        direction = self._engine.direction
        assert isinstance(direction, Serving)
        for kind, lane in direction.arrivals:
            if lane.rpartition("/")[0] == self._lane.id:
                visit = Visit(self._engine, actor, kind, Lane(lane))
                visit.expect(lambda visit=visit: self._serve(visit))  # type: ignore[misc]

    def _serve(self, visit: Visit) -> asyncio.Task[None]:
        engine, direction, lane = self._engine, self._engine.direction, visit.lane
        assert isinstance(direction, Serving)
        request = direction.requests.get(lane.id)
        scope: Scope
        if visit.kind == "lifespan":
            scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        elif visit.kind == "request" and request is not None:
            scope = scope_of(request, self._state)
        else:
            what = "the recording does not hold" if visit.kind == "request" else "a replay cannot serve"
            engine.diverge(Divergence(f"{what} the {visit.kind} of lane {lane.id}", lane=lane.id, kind=visit.kind))

        def body() -> bytes | None:
            folded = None if request is None else request["body"]
            return None if folded is None else engine.pieces.whole(folded)

        conversation = Conversation(engine, None, body)
        if visit.pending.outcome is not None:
            conversation.begin_with(visit.pending.outcome[1])
        context = copy_context()
        context.run(OUTSIDE.set, False)
        return self._task(lane, context, scope, conversation)


class Visit:
    """One call of the application, from its arrival to its end."""

    def __init__(self, engine: Engine, actor: Actor, kind: str, lane: Lane) -> None:
        self.kind = kind
        self.lane = lane
        self.pending = Pending(actor, lane.id, kind, 0)
        self.pending.loop = asyncio.get_running_loop()
        self._engine = engine
        self._actor = actor
        self._task: asyncio.Task[None] | None = None

    async def served(self, start: Callable[[], asyncio.Task[None]]) -> None:
        """Called outside: comes back as the agent's task ends, and with what it raises."""
        begun: asyncio.Future[asyncio.Task[None]] = asyncio.get_running_loop().create_future()

        def deliver() -> None:
            self._task = start()
            if not begun.done():
                begun.set_result(self._task)

        self.pending.deliver = deliver
        self._engine.arrives(self.pending)
        try:
            task = await begun
        except asyncio.CancelledError:
            self.pending.withdrawn = True
            raise
        while not task.done():
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                if not task.done():
                    self._engine.arrives(self._cancellation(task))
            except BaseException:  # noqa: BLE001 - raised below
                break
        task.result()

    def expect(self, start: Callable[[], asyncio.Task[None]]) -> None:
        """In a replay."""

        def deliver() -> None:
            task = start()
            # What it raises was the server's to say, and is said by the recording.
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception(), context=_outside())
            self._engine.arrives(self._cancellation(task))

        self.pending.deliver = deliver
        self._engine.arrives(self.pending)

    def _cancellation(self, task: asyncio.Task[None]) -> Pending:
        """The server has lost patience with it."""
        pending = Pending(self._actor, self.lane.id, "cancelled", self.lane.occurrence("cancelled"))
        pending.loop = self.pending.loop

        def deliver() -> None:
            task.cancel()

        pending.deliver = deliver
        return pending


def _outside() -> Context:
    context = copy_context()
    context.run(OUTSIDE.set, True)
    return context
