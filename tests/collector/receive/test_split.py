from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from tests.collector.receive import messages
from tests.collector.receive.messages import logs, span, traces
from tests.collector.receive.receiver import RememberingSpool

from playhead_collector.receive import export as exports
from playhead_collector.receive.export import Exporter
from playhead_collector.receive.signal import Signal
from playhead_collector.receive.split import split


def items(body: bytes) -> Counter[Any]:
    """Each span with all that is above it."""
    request = Signal.TRACES.request.FromString(body)
    return Counter(
        (
            resource.HasField("resource") and resource.resource.SerializeToString(deterministic=True),
            resource.schema_url,
            scope.HasField("scope") and scope.scope.SerializeToString(deterministic=True),
            scope.schema_url,
            one.SerializeToString(deterministic=True),
        )
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for one in scope.spans
    )


@given(request=messages.trace_requests, largest=st.integers(1, 400))
def test_the_parts_say_what_the_whole_said(request: Any, largest: int) -> None:
    body = request.SerializeToString()
    parts = split(Signal.TRACES, body, largest)
    assert sum(map(items, parts), Counter()) == items(body)


def test_what_is_small_is_left_as_it_is() -> None:
    body = traces(span()).SerializeToString()
    assert split(Signal.TRACES, body) == [body]


def test_parts_are_as_large_as_they_may_be_and_an_item_is_never_cut() -> None:
    body = traces(*(span("x" * 100) for _ in range(10)), span("y" * 1000)).SerializeToString()
    parts = split(Signal.TRACES, body, 500)
    assert [sum(items(part).values()) for part in parts] == [3, 3, 3, 1, 1]
    records = logs(*(LogRecord(event_name="x" * 100) for _ in range(4))).SerializeToString()
    assert len(split(Signal.LOGS, records, 250)) == 2


def test_a_large_request_is_kept_in_parts_before_it_is_acknowledged(monkeypatch: Any) -> None:
    monkeypatch.setattr(exports, "LARGEST_PART", 500)
    monkeypatch.setattr(exports, "split", lambda signal, body: split(signal, body, 500))
    spool = RememberingSpool()
    body = traces(*(span(f"{number} " * 50) for number in range(10))).SerializeToString()

    async def main() -> None:
        exporter = Exporter(spool)
        outcome = await exporter.export(Signal.TRACES, body, "default")
        assert outcome.accepted == 10
        exporter.close()

    asyncio.run(main())
    assert len(spool.kept) > 2
    assert sum((items(kept.body) for kept in spool.kept), Counter()) == items(body)
