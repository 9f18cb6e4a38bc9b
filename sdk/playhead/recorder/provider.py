"""The provider of a process whose program sets none: it keeps every span whole, and notices who else listens to it."""

from __future__ import annotations

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from playhead.recorder.ids import OwnIds
from playhead.recorder.processor import JournalProcessor

# All that an emitter says is kept: no count and no length is cut.
_NO_LIMITS = SpanLimits(
    max_span_attributes=SpanLimits.UNSET,
    max_events=SpanLimits.UNSET,
    max_links=SpanLimits.UNSET,
    max_event_attributes=SpanLimits.UNSET,
    max_link_attributes=SpanLimits.UNSET,
    max_span_attribute_length=SpanLimits.UNSET,
    max_attribute_length=SpanLimits.UNSET,
)


class OwnProvider(TracerProvider):
    def __init__(self, journal: JournalProcessor, resource: Resource) -> None:
        super().__init__(
            sampler=ALWAYS_ON, resource=resource, span_limits=_NO_LIMITS, shutdown_on_exit=False, id_generator=OwnIds()
        )
        self._journal = journal
        super().add_span_processor(journal)

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        """The program's: it asked OpenTelemetry for the provider and was given this one."""
        self._journal.alone = False
        super().add_span_processor(span_processor)
