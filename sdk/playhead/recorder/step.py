"""One step under way: begun, current while its code runs, and ended with a result or an error.

Everything that records a step comes through `begin`. Where nothing records, it hands out a step that does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Token
from types import TracebackType
from typing import Any

from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, INVALID_SPAN_CONTEXT, Link, Span, Status, StatusCode

from playhead.recorder.limits import LimitExceeded, check_limits
from playhead.recorder.payload import payload
from playhead.recorder.recorder import Recorder, current
from playhead.recorder.requests import REQUEST, Request
from playhead.recorder.run import KIND, LANE, about
from playhead.recorder.told import ToldSpan, can_be_told

# By name, since importing asyncio or anyio for two classes would be felt at every start.
_CANCELLED = frozenset({"CancelledError", "Cancelled"})


class Step:
    """A step. `set` and `event` may be called while it is open; after that they do nothing."""

    __slots__ = ("_ended", "_stays", "_token", "span")

    def __init__(self, span: Span) -> None:
        self.span = span
        self._token: Token[Context] | None = None
        self._ended = False
        self._stays = False

    @property
    def run_id(self) -> str:
        """The run that it belongs to; empty where nothing is recorded."""
        trace_id = self.span.get_span_context().trace_id
        return f"{trace_id:032x}" if trace_id else ""

    @property
    def id(self) -> str:
        """Its own id; empty where nothing is recorded."""
        span_id = self.span.get_span_context().span_id
        return f"{span_id:016x}" if span_id else ""

    def __repr__(self) -> str:
        return f"<step {self.id} of run {self.run_id}>" if self.id else "<step of nothing recorded>"

    def set(self, key: str, value: Any) -> None:
        """An attribute: plain values as they are, anything else as JSON."""
        if self._ended:
            return
        self.span.set_attribute(
            str(key), value if isinstance(value, (str, bool, int, float, bytes)) else payload(value)
        )

    def event(self, name: str, /, **details: Any) -> None:
        """Something that happened at a moment within it."""
        if not self._ended:
            self.span.add_event(str(name), {key: _plain(value) for key, value in details.items()})

    def enter(self) -> None:
        """Makes it the current step of this context."""
        self._token = context_api.attach(trace.set_span_in_context(self.span))

    def leave(self) -> None:
        """The step before it is current again."""
        token, self._token = self._token, None
        if token is not None:
            context_api.detach(token)

    def end(self, error: BaseException | None = None) -> None:
        """It is over, well or with this error. A second time changes nothing."""
        if self._ended:
            return
        self._ended = True
        if error is not None:
            _mark(self.span, error)
        self.span.end()

    def _stay_open(self) -> None:
        """Leaving its block does not end it: somebody else will."""
        self._stays = True

    def __enter__(self) -> Step:
        self.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.leave()
        if self._stays and error is None:
            self._stays = False
        else:
            self.end(error)


def begin(
    kind: str,
    name: str,
    attributes: Mapping[str, Any],
    *,
    alone: bool = False,
    like: str = "",
    is_entered: bool = True,
) -> Step:
    """A new step beneath the current one; with `alone` the first of a run of its own.

    `like` tells repetitions: steps of one kind and name that are alike in it are the same call again. One that is never
    entered is nobody's current step, and nobody but the caller is given it.
    """
    recorder = current()
    if recorder is None:
        return Step(INVALID_SPAN)
    check_limits(kind, name, like)
    request = REQUEST.get()
    context = None if not alone else Context() if request is None else request.above()
    if request is not None and (request.span is not None if alone else not in_run(recorder)):
        # Within a server's request, and outside of any agent.
        alone, context = False, request.context()
    around = trace.get_current_span().get_span_context() if alone else INVALID_SPAN_CONTEXT
    # A run is a trace of its own; a server's request that it is part of stays in reach.
    links = [Link(around)] if around.is_valid else None
    given = {KIND: kind, **attributes, **about.get()}
    if recorder.engine is not None and (lane := recorder.engine.lane_here()) is not None:
        given[LANE] = lane
    starts = request is not None and _starts(request, recorder, alone, context)
    if request is not None and starts:
        given.update(request.attributes())
    if not is_entered and not starts and links is None:
        parent = trace.get_current_span(context).get_span_context()
        if can_be_told(recorder.processor, parent):
            return Step(ToldSpan(recorder.processor, name, parent, given))
    span = recorder.tracer.start_span(name, context, attributes=given, links=links)
    if not span.is_recording():
        span = recorder.fallback_tracer().start_span(name, context, attributes=given, links=links)
    if request is not None and starts:
        request.starts(f"{span.get_span_context().trace_id:032x}")
    return Step(span)


def _starts(request: Request, recorder: Recorder, alone: bool, context: Context | None) -> bool:
    """Whether this is the first step of a run that the server's request starts."""
    above = trace.get_current_span(context).get_span_context()
    return alone or request.run is None or recorder.runs.get(above.trace_id) is None


def in_run(recorder: Recorder) -> bool:
    """Whether the current context is inside of a run that this process records."""
    here = trace.get_current_span().get_span_context()
    return here.is_valid and recorder.runs.get(here.trace_id) is not None and not recorder.processor.has_left_out(here)


def _mark(span: Span, error: BaseException) -> None:
    if isinstance(error, Exception):
        span.record_exception(error)
        span.set_attribute("error.type", type(error).__qualname__)
        if isinstance(error, LimitExceeded):
            span.set_attribute("playhead.limit", error.limit)
        span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
    elif isinstance(error, GeneratorExit) or type(error).__name__ in _CANCELLED:
        # Somebody lost interest; nothing went wrong in here.
        span.set_attribute("playhead.cancelled", type(error).__name__)
    else:
        span.set_attribute("error.type", type(error).__qualname__)
        span.set_status(Status(StatusCode.ERROR, f"the process is ending: {type(error).__name__}"))


def _plain(value: Any) -> str | bool | int | float:
    return value if isinstance(value, (str, bool, int, float)) else payload(value)
