"""A server's request as what starts a run: its method, path, headers and body, and the trace of whoever sent it.

A request in which no step is recorded is no run, so health checks are none; the recording has them all the same, since
a process is executed again with all that came to it. Where an agent is called, its run is the agent's, and says which
request started it; what is recorded outside of any agent (a model call in a plain handler) goes into a run whose first
step is the request itself.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, Status, StatusCode

from playhead.lanes.actor import outside
from playhead.lanes.engine import Engine
from playhead.recorder.inherited import remote_parent
from playhead.recorder.recorder import Recorder, current
from playhead.recorder.requests import REQUEST
from playhead.wire.inbound import LARGEST_BODY, App, Message, Receive, Scope, Send, told

log = logging.getLogger("playhead")

# A request is told with the run that it starts, so that erasing the run takes it along. One that has started none by
# then (a stream of events, a long poll) is told without: it may never end, and the process die.
_TOLD_AFTER_S = 1.0


class Listener:
    """What the server's application becomes, for one request."""

    def __init__(self, engine: Engine, app: App) -> None:
        self._engine = engine
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        recorder = current()
        if scope["type"] != "http" or recorder is None:
            await self._app(scope, receive, send)
            return
        request = InboundRequest(self._engine, recorder, scope)
        before = REQUEST.set(request)

        async def receiving() -> Message:
            message = await receive()
            request.received(message)
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
            await send(message)

        try:
            await self._app(scope, receiving, sending)
        except BaseException as error:
            request.end(error)
            raise
        else:
            request.end(None)
        finally:
            REQUEST.reset(before)


class InboundRequest:
    """One request while it is served."""

    def __init__(self, engine: Engine, recorder: Recorder, scope: Scope) -> None:
        self.status = 0
        self.run: str | None = None
        """The first run that it started."""
        self.span: Span | None = None
        """Its own step, where it has one."""
        self._engine = engine
        self._recorder = recorder
        self._scope = scope
        self._came_as = dict(scope)  # frameworks write into it while they route
        self._caller = _caller(scope)
        self._lane = engine.lane_here() or "0"
        self._body: list[bytes] = []
        self._size = 0
        self._whole = False
        self._told_in_part: list[str | None] = []
        self._told = False
        loop = asyncio.get_running_loop()
        self._timer = outside(lambda: loop.call_later(_TOLD_AFTER_S, self._tell, None))

    def received(self, message: Message) -> None:
        if message["type"] != "http.request":
            return
        body = message.get("body", b"")
        self._size += len(body)
        if self._size <= LARGEST_BODY:
            self._body.append(body)
        else:
            self._body.clear()
        if not self._whole and not message.get("more_body", False):
            self._whole = True
            self._complete()

    def attributes(self) -> dict[str, Any]:
        """For the step that begins a run."""
        scope = self._scope
        said = {
            "http.request.method": scope.get("method", ""),
            "url.path": scope.get("path", ""),
            "url.scheme": scope.get("scheme", "http"),
        }
        route = getattr(scope.get("route"), "path", None)
        if isinstance(route, str):
            said["http.route"] = route
        query = (scope.get("query_string") or b"").decode("latin-1")
        if query:
            said["url.query"] = query
        return said

    def above(self) -> Context:
        """Where a run begins that this request starts: beneath the step of its sender, or nowhere."""
        if self._caller is None:
            return Context()
        self._recorder.runs.begin(self._caller.get_span_context().trace_id)
        return trace.set_span_in_context(self._caller, Context())

    def starts(self, run: str) -> None:
        """A run begins because of this request."""
        if self.run is None:
            self.run = run
        self._tell(run)

    def context(self) -> Context:
        """Of what is recorded outside of any agent: beneath the request itself."""
        if self.span is None:
            from playhead.recorder.step import begin

            name = f"{self._scope.get('method', '')} {self._scope.get('path', '')}"
            self.span = begin("other", name, {}, alone=True).span
        return trace.set_span_in_context(self.span)

    def end(self, error: BaseException | None) -> None:
        """Never raises: the server is waiting."""
        try:
            self._complete()
            if not self._told:
                self._tell(None)
            if self.span is not None:
                if self.status:
                    self.span.set_attribute("http.response.status_code", self.status)
                if error is not None:
                    self.span.record_exception(error)
                if error is not None or self.status >= 500:
                    words = f"{type(error).__name__}: {error}" if error is not None else f"HTTP {self.status}"
                    self.span.set_status(Status(StatusCode.ERROR, words))
                self.span.end()
        except Exception:
            log.warning("playhead: the end of a request could not be recorded", exc_info=True)

    def _complete(self) -> None:
        """Tells the body to whom it was told without."""
        told, self._told_in_part = self._told_in_part, []
        for run in [run for run in told if run is not None] or told:
            self._tell(run)

    def _tell(self, run: str | None) -> None:
        self._timer.cancel()
        self._told = True
        if not self._whole:
            self._told_in_part.append(run)
        try:
            kept = self._size <= LARGEST_BODY
            body = self._engine.pieces.fold(b"".join(self._body)) if kept else None
            request = told(self._came_as, body, self._whole and kept, self._recorder.redaction.named)
            self._engine.direction.note("i", run, self._lane, request if kept else {**request, "cut": self._size})
        except Exception:
            log.warning("playhead: the request that started a run could not be recorded", exc_info=True)


def _caller(scope: Scope) -> Span | None:
    """The step of another process that sent the request."""
    for name, value in scope.get("headers", ()):
        if name.lower() == b"traceparent":
            return remote_parent(value.decode("latin-1"))
    return None
