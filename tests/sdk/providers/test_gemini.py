"""Gemini's generateContent, whole, as events and as a growing list."""

from __future__ import annotations

import json
from typing import Any

from tests.sdk.providers.exchanges import GEMINI, SSE, messages, prompt, sse

ASKED: dict[str, Any] = {
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [
        {"role": "user", "parts": [{"text": "Weather?"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]},
        {"role": "model", "parts": [{"functionCall": {"name": "weather", "args": {"city": "Paris"}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "weather", "response": {"result": "21C"}}}]},
        {"parts": [{"fileData": {"mimeType": "application/pdf", "fileUri": "gs://b/a.pdf"}}]},
    ],
    "tools": [
        {"functionDeclarations": [{"name": "weather", "description": "Now", "parameters": {"type": "OBJECT"}}]},
        {"googleSearch": {}},
    ],
    "generationConfig": {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 20,
        "maxOutputTokens": 256,
        "stopSequences": ["END"],
        "seed": 3,
        "responseMimeType": "application/json",
        "thinkingConfig": {"thinkingLevel": "low"},
    },
}
USAGE = {
    "promptTokenCount": 40,
    "cachedContentTokenCount": 16,
    "candidatesTokenCount": 10,
    "thoughtsTokenCount": 7,
    "totalTokenCount": 57,
}
CALLS: list[dict[str, Any]] = [
    {"functionCall": {"name": "weather", "args": {"city": "Oslo"}}, "thoughtSignature": "Cg=="},
    {"functionCall": {"name": "weather", "args": {"city": "Rome"}}},
]
ANSWER: dict[str, Any] = {
    "candidates": [
        {
            "content": {
                "role": "model",
                "parts": [{"text": "Two more.", "thought": True}, {"text": "Let me check."}, *CALLS],
            },
            "finishReason": "STOP",
            "index": 0,
        }
    ],
    "usageMetadata": USAGE,
    "modelVersion": "gemini-2.5-flash-001",
    "responseId": "r1",
}


def chunks() -> list[dict[str, Any]]:
    def chunk(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {
            "candidates": [{"content": {"role": "model", "parts": list(parts)}, "index": 0, **more}],
            "modelVersion": "gemini-2.5-flash-001",
            "responseId": "r1",
            "usageMetadata": {"promptTokenCount": 40},
        }

    last = chunk(*CALLS, finishReason="STOP")
    last["usageMetadata"] = USAGE
    return [
        chunk({"text": "Two ", "thought": True}),
        chunk({"text": "more.", "thought": True}),
        chunk({"text": "Let me "}),
        chunk({"text": "check."}),
        last,
    ]


def test_contents_become_messages_and_the_path_names_the_model() -> None:
    attributes = prompt(f"{GEMINI}:generateContent", ASKED, ANSWER).attributes()
    first, call, result, file = json.loads(str(attributes.pop("gen_ai.input.messages")))
    assert first["parts"][0] == {"type": "text", "content": "Weather?"}
    assert (first["parts"][1]["type"], first["parts"][1]["size"]) == ("blob", 3)
    assert call == {
        "role": "assistant",
        "parts": [{"type": "tool_call", "name": "weather", "arguments": {"city": "Paris"}}],
    }
    assert result["parts"] == [{"type": "tool_call_response", "name": "weather", "response": {"result": "21C"}}]
    assert file == {
        "role": "user",
        "parts": [{"type": "uri", "modality": "document", "mime_type": "application/pdf", "uri": "gs://b/a.pdf"}],
    }
    assert json.loads(str(attributes.pop("gen_ai.output.messages"))) == [
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "Two more."},
                {"type": "text", "content": "Let me check."},
                {"type": "tool_call", "name": "weather", "arguments": {"city": "Oslo"}},
                {"type": "tool_call", "name": "weather", "arguments": {"city": "Rome"}},
            ],
            "finish_reason": "STOP",
        }
    ]
    assert json.loads(str(attributes.pop("gen_ai.tool.definitions"))) == [
        {"type": "function", "name": "weather", "description": "Now", "parameters": {"type": "OBJECT"}},
        {"type": "googleSearch"},
    ]
    del attributes["gen_ai.system_instructions"]
    assert attributes == {
        "gen_ai.provider.name": "gcp.gemini",
        "server.address": "generativelanguage.googleapis.com",
        "server.port": 443,
        "gen_ai.operation.name": "generate_content",
        "gen_ai.request.model": "gemini-2.5-flash",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.top_k": 20,
        "gen_ai.request.max_tokens": 256,
        "gen_ai.request.seed": 3,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.request.reasoning.level": "low",
        "gen_ai.output.type": "json",
        "gen_ai.response.model": "gemini-2.5-flash-001",
        "gen_ai.response.id": "r1",
        "gen_ai.response.finish_reasons": ("STOP",),
        # Thoughts are counted beside the candidates, and are output all the same.
        "gen_ai.usage.input_tokens": 40,
        "gen_ai.usage.output_tokens": 17,
        "gen_ai.usage.cache_read.input_tokens": 16,
        "gen_ai.usage.reasoning.output_tokens": 7,
        "http.response.status_code": 200,
    }


