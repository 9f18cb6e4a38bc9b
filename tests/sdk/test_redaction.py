"""Secrets in the texts of steps: what was found clean once is not searched again, and nothing slips through by that."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from playhead.recorder.effects import JournalSink
from playhead.recorder.redaction import Redaction
from playhead.values.redact import Redactor

KEY = "sk-proj-" + "Ab1" * 12
CLEAN = [{"role": "user", "content": f"message {number}: nothing to hide"} for number in range(20)]


class Counting(Redactor):
    searched = 0

    def text(self, text: str) -> str:
        self.searched += len(text)
        return super().text(text)


def said(messages: list[dict[str, str]]) -> str:
    return json.dumps(messages, separators=(",", ":"))


@pytest.mark.parametrize("place", [0, 7, 20])
def test_a_secret_in_any_message_is_hidden_though_the_others_are_known(place: int) -> None:
    redaction, whole = Redaction(Redactor(b"salt")), Redactor(b"salt")
    assert redaction.text(said(CLEAN)) == said(CLEAN)
    messages = [*CLEAN[:place], {"role": "user", "content": f"my key is {KEY}"}, *CLEAN[place:]]
    for _ in range(2):
        assert KEY not in redaction.text(said(messages))
        assert redaction.text(said(messages)) == whole.text(said(messages))


def test_a_conversation_that_grew_is_searched_in_what_is_new() -> None:
    redactor = Counting(b"salt")
    redaction = Redaction(redactor)
    redaction.text(said(CLEAN))
    before = redactor.searched
    more = [*CLEAN, {"role": "assistant", "content": "an answer"}]
    assert redaction.text(said(more)) == said(more)
    # The last message had the list's end on it before, and is another text now.
    assert redactor.searched - before < 3 * len(said(more[-1:])) < len(said(CLEAN))


def test_a_value_that_is_clean_under_one_name_is_hidden_under_another() -> None:
    redaction = Redaction(Redactor(b"salt", fields=["pin"]))
    assert redaction.named("CITY", ["=", "plain words"]) == ["=", "plain words"]
    assert redaction.values([["=", ["plain words"]]]) == [["=", ["plain words"]]]
    for name in ("DB_PASSWORD", "PIN"):
        assert "plain words" not in redaction.named(name, ["=", "plain words"])


def test_a_pattern_of_the_users_may_reach_over_messages() -> None:
    redaction = Redaction(Redactor(b"salt", patterns=[r"first.*second"]))
    messages = [*CLEAN, {"role": "user", "content": "first"}, {"role": "user", "content": "second"}]
    assert "first" not in redaction.text(said(messages))


def test_what_comes_often_is_remembered_also_after_many_that_came_once() -> None:
    redactor = Counting(b"salt")
    redaction = Redaction(redactor)
    for number in range(20_001):
        redaction.text(f"order {number}")
    redaction.text("a kind of step")
    before = redactor.searched
    redaction.text("a kind of step")
    assert redactor.searched == before


def test_what_is_read_again_is_written_as_before_and_never_its_secret() -> None:
    written: list[str] = []

    class Lines:
        def append_text(self, text: str, *, disk_only: bool = False) -> None:
            written.append(text)

    sink = JournalSink(lambda: cast(Any, Lines()), Redaction(Redactor(b"salt")), lambda: None)
    read = ["plain words", "plain words", "others", KEY, KEY]
    for number, said in enumerate(read):
        sink.append(["f", None, "0", "environment", "SHOP_PASSWORD", number, ["=", said]])
        sink.append(["f", "a" * 32, "0/1", "open", "notes.txt", number, ["=", [said]]])
    records = [json.loads(line) for line in written]
    variables, files = records[::2], records[1::2]
    assert [record[2][:6] for record in variables] == [
        ["f", None, "0", "environment", "SHOP_PASSWORD", number] for number in range(5)
    ]
    assert [record[1] for record in records] == [None, "a" * 32] * 5
    assert [record[2][6] for record in files[:3]] == [["=", [said]] for said in read[:3]]
    assert KEY not in "".join(written)
    first, second, third, *_ = (record[2][6][1] for record in variables)
    assert first == second != third
    assert not {first, third} & set(read)
