"""A step as a replay compares it: what was asked and what came of it, without ids and times.

Steps come from the store, from a recording's file, or from the journal that a replay writes; all become the same here.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.trace.v1 import trace_pb2 as pb

from playhead.feedback import KIND as FEEDBACK
from playhead.journal import records as journal
from playhead_collector.read.plain import plain


@dataclass(frozen=True, slots=True)
class RecordedStep:
    run: str
    id: str
    parent: str | None
    name: str
    kind: str
    lane: str
    number: int
    """Its place in the run, in the order in which steps began; -1 where its recorder said none."""
    start_ns: int
    end_ns: int
    """0 where it has not ended."""
    ended: bool
    failed: bool
    error: str
    attributes: Mapping[str, Any]
    events: Sequence[tuple[str, Mapping[str, Any]]]

    @property
    def own_name(self) -> str:
        """The tool's or agent's own, where it is one."""
        return self.name.removeprefix("execute_tool ").removeprefix("invoke_agent ")


def from_otlp(spans: Iterable[pb.Span]) -> list[RecordedStep]:
    """Spans as the store, or a file of OTLP, has them."""
    return in_order(
        _step(
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex() or None,
            span.name,
            span.start_time_unix_nano,
            span.end_time_unix_nano,
            int(span.status.code),
            span.status.message,
            {one.key: plain(one.value) for one in span.attributes},
            [(event.name, {one.key: plain(one.value) for one in event.attributes}) for event in span.events],
        )
        for span in spans
    )


def from_journal(spans: Iterable[journal.Span]) -> list[RecordedStep]:
    """Spans as a journal has them."""
    return in_order(
        _step(
            span.trace,
            span.span,
            span.parent,
            span.name,
            span.start_ns,
            span.end_ns,
            span.status,
            span.description or "",
            {key: _as_plain(value) for key, value in span.attributes.items()},
            [(event.name, {key: _as_plain(value) for key, value in event.attributes.items()}) for event in span.events],
        )
        for span in spans
    )


def in_order(steps: Iterable[RecordedStep]) -> list[RecordedStep]:
    """Without what somebody said of a run from outside of it: no run did that."""
    did = (step for step in steps if step.kind != FEEDBACK)
    return sorted(did, key=lambda step: (step.run, step.number, step.start_ns, step.id))


def _step(  # noqa: PLR0917 - both forms of a span say all of it, in this order
    run: str,
    ident: str,
    parent: str | None,
    name: str,
    start_ns: int,
    end_ns: int,
    status: int,
    error: str,
    attributes: dict[str, Any],
    events: list[tuple[str, dict[str, Any]]],
) -> RecordedStep:
    if not end_ns and attributes.get("playhead.state") == "open":
        del attributes["playhead.state"]  # said by who sent it, of any step without an end
    return RecordedStep(
        run,
        ident,
        parent,
        name,
        str(attributes.pop("playhead.kind", "other")),
        str(attributes.pop("playhead.lane", "")),
        _number(attributes.pop("playhead.sequence", -1)),
        start_ns,
        end_ns,
        end_ns != 0,
        status == pb.Status.STATUS_CODE_ERROR,
        error,
        attributes,
        events,
    )


def _number(value: Any) -> int:
    """Anything may stand there: any emitter's text, or, for who reads figures, words that say why it does not."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return -1


def _as_plain(value: Any) -> Any:
    """As `plain` has it: bytes as base64, what a mapping or list holds likewise."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        if len(value) == 1 and isinstance(value.get("$bytes"), str):
            return value["$bytes"]
        return {key: _as_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_plain(item) for item in value]
    return value
