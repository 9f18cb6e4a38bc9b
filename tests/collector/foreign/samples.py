"""Records in the shapes in which Langfuse, LangSmith and Phoenix export them, of one small run each.

Which fields there are is as their documentation says (see the modules that read them); the content is made up.
"""

from __future__ import annotations

import json
from typing import Any

DAY = "2026-09-21T14:13:"
ASKED = [{"role": "user", "content": "Where is order A-1?"}]
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_order", "arguments": '{"order": "A-1"}'},
}


def langfuse_trace() -> dict[str, Any]:
    """As the user interface downloads one: with observations and scores."""

    def observation(ident: str, kind: str, name: str, start: int, end: int | None, **more: Any) -> dict[str, Any]:
        return {
            "id": ident,
            "traceId": "trace-1",
            "type": kind,
            "name": name,
            "startTime": f"{DAY}{start:02}.000Z",
            "endTime": None if end is None else f"{DAY}{end:02}.500Z",
            "parentObservationId": "obs-root",
            "level": "DEFAULT",
            "statusMessage": None,
            "environment": "default",
            **more,
        }

    return {
        "id": "trace-1",
        "timestamp": f"{DAY}20.000Z",
        "name": "support",
        "userId": "user-7",
        "sessionId": "s-1",
        "release": "1.4.2",
        "tags": ["beta"],
        "public": False,
        "environment": "default",
        "observations": [
            observation(
                "obs-root",
                "AGENT",
                "support",
                20,
                29,
                parentObservationId=None,
                input=ASKED,
                output="It is on its way.",
            ),
            observation(
                "obs-1",
                "GENERATION",
                "ask",
                21,
                23,
                model="gpt-4o-mini",
                modelParameters={"temperature": 0.2},
                input=ASKED,
                output={"role": "assistant", "content": None, "tool_calls": [CALL]},
                usageDetails={"input": 30, "output": 17, "input_cached_tokens": 12, "total": 59},
                costDetails={"total": 0.0004},
            ),
            observation("obs-2", "TOOL", "get_order", 24, 25, input={"order": "A-1"}, output={"status": "sent"}),
            observation(
                "obs-3",
                "GENERATION",
                "ask",
                26,
                28,
                model="gpt-4o-mini",
                level="ERROR",
                statusMessage="429 too many",
                usage={"input": 60, "output": 0, "total": 60, "unit": "TOKENS"},
            ),
            observation("obs-4", "EVENT", "retried", 28, None),
        ],
        "scores": [
            {
                "id": "score-1",
                "traceId": "trace-1",
                "observationId": None,
                "name": "helpful",
                "value": 0.4,
                "dataType": "NUMERIC",
                "source": "ANNOTATION",
                "comment": "asked twice",
                "timestamp": "2026-09-23T09:00:00.000Z",
            },
            {
                "id": "score-2",
                "traceId": "trace-1",
                "observationId": "obs-1",
                "name": "tone",
                "value": 1,
                "stringValue": "bad",
                "dataType": "CATEGORICAL",
                "source": "EVAL",
                "timestamp": "2026-09-21T14:14:00.000Z",
            },
        ],
    }


def langfuse_tables() -> list[dict[str, Any]]:
    """As the blob-storage export writes them: enriched observations, then scores."""
    shared = {
        "trace_id": "0" * 24 + "abcdef12",
        "project_id": "p",
        "user_id": "user-8",
        "session_id": "s-2",
        "trace_name": "billing",
    }
    return [
        {
            "id": "00000000000000a1",
            **shared,
            "type": "SPAN",
            "name": "billing",
            "start_time": "2026-09-21 14:13:20.000000",
            "end_time": "2026-09-21 14:13:29.250000",
            "parent_observation_id": "",
            "level": "DEFAULT",
        },
        {
            "id": "00000000000000a2",
            **shared,
            "type": "GENERATION",
            "name": "ask",
            "start_time": "2026-09-21 14:13:21.000000",
            "end_time": "2026-09-21 14:13:22.000000",
            "parent_observation_id": "00000000000000a1",
            "provided_model_name": "gpt-4o-mini",
            "input": json.dumps(ASKED),
            "output": json.dumps({"role": "assistant", "content": "Sent."}),
            "usage_details": {"input": "42", "output": "17"},
            "total_cost": "0.00001",
        },
        {
            "id": "s1",
            "trace_id": shared["trace_id"],
            "name": "resolved",
            "value": 1,
            "data_type": "BOOLEAN",
            "source": "API",
            "observation_id": None,
            "timestamp": "2026-09-21 15:00:00.000000",
        },
        {
            "id": "s2",
            "session_id": "s-2",
            "name": "happy",
            "value": 1,
            "data_type": "NUMERIC",
            "source": "API",
            "timestamp": "2026-09-21 15:00:00.000000",
        },
    ]


ROOT, ASKS, TOOL = (f"1efc0f2a-6b3c-6d1e-8f00-0000000000{number:02}" for number in (1, 2, 3))


