"""Steps and runs as they are stored of spans that a test writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.collector.database import StoreDatabase
from tests.collector.dialects.spans import Emitter, traces


def step_of(database: StoreDatabase, one: Span) -> Mapping[str, Any]:
    database.insert(traces(one))
    return stored(database, one)


def steps_of(database: StoreDatabase, spans: Sequence[Span]) -> list[Mapping[str, Any]]:
    """Of one insert, which takes as long as one of a single span; each is in a trace of its own."""
    database.insert(traces(*spans))
    return [stored(database, one) for one in spans]


def stored(database: StoreDatabase, one: Span) -> Mapping[str, Any]:
    [row] = database.rows(
        "SELECT * FROM steps WHERE run_id = {run:String} AND step_id = {step:String}",
        run=one.trace_id.hex(),
        step=one.span_id.hex(),
    )
    return row


def run_of(database: StoreDatabase, *sent: Span | Emitter) -> Mapping[str, Any]:
    """The row of the first span's run."""
    database.insert(traces(*sent))
    spans = [one for item in sent for one in (item.spans if isinstance(item, Emitter) else [item])]
    database.recompute({one.trace_id.hex() for one in spans})
    return stored_run(database, spans[0])


def stored_run(database: StoreDatabase, one: Span) -> Mapping[str, Any]:
    [row] = database.rows("SELECT * FROM runs WHERE run_id = {run:String}", run=one.trace_id.hex())
    return row


def chat(**more: Any) -> dict[str, Any]:
    return {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini", **more}


def used(tokens_in: int, tokens_out: int) -> dict[str, int]:
    return {"gen_ai.usage.input_tokens": tokens_in, "gen_ai.usage.output_tokens": tokens_out}