def test_both_forms_of_a_stream_say_what_the_whole_answer_would() -> None:
    whole = prompt(f"{GEMINI}:generateContent", ASKED, ANSWER).attributes()
    expected = {**whole, "gen_ai.request.stream": True, "gen_ai.response.time_to_first_chunk": 0.5}
    events = prompt(f"{GEMINI}:streamGenerateContent?alt=sse", ASKED, sse(*chunks()), headers=SSE)
    assert events.attributes() == expected
    listed = prompt(f"{GEMINI}:streamGenerateContent", ASKED, json.dumps(chunks(), indent=1).encode())
    assert listed.attributes() == expected


def test_both_forms_of_a_stream_can_be_cut() -> None:
    body = json.dumps(chunks(), indent=1).encode()
    for told in (
        prompt(f"{GEMINI}:streamGenerateContent?alt=sse", ASKED, sse(*chunks()[:3])[:-30], headers=SSE),
        prompt(f"{GEMINI}:streamGenerateContent", ASKED, body[: body.index(b'"Let me "')]),
    ):
        assert told.cut
        assert messages(told)[0]["parts"] == [{"type": "reasoning", "content": "Two more."}]
        assert "gen_ai.usage.output_tokens" not in told.attributes()


def test_a_blocked_prompt_gives_its_reason() -> None:
    told = prompt(f"{GEMINI}:generateContent", ASKED, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
    assert told.attributes()["gen_ai.response.finish_reasons"] == ("PROHIBITED_CONTENT",)


def test_an_error_is_named_by_its_status_also_within_a_list() -> None:
    body = {"error": {"code": 429, "message": "Quota", "status": "RESOURCE_EXHAUSTED"}}
    for answer in (body, [body]):
        told = prompt(f"{GEMINI}:streamGenerateContent", ASKED, answer, status=429)
        assert told.attributes()["error.type"] == "RESOURCE_EXHAUSTED"


def test_names_in_snake_case_are_read_too() -> None:
    asked = {
        "system_instruction": {"parts": [{"text": "s"}]},
        "contents": {"role": "user", "parts": [{"function_response": {"name": "f", "response": {}}}]},
        "generation_config": {"max_output_tokens": 5},
        "tools": [{"function_declarations": [{"name": "f"}]}],
    }
    told = prompt(f"{GEMINI}:generateContent", asked, ANSWER)
    assert told.asked.parameters["gen_ai.request.max_tokens"] == 5
    assert told.asked.tools[0]["name"] == "f"
    assert messages(told, "gen_ai.input.messages")[0]["parts"][0]["type"] == "tool_call_response"
