"""For those who set OpenTelemetry up themselves: Playhead as one processor among theirs."""

from __future__ import annotations

from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span
from opentelemetry.sdk.trace import SpanProcessor as OpenTelemetryProcessor

from playhead.recorder.recorder import current, flush, init


class SpanProcessor(OpenTelemetryProcessor):
    """Added to a TracerProvider of yours, in place of `playhead.init()`:

        provider.add_span_processor(playhead.SpanProcessor(service="support"))

    It takes what `init` takes, starts recording, and writes this provider's spans into the journal: those of a run,
    which begins with a step of Playhead's; with `everything=True` all of them, for agents that another instrumentation
    describes. Added where `init` was called already, it changes nothing but that.
    """

    def __init__(self, service: str | None = None, *, everything: bool = False, **options: Any) -> None:
        init(service, **options)
        recorder = current()
        if recorder is not None:
            recorder.everything = recorder.processor.everything = everything

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """OpenTelemetry calls it."""
        recorder = current()
        if recorder is not None:
            recorder.processor.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """OpenTelemetry calls it."""
        recorder = current()
        if recorder is not None:
            recorder.processor.on_end(span)

    def shutdown(self) -> None:
        """The recorder outlives its provider: `playhead.shutdown()`, or the process's end, ends it."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Waits until all that ended by now has been acknowledged by the collector."""
        return flush(timeout_millis / 1000)
