"""LangSmith: runs, a record each, as JSON lines, a run query's answer, CSV, or the Parquet of its bulk export.

A run of LangSmith's is a step here, and its trace a run. Facts from its run data format:
https://docs.langchain.com/langsmith/run-data-format and https://docs.langchain.com/langsmith/data-export.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from playhead.feedback import Feedback
from playhead_collector.foreign.span import Unfit, make_span, mapping, moment_ns, number, run_id, step_id
from playhead_collector.receive.scores import span_of

SOURCE = "langsmith"
_OPERATIONS = {"llm": "chat", "tool": "execute_tool", "embedding": "embeddings"}
# `20230914T223155647Z1b64098b-4ab7-43f6-afee-992304f198d8`, a part for each run from the root on.
_ORDERED = re.compile(r"Z([0-9a-fA-F-]{32,36})(?:\.|$)")


def is_langsmith(row: Mapping[str, Any]) -> bool:
    return "run_type" in row


def steps_in(row: Mapping[str, Any]) -> Iterator[Span | Unfit]:
    """The run's span, and its feedback; in place of what has none, why."""
    above = _ORDERED.findall(str(row.get("dotted_order") or ""))
    ident = row.get("id") or row.get("run_id") or (above[-1] if above else None)
    parent = row.get("parent_run_id") or (above[-2] if len(above) > 1 else None)
    trace = row.get("trace_id") or (above[0] if above else None if parent else ident)
    if not trace and parent:
        raise Unfit("run beneath another, without trace_id and dotted_order")
    run = run_id(trace)
    metadata = mapping(mapping(row.get("extra")).get("metadata")) or mapping(row.get("metadata"))
    start, end = moment_ns(row.get("start_time")), moment_ns(row.get("end_time"))
    error = row.get("error")
    failed = bool(error) or row.get("status") == "error"
    step = step_id(run, ident)
    yield make_span(
        SOURCE, run, step, step_id(run, parent), str(row.get("name") or row["run_type"]), start_ns=start, end_ns=end,
        attributes={**_said(row, metadata, start), **_of_metadata(metadata)},
        error=str(error or "") if failed else None, original=ident,
    )  # fmt: skip
    for name, stats in mapping(row.get("feedback_stats")).items():
        yield _feedback(run, step, str(name), mapping(stats), end or start)


def _said(row: Mapping[str, Any], metadata: Mapping[str, Any], start: int | None) -> dict[str, Any]:
    kind = str(row.get("run_type"))
    called = mapping(mapping(row.get("extra")).get("invocation_params"))
    said: dict[str, Any] = {
        "langsmith.span.kind": kind,
        "gen_ai.operation.name": _OPERATIONS.get(kind, kind),
        "gen_ai.prompt": _payload(row.get("inputs")),
        "gen_ai.completion": _payload(row.get("outputs")),
        "langsmith.span.tags": row.get("tags"),
        "langsmith.project.id": row.get("session_id"),
        "langsmith.project.name": row.get("session_name"),
        "langsmith.serialized": row.get("serialized"),
    }
    first = moment_ns(row.get("first_token_time"))
    if first is not None and start is not None:
        said["gen_ai.response.time_to_first_chunk"] = (first - start) / 1e9
    if kind != "llm":
        # What a chain says of tokens and cost is the sum of what its models used.
        return said
    tokens_in, tokens_out = number(row.get("prompt_tokens")), number(row.get("completion_tokens"))
    usage = {
        "input_token_details": mapping(row.get("prompt_token_details")),
        "output_token_details": mapping(row.get("completion_token_details")),
        "total_cost": number(row.get("total_cost")),
    }
    return said | {
        "gen_ai.request.model": metadata.get("ls_model_name") or called.get("model") or called.get("model_name"),
        "gen_ai.system": metadata.get("ls_provider"),
        "gen_ai.usage.input_tokens": None if tokens_in is None else int(tokens_in),
        "gen_ai.usage.output_tokens": None if tokens_out is None else int(tokens_out),
        "langsmith.metadata.usage_metadata": {key: value for key, value in usage.items() if value},
    }


def _of_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"langsmith.metadata.{key}": value if isinstance(value, (str, bool, int, float)) else _payload(value)
        for key, value in metadata.items()
        if key != "usage_metadata"
    }


def _payload(value: Any) -> str | None:
    if value in (None, "", {}, []):
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _feedback(run: str, step: str, name: str, stats: Mapping[str, Any], at: int | None) -> Span | Unfit:
    """An export has of feedback its average and how often it was given."""
    value, times = number(stats.get("avg")), int(number(stats.get("n")) or 0)
    if value is None or at is None:
        return Unfit("feedback of which the file has no average")
    comment = f"the average of {times}" if times > 1 else ""
    return span_of(Feedback(run, name, value, step, comment, via=SOURCE, key=f"{SOURCE} {step} {name}"), at)
