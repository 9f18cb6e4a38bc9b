"""One step beneath which all that this process does stands, in whichever thread it begins.

A new thread starts without a context, so what begins there would be a run of its own. OpenTelemetry's context gets
another default instead: whoever asks for the current span without having one is told this one.
"""

from __future__ import annotations

from contextvars import ContextVar

from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.context.context import Context
from opentelemetry.context.contextvars_context import ContextVarsRuntimeContext
from opentelemetry.trace import Span


class _Beneath(ContextVarsRuntimeContext):
    def __init__(self, default: Context) -> None:
        self._current_context = ContextVar(self._CONTEXT_KEY, default=default)


def everything_beneath(span: Span) -> None:
    """For the rest of this process. Called before any other context was attached: those would be forgotten."""
    context_api._RUNTIME_CONTEXT = _Beneath(trace.set_span_in_context(span, Context()))
