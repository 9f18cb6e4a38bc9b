"""Phoenix: spans with OpenInference attributes, as its dataframe (Parquet, JSON lines, CSV) and its API write them.

A dataframe has a column for each attribute (`attributes.llm.model_name`) and lists of messages in one; they are laid
out here as OpenInference sends them (`llm.input_messages.0.message.role`). Facts from
https://arize.com/docs/phoenix/how-to/extract-data-from-spans and the semantic conventions of OpenInference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from playhead.feedback import Feedback
from playhead_collector.foreign.span import (
    Unfit,
    key_value,
    listed,
    make_span,
    mapping,
    moment_ns,
    number,
    run_id,
    sendable,
    step_id,
)
from playhead_collector.receive.scores import span_of

SOURCE = "phoenix"
_COLUMN = "attributes."
# These hold an object of their user's own, as JSON.
_WHOLE = (
    "metadata",
    "llm.invocation_parameters",
    "input.value",
    "output.value",
    "tool.parameters",
    "llm.prompt_template.variables",
)


def is_phoenix(row: Mapping[str, Any]) -> bool:
    return "context.trace_id" in row or "trace_id" in mapping(row.get("context")) or "annotation_name" in row


def steps_in(row: Mapping[str, Any]) -> Iterator[Span | Unfit]:
    """The span of a record, and its annotations; in place of what has none, why."""
    context = mapping(row.get("context"))
    trace = row.get("context.trace_id") or context.get("trace_id") or row.get("trace_id")
    if "annotation_name" in row and "span_kind" not in row:
        if not trace:
            raise Unfit("annotation that names its span and not its trace")
        yield _annotation(run_id(trace), row)
        return
    run = run_id(trace)
    span_id = row.get("context.span_id") or context.get("span_id")
    attributes = {key.removeprefix(_COLUMN): value for key, value in row.items() if key.startswith(_COLUMN)}
    said = dict(_flat("", {**attributes, **mapping(row.get("attributes"))}))
    said.setdefault("openinference.span.kind", row.get("span_kind"))
    code, message = str(row.get("status_code") or ""), str(row.get("status_message") or "")
    span = make_span(
        SOURCE, run, step_id(run, span_id), step_id(run, row.get("parent_id")), str(row.get("name") or "span"),
        start_ns=moment_ns(row.get("start_time")), end_ns=moment_ns(row.get("end_time")), attributes=said,
        error=message if code == "ERROR" else None, original=span_id,
    )  # fmt: skip
    for event in listed(row.get("events")):
        try:
            at = moment_ns(event.get("timestamp")) or span.start_time_unix_nano
        except Unfit as why:
            yield Unfit(f"event that {why}")
            continue
        told = span.events.add(name=sendable(str(event.get("name") or "event")), time_unix_nano=at)
        told.attributes.extend(key_value(key, value) for key, value in mapping(event.get("attributes")).items())
    yield span
    for annotation in listed(row.get("annotations") or row.get("span_annotations")):
        try:
            yield _annotation(run, {"span_id": span_id, **annotation})
        except Unfit as why:
            yield why


def _annotation(run: str, row: Mapping[str, Any]) -> Span:
    result = {**row, **mapping(row.get("result"))}
    value, label = number(result.get("score")), str(result.get("label") or "")
    comment = str(result.get("explanation") or "")
    if value is None and not label and not comment:
        raise Unfit("annotation without score, label and explanation")
    at = moment_ns(row.get("created_at") or row.get("updated_at"))
    if at is None:
        raise Unfit("annotation without a time")
    said = Feedback(
        run, str(row.get("annotation_name") or row.get("name")), label or None if value is None else value,
        step_id(run, row.get("span_id")), ": ".join(filter(None, (label if value is not None else "", comment))),
        str(row.get("annotator_kind") or ""), SOURCE, str(row.get("id") or ""),
    )  # fmt: skip
    return span_of(said, at)


def _flat(above: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and above not in _WHOLE:
        for key, inner in value.items():
            yield from _flat(f"{above}.{key}" if above else str(key), inner)
    elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        for place, inner in enumerate(value):
            yield from _flat(f"{above}.{place}", inner)
    elif value is not None:
        yield above, value
