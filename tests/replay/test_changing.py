"""What a fork can change at a step is offered as it was recorded, and reads back as itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from playhead.errors import UsageError
from playhead.printable import printable
from playhead_replay.changing import change_of, names_at, recorded_text, value_of
from playhead_replay.recording.find import from_file

RECORDINGS = Path(__file__).parent / "recordings"
DESK = {step.own_name: step for step in reversed(from_file(RECORDINGS / "desk.playhead").steps)}
SYSTEM = "You are the desk of a shop. Refund within 30 days."
LETTER = "I was charged twice for A-1093. Please refund one of them."


def test_a_tool_offers_its_result_and_its_arguments() -> None:
    step = DESK["lookup_order"]
    said = {name: value_of(name, recorded_text(step, name)) for name in names_at(step)}
    parcel = {"carrier": "hare", "noted": "grey 315116528"}
    assert said == {
        "tool.result": {"number": "A-1093", "cents": 4900, "parcel": parcel},
        "tool.arguments": {"number": "A-1093"},
    }
    assert recorded_text(DESK["send"], "tool.result") == "sent"
    assert recorded_text(DESK["refund"], "tool.result") == ""  # it raised


def test_a_prompt_offers_its_answer_and_what_it_was_asked() -> None:
    step = DESK["chat gpt-4o-mini"]
    said = {name: value_of(name, recorded_text(step, name)) for name in names_at(step)}
    assert said == {
        "prompt.answer": "444746808 by gpt-4o-mini",
        "prompt.system": SYSTEM,
        "prompt.messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": LETTER}],
    }


def test_other_steps_offer_nothing() -> None:
    assert names_at(DESK["case: reading"]) == names_at(DESK["desk"]) == ()


def test_what_a_terminal_would_obey_is_escaped_and_reads_back_as_itself() -> None:
    step = next(one for one in from_file(RECORDINGS / "hostile.playhead").steps if one.own_name == "read")
    text = recorded_text(step, "tool.arguments")
    assert printable(text) == text
    assert "\x1b[31mred" in value_of("tool.arguments", text)["letter"]


@pytest.mark.parametrize("text", ["tool.arguments=[1]", "prompt.messages={}", "tool.colour=red", "tool.result"])
def test_what_cannot_be_set_is_refused_in_words(text: str) -> None:
    with pytest.raises(UsageError, match=r"takes JSON|is not known"):
        change_of(text)
