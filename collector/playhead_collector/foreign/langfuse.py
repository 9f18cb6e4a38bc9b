"""Langfuse: traces with their observations and scores, as its API and its user interface write them, and the tables of
its blob-storage export (traces, observations, enriched observations, scores).

Both spellings of names (`parentObservationId`, `parent_observation_id`) are of the one or the other. Facts from its
documentation: https://langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields and the public API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from playhead.feedback import Feedback
from playhead_collector.foreign.span import Unfit, listed, make_span, mapping, moment_ns, number, run_id, step_id
from playhead_collector.receive.scores import span_of

SOURCE = "langfuse"
_TYPES = frozenset(
    "SPAN EVENT GENERATION AGENT TOOL CHAIN RETRIEVER EVALUATOR EMBEDDING GUARDRAIL".split()  # noqa: SIM905 - words
)
# Of a trace, on each of its steps where it says so.
_OF_TRACE = {
    "langfuse.session.id": ("sessionId", "session_id"),
    "langfuse.user.id": ("userId", "user_id"),
    "langfuse.trace.name": ("traceName", "trace_name"),
    "langfuse.trace.tags": ("tags",),
    "langfuse.release": ("release",),
    "langfuse.environment": ("environment",),
}


def is_langfuse(row: Mapping[str, Any]) -> bool:
    return _is_observation(row) or _is_score(row) or _is_trace(row)


def _is_observation(row: Mapping[str, Any]) -> bool:
    return str(_of(row, "type")) in _TYPES and _of(row, "startTime", "start_time") is not None


def _is_score(row: Mapping[str, Any]) -> bool:
    named = "name" in row and any(name in row for name in ("dataType", "data_type", "stringValue", "string_value"))
    return named and not _is_observation(row)


def _is_trace(row: Mapping[str, Any]) -> bool:
    return isinstance(row.get("observations"), list) or (
        "id" in row
        and "timestamp" in row
        and any(
            name in row for name in ("userId", "user_id", "sessionId", "session_id", "release", "public", "bookmarked")
        )
    )


def steps_in(row: Mapping[str, Any]) -> Iterator[Span | Unfit]:
    """The spans of a record; in place of what has none, why."""
    if _is_observation(row):
        yield _observation(row, row, "")
    elif _is_score(row):
        yield _score(row, "")
    else:
        yield from _trace(row)


def _trace(row: Mapping[str, Any]) -> Iterator[Span | Unfit]:
    run = run_id(row.get("id"))
    observations = listed(row.get("observations"))
    if _lacks(row, "observations", observations):
        yield Unfit("trace without all of its observations, of which the file has but ids")
    tops = [one for one in observations if not _of(one, "parentObservationId", "parent_observation_id")]
    # A trace that has one observation at its top is that observation; of several it is what holds them together.
    top = ""
    if len(tops) != 1:
        top = step_id(run, f"trace {run}")
        start = moment_ns(_of(row, "timestamp", "start_time"))
        ends = [end for one in observations if (end := moment_ns(_of(one, "endTime", "end_time"))) is not None]
        said = {
            **_shared(row), "langfuse.trace.name": row.get("name"), "langfuse.observation.input": row.get("input"),
            "langfuse.observation.output": row.get("output"), "langfuse.observation.metadata": row.get("metadata"),
            "langfuse.version": row.get("version"),
        }  # fmt: skip
        yield make_span(
            SOURCE, run, top, "", str(row.get("name") or "trace"), start_ns=start,
            end_ns=max(ends, default=start), attributes=said, original=row.get("id"),
        )  # fmt: skip
    for one in observations:
        try:
            yield _observation(one, {**row, "trace_name": row.get("name")}, top, run)
        except Unfit as why:
            yield why
    scores = listed(row.get("scores"))
    if _lacks(row, "scores", scores):
        yield Unfit("trace without all of its scores, of which the file has but ids")
    for score in scores:
        try:
            yield _score(score, run)
        except Unfit as why:
            yield why


def _observation(row: Mapping[str, Any], trace: Mapping[str, Any], top: str, run: str = "") -> Span:
    run = run or run_id(_of(row, "traceId", "trace_id"))
    level = str(row.get("level") or "")
    message = _of(row, "statusMessage", "status_message")
    cost = mapping(_of(row, "costDetails", "cost_details"))
    total = number(_of(row, "calculatedTotalCost", "total_cost", "totalPrice", "totalCost"))
    if "total" not in cost and total:
        cost = {**cost, "total": total}
    said = {
        **_shared(trace),
        "langfuse.observation.type": str(row.get("type")).lower(),
        "langfuse.observation.model.name": _of(row, "model", "providedModelName", "provided_model_name"),
        "langfuse.observation.model.parameters": _of(row, "modelParameters", "model_parameters"),
        "langfuse.observation.input": row.get("input"),
        "langfuse.observation.output": row.get("output"),
        "langfuse.observation.metadata": row.get("metadata"),
        "langfuse.observation.usage_details": _usage(row),
        "langfuse.observation.cost_details": cost,
        "langfuse.observation.level": level,
        "langfuse.observation.status_message": message,
        "langfuse.observation.completion_start_time": _of(row, "completionStartTime", "completion_start_time"),
        "langfuse.observation.prompt.name": _of(row, "promptName", "prompt_name"),
        "langfuse.observation.prompt.version": _of(row, "promptVersion", "prompt_version"),
        "langfuse.version": row.get("version"),
    }
    start = moment_ns(_of(row, "startTime", "start_time"))
    end = moment_ns(_of(row, "endTime", "end_time"))
    parent = step_id(run, _of(row, "parentObservationId", "parent_observation_id")) or top
    return make_span(
        SOURCE, run, step_id(run, row.get("id")), parent, str(row.get("name") or row.get("type")),
        start_ns=start, end_ns=start if end is None and row.get("type") == "EVENT" else end, attributes=said,
        error=str(message or "") if level == "ERROR" else None, original=row.get("id"),
    )  # fmt: skip


def _usage(row: Mapping[str, Any]) -> dict[str, Any]:
    found = mapping(_of(row, "usageDetails", "usage_details"))
    if not found:
        usage = mapping(row.get("usage"))
        found = {
            "input": _of(usage, "input", "promptTokens") if usage else row.get("promptTokens"),
            "output": _of(usage, "output", "completionTokens") if usage else row.get("completionTokens"),
        }
    figures = {name: number(value) for name, value in found.items()}
    return {name: int(value) for name, value in figures.items() if value is not None}


def _score(row: Mapping[str, Any], run: str) -> Span:
    trace = _of(row, "traceId", "trace_id") or run
    if not trace:
        raise Unfit("score of a session, which is no run" if _of(row, "sessionId", "session_id") else "score of no run")
    run = run_id(trace)
    word = _of(row, "stringValue", "string_value")
    value = row.get("value")
    is_word = _of(row, "dataType", "data_type") == "CATEGORICAL" or number(value) is None
    said = str(word or value or "") if is_word else number(value)
    if said in (None, "") and not row.get("comment"):
        raise Unfit("score without a value")
    said_of = Feedback(
        run=run, name=str(row.get("name")), value=said or None if is_word else said,
        step=step_id(run, _of(row, "observationId", "observation_id")), comment=str(row.get("comment") or ""),
        by=str(_of(row, "authorUserId", "author_user_id", "source") or ""), via=SOURCE, key=str(row.get("id") or ""),
    )  # fmt: skip
    at = moment_ns(_of(row, "timestamp", "createdAt", "created_at"))
    if at is None:
        raise Unfit("score without a time")
    return span_of(said_of, at)


def _lacks(row: Mapping[str, Any], name: str, found: list[dict[str, Any]]) -> bool:
    there = row.get(name)
    return bool(there) and len(found) < (len(there) if isinstance(there, list) else 1)


def _shared(trace: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _of(trace, *names) for key, names in _OF_TRACE.items()}


def _of(row: Mapping[str, Any], *names: str) -> Any:
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)
