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


def writing(run: str | None) -> tuple[JournalSink, list[str]]:
    """A sink in that run, and the lines that it writes."""
    written: list[str] = []

    class Lines:
        def append_text(self, text: str, *, disk_only: bool = False) -> None:
            written.append(text)

    return JournalSink(lambda: cast(Any, Lines()), Redaction(Redactor(b"salt")), lambda: run), written


def test_what_is_read_again_is_written_as_before_and_never_its_secret() -> None:
    sink, written = writing(None)
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


def test_what_is_equal_and_of_another_type_is_written_as_it_is() -> None:
    sink, written = writing(None)
    given = [1, 1.0, True, "1", None, "1", 1]
    for number, value in enumerate(given):
        sink.append(["f", None, "0", "draw", "of a card", number, ["=", value]])
    looks = [[[33188, size], {"st_mtime": 0.5}] for size in (10, 10, 11, 10)]
    for number, look in enumerate(looks):
        sink.append(["f", None, "0", "stat", "notes.txt", number, ["=", look]])
    values = [json.loads(line)[2][6][1] for line in written]
    assert [(type(value), value) for value in values[: len(given)]] == [(type(value), value) for value in given]
    assert values[len(given) :] == looks


def test_a_piece_of_a_stream_is_of_the_run_that_asked_and_holds_no_secret() -> None:
    sink, written = writing("b" * 32)
    sink.append(["b", "a" * 32, "0/1", "http", "5f" * 12, 2, {"method": "POST", "body": f"it is {KEY}"}])
    sink.append(["c", "0/1#2", "chunk", 0, ["=", [f'said "{KEY}"']], 17, None])
    sink.append(["c", "0/1", "sleep", 0, None, 18, 3])
    begun, piece, slept = map(json.loads, written)
    assert KEY not in "".join(written)
    assert (begun[1], begun[2][:6]) == ("a" * 32, ["b", "a" * 32, "0/1", "http", "5f" * 12, 2])
    assert (piece[1], piece[2][:4], piece[2][5:]) == ("a" * 32, ["c", "0/1#2", "chunk", 0], [17, None])
    assert (slept[1], slept[2]) == ("b" * 32, ["c", "0/1", "sleep", 0, None, 18, 3])
