"""The span of a step that nobody is given: of an exchange, where the journal alone is told of it.

A span of OpenTelemetry's SDK can be used by any thread, hands its attributes to whoever listens, and looks at each of
them; that was a sixth of what recording an exchange cost. This one is made and ended by one exchange, and says what
the processor reads. It must never be current, nor be used where another processor than the journal's listens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import time_ns
from typing import TYPE_CHECKING, Any, cast

from opentelemetry.sdk.trace import Event, ReadableSpan, Span
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode

from playhead import __version__
from playhead.recorder.ids import new_span_id

if TYPE_CHECKING:
    from playhead.recorder.processor import JournalProcessor

_SCOPE = InstrumentationScope("playhead", __version__, "")
_UNSET = Status(StatusCode.UNSET)


class ToldSpan(NonRecordingSpan):
    kind = SpanKind.INTERNAL
    instrumentation_scope = _SCOPE
    events: Sequence[Event] = ()
    links: Sequence[Link] = ()
    dropped_attributes = dropped_events = dropped_links = 0

    def __init__(self, processor: JournalProcessor, name: str, parent: SpanContext, attributes: dict[str, Any]) -> None:
        # A sampled parent's flags and state are its child's: nothing here samples.
        super().__init__(SpanContext(parent.trace_id, new_span_id(), False, parent.trace_flags, parent.trace_state))
        self.parent = parent
        self.name = name
        self.attributes = attributes
        self.status = _UNSET
        self.start_time = time_ns()
        self.end_time: int | None = None
        self._processor = processor
        processor.on_start(cast("Span", self))

    def is_recording(self) -> bool:
        return self.end_time is None

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        self.attributes.update(attributes)

    def set_attribute(self, key: str, value: Any) -> None:
        self.attributes[key] = value

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        self.status = status if isinstance(status, Status) else Status(status, description)

    def end(self, end_time: int | None = None) -> None:
        self.end_time = end_time if end_time is not None else time_ns()
        self._processor.on_end(cast("ReadableSpan", self))


def can_be_told(processor: JournalProcessor, parent: SpanContext) -> bool:
    """Whether a step beneath this one needs no span of OpenTelemetry's."""
    return processor.alone and parent.is_valid and not parent.is_remote and parent.trace_flags.sampled