def langsmith_runs() -> list[dict[str, Any]]:
    """As a run query answers them; times of the bulk export are times, too."""

    def run(ident: str, kind: str, name: str, start: int, end: int, above: list[str], **more: Any) -> dict[str, Any]:
        path = [*above, ident]
        return {
            "id": ident,
            "trace_id": ROOT,
            "parent_run_id": above[-1] if above else None,
            "run_type": kind,
            "name": name,
            "start_time": f"{DAY}{start:02}.000000",
            "end_time": f"{DAY}{end:02}.000000",
            "status": "success",
            "error": None,
            "session_id": "9a0e7b62-6f0a-4f3a-9a53-3a8c8f3d0001",
            "dotted_order": ".".join(f"20260921T1413{start:02}000000Z{one}" for one in path),
            "extra": {"metadata": {"thread_id": "s-3", "user_id": "user-9", "lc_agent_name": "support"}},
            **more,
        }

    metadata = {"thread_id": "s-3", "ls_provider": "openai", "ls_model_name": "gpt-4o-mini"}
    return [
        run(
            ROOT,
            "chain",
            "support",
            20,
            29,
            [],
            inputs={"messages": ASKED},
            outputs={"output": "Sent."},
            tags=["beta"],
            prompt_tokens=42,
            completion_tokens=17,
            total_cost=0.00002,
            feedback_stats={"helpful": {"n": 2, "avg": 0.5}, "odd": {"n": 1, "avg": None}},
        ),
        run(
            ASKS,
            "llm",
            "ChatOpenAI",
            21,
            23,
            [ROOT],
            inputs={"messages": ASKED},
            outputs={
                "choices": [
                    {
                        "message": {"role": "assistant", "content": None, "tool_calls": [CALL]},
                        "finish_reason": "tool_calls",
                    }
                ]
            },
            prompt_tokens=42,
            completion_tokens=17,
            total_cost=0.00002,
            prompt_token_details={"cache_read": 12},
            extra={"metadata": metadata},
            first_token_time=f"{DAY}21.250000",
        ),
        run(
            TOOL, "tool", "get_order", 24, 25, [ROOT], inputs={"order": "A-1"}, status="error", error="KeyError('A-1')"
        ),
    ]


def phoenix_frame() -> list[dict[str, Any]]:
    """Rows of the dataframe of spans: a column for each attribute."""
    trace = {"context.trace_id": "0af7651916cd43dd8448eb211c8031aa", "status_message": "", "status_code": "OK"}
    return [
        {
            **trace,
            "context.span_id": "00000000000000b1",
            "parent_id": None,
            "name": "support",
            "span_kind": "AGENT",
            "start_time": "2026-09-21T14:13:20+00:00",
            "end_time": "2026-09-21T14:13:29+00:00",
            "attributes.session.id": "s-4",
            "attributes.user.id": "user-4",
            "attributes.input.value": "Where is order A-1?",
            "attributes.output.value": "Sent.",
        },
        {
            **trace,
            "context.span_id": "00000000000000b2",
            "parent_id": "00000000000000b1",
            "name": "ChatCompletion",
            "span_kind": "LLM",
            "start_time": "2026-09-21T14:13:21+00:00",
            "end_time": "2026-09-21T14:13:23+00:00",
            "attributes.llm.model_name": "gpt-4o-mini",
            "attributes.llm.token_count.prompt": 42,
            "attributes.llm.token_count.completion": 17,
            "attributes.llm.input_messages": [{"message.role": "user", "message.content": "Where is order A-1?"}],
            "attributes.llm.output_messages": [
                {
                    "message.role": "assistant",
                    "message.tool_calls": [
                        {"tool_call.function.name": "get_order", "tool_call.function.arguments": '{"order": "A-1"}'}
                    ],
                }
            ],
        },
        {
            **trace,
            "context.span_id": "00000000000000b3",
            "parent_id": "00000000000000b1",
            "name": "get_order",
            "span_kind": "TOOL",
            "start_time": "2026-09-21T14:13:24+00:00",
            "end_time": "2026-09-21T14:13:25+00:00",
            "status_code": "ERROR",
            "status_message": "KeyError",
            "attributes.tool.name": "get_order",
            "attributes.input.value": '{"order": "A-1"}',
            "events": [
                {
                    "name": "exception",
                    "timestamp": "2026-09-21T14:13:24.5+00:00",
                    "attributes": {"exception.type": "KeyError"},
                }
            ],
        },
    ]


def phoenix_api() -> dict[str, Any]:
    """The API's answer, of the same spans, with annotations."""
    spans = []
    for row in phoenix_frame():
        attributes = {
            key.removeprefix("attributes."): value for key, value in row.items() if key.startswith("attributes.")
        }
        kept = {key: value for key, value in row.items() if not key.startswith(("attributes.", "context."))}
        context = {"trace_id": row["context.trace_id"], "span_id": row["context.span_id"]}
        spans.append({"id": f"node-{row['context.span_id']}", **kept, "context": context, "attributes": attributes})
    annotation = {
        "name": "correct",
        "annotator_kind": "HUMAN",
        "result": {"label": "wrong", "score": 0.0, "explanation": "another order"},
        "created_at": "2026-09-22T08:00:00+00:00",
        "id": "a-1",
    }
    spans[1]["annotations"] = [annotation]
    return {"data": spans, "next_cursor": None}
