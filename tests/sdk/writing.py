"""What was sent of what a user writes."""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.sdk.collector import FakeCollector

import playhead
from playhead.recorder.recorder import Recorder


def sent(recorder: Recorder, collector: FakeCollector) -> list[Span]:
    assert recorder.worker.flush(120.0)
    return list(collector.ended.values())


def only(spans: list[Span], name: str) -> Span:
    found = [span for span in spans if span.name == name]
    assert len(found) == 1, [span.name for span in spans]
    return found[0]


@playhead.tool
def refund(order_id: str, cents: int) -> dict[str, Any]:
    """Gives money back."""
    if cents < 0:
        raise ValueError("cents must not be negative")
    return {"order": order_id, "cents": cents}
