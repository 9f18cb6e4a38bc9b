"""Requests and answers of each provider's form, changed in one place and nowhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from playhead.providers.rewriting import CannotRewrite, answering, rewritten

USER = {"role": "user", "content": "hello"}
GOOGLE = {"role": "user", "parts": [{"text": "hello"}]}


@pytest.mark.parametrize(
    ("url", "request_", "where"),
    [
        ("https://api.openai.com/v1/chat/completions", {"messages": [USER]}, ("messages", 0, "content")),
        ("https://api.openai.com/v1/responses", {"input": "hello"}, ("instructions",)),
        ("https://api.anthropic.com/v1/messages", {"max_tokens": 9, "messages": [USER], "system": "old"}, ("system",)),
        (
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-1:generateContent",
            {"contents": [GOOGLE], "systemInstruction": {"parts": [{"text": "old"}]}},
            ("systemInstruction", "parts", 0, "text"),
        ),
    ],
)
def test_the_system_prompt_and_the_model_stand_where_the_provider_has_them(
    url: str, request_: dict[str, Any], where: tuple[str | int, ...]
) -> None:
    named = {} if "google" in url else {"model": "old-1"}
    made = rewritten("POST", url, (), json.dumps({**named, **request_}).encode(), {"system": "new", "model": "new-2"})
    assert made is not None
    there, body = made
    found: Any = json.loads(body)
    assert found.get("model", "new-2") == "new-2"
    assert "new-2" in (there if "google" in url else found["model"])
    for step in where:
        found = found[step]
    assert found == "new"


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        ({"choices": [{"message": {"role": "assistant", "tool_calls": [1]}}]}, ("choices", 0, "message", "content")),
        ({"output": [{"type": "function_call"}]}, ("output", 0, "content", 0, "text")),
        ({"content": [{"type": "tool_use"}], "stop_reason": "tool_use"}, ("content", 0, "text")),
        (
            {"candidates": [{"content": {"role": "model", "parts": []}}]},
            ("candidates", 0, "content", "parts", 0, "text"),
        ),
        ({"output": {"message": {}}, "stopReason": "tool_use"}, ("output", "message", "content", 0, "text")),
    ],
)
def test_an_answer_says_something_else_and_asks_for_no_tool(
    answer: dict[str, Any], where: tuple[str | int, ...]
) -> None:
    made: Any = json.loads(answering(json.dumps(answer).encode(), None, "Bergen"))
    assert "tool" not in json.dumps(made)
    for step in where:
        made = made[step]
    assert made == "Bergen"


def test_what_its_client_has_signed_is_refused_and_what_is_no_prompt_is_left_alone() -> None:
    url = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/some.model/converse"
    body = json.dumps({"messages": [{"role": "user", "content": [{"text": "hello"}]}]}).encode()
    with pytest.raises(CannotRewrite, match="signed"):
        rewritten("POST", url, (), body, {"system": "new"})
    assert rewritten("POST", "https://shop.example/orders", (), b"{}", {"system": "new"}) is None
    with pytest.raises(CannotRewrite, match="no text is known"):
        answering(b'{"x": 1}', None, "new")
