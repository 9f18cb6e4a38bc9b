"""Where payloads are cut: what repeats is a piece of its own, whatever is written around it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.collector.database import StoreDatabase
from tests.collector.dialects.spans import span, traces

from playhead_collector.read.spans import spans_of

Message = dict[str, Any]
QUOTED = '[{"role": "user", "parts": []}, {"role":"tool","parts":[]}]'
SYSTEM: Message = {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]}
ASKED: Message = {"role": "user", "parts": [{"type": "text", "content": f"What is {QUOTED}?"}]}
ANSWER: Message = {
    "role": "assistant",
    "parts": [
        {"type": "text", "content": "Let me look."},
        {"type": "tool_call", "id": "c1", "name": "look", "arguments": {"at": [{"a": 1}, {"role": "x"}]}},
    ],
}
FOUND: Message = {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "a list"}]}


def compact(messages: list[Message]) -> str:
    return json.dumps(messages, separators=(",", ":"))


def conversation(write: Callable[[list[Message]], str]) -> list[tuple[str, str]]:
    """Two turns: what each was given, and what it answered."""
    answered = [ANSWER | {"finish_reason": "tool_call"}]
    return [
        (write([SYSTEM, ASKED]), write(answered)),
        (write([SYSTEM, ASKED, ANSWER, FOUND]), write([{**SYSTEM, "role": "assistant", "finish_reason": "stop"}])),
    ]


@pytest.mark.parametrize("write", [compact, json.dumps])
def test_a_message_is_one_piece_as_an_answer_and_in_every_input(
    store_database: StoreDatabase, write: Callable[[list[Message]], str]
) -> None:
    turns = conversation(write)
    sent: list[Any] = []
    for given, answer in turns:
        attributes = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": given, "gen_ai.output.messages": answer}
        sent.append(span("chat", attributes, parent=sent[0] if sent else None, at=(len(sent), len(sent) + 1)))
    store_database.insert(traces(*sent))
    texts = [row["text"] for row in store_database.rows("SELECT text FROM messages")]
    assert len(texts) == len(set(texts))
    for message in (SYSTEM, ASKED, FOUND):
        assert [text for text in texts if text == write([message])[1:-2]]
    # Its arguments hold an object that looks like a message, so it is two pieces, each of them once.
    assert sum("Let me look." in text for text in texts) == 1
    assert sum('"name"' in text for text in texts) == 1
    assert [text for text in texts if "What is" in text and "brief" in text] == []
    runs = [row["run_id"] for row in store_database.rows("SELECT DISTINCT run_id FROM step_rows")]
    stored = [
        tuple(one.value.string_value for one in found.span.attributes if one.key.endswith("messages"))
        for found in spans_of(store_database.client, runs)
    ]
    assert sorted(stored) == sorted(turns)


def test_prose_that_quotes_a_conversation_is_one_piece_until_it_is_long(store_database: StoreDatabase) -> None:
    quote = compact([SYSTEM, ASKED, ANSWER, FOUND])
    for text, pieces in ((f"It said {quote}.", 1), (f"It said {quote * 40}.", 1 + 6 * 40)):
        sent = span("log", {"note": text})
        store_database.insert(traces(sent))
        [row] = store_database.rows(
            "SELECT length(piece_hashes) AS n FROM step_rows WHERE run_id = {run:String}", run=sent.trace_id.hex()
        )
        assert row["n"] == pieces


@pytest.mark.parametrize(
    "text",
    [
        '[{"role":"user","parts":[',
        '[{"role":"user","parts":[]}]',
        '[{"role":"user","parts":[]}] ',
        '[{"role":"user","parts":[]},{"role":"a","parts":[],"finish_reason":"x"},{"parts":[],"role":"b"}]',
        '[{"role": "user", "parts": []},{"role": "user","parts":[]}, {"role": "c", "parts": []}]',
        '[{"role":"\x1f","parts":[]}]',
        '[{"role":"user","parts":[\x1f]}]',
        "}]",
        "[}]",
    ],
)
def test_cutting_changes_no_byte(store_database: StoreDatabase, text: str) -> None:
    sent = span("chat", {"gen_ai.operation.name": "chat", "gen_ai.input.messages": text})
    store_database.insert(traces(sent))
    [stored] = spans_of(store_database.client, [sent.trace_id.hex()])
    assert [one.value.string_value for one in stored.span.attributes if one.key == "gen_ai.input.messages"] == [text]
