"""Mistakes in what is declared are said at once, with what to write instead; what is told at run time never raises."""

from __future__ import annotations

import asyncio
import enum
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import playhead
from playhead import UsageError
from playhead.recorder.recorder import current
from playhead.testing import recording


class State(enum.Enum):
    NEW = "new"
    OPEN = "open"
    DONE = 3


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"endpoint": 4318}, "endpoint 4318 is no URL; write it as http://127.0.0.1:4318"),
        ({"endpoint": "localhost:4318"}, "is no URL"),
        ({"endpoint": "ftp://localhost"}, "is no URL"),
        ({"endpoint": "http://localhost:port"}, "is no URL"),
        ({"record": "everything"}, "record='everything' is no level; there are 'steps', 'wire', 'exact'"),
        ({"journal": 3}, "journal=3 is no folder's path"),
        ({"journal_limit_bytes": "1GB"}, "two gigabytes are 2147483648"),
        ({"journal_limit_bytes": 0}, "above 0"),
        ({"headers": "a=b"}, "headers='a=b' is no mapping"),
        ({"attributes": ["a"]}, r"attributes=\['a'\] is no mapping"),
        ({"redact_fields": "password"}, r"redact_fields='password' is no list; write \['password'\]"),
        ({"redact_patterns": ["("]}, r"redact_patterns: '\(' is no regular expression"),
        ({"redact": 3}, "redact=3 is no function"),
        ({"price": 0.1}, "price=0.1 is no function"),
    ],
)
def test_init_says_what_is_wrong_and_begins_nothing(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        playhead.init("x", **given)
    assert current() is None


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: playhead.tool("refund"), r"write @playhead.tool\(name='refund'\)"),  # type: ignore[call-overload]
        (lambda: playhead.agent("a"), r"write @playhead.agent\(name='a'\)"),  # type: ignore[call-overload]
        (lambda: playhead.tool(State), "State is a class: decorate its methods"),
        (lambda: playhead.tool(property(lambda _: 1)), "not property"),  # type: ignore[call-overload]
        (lambda: playhead.machine("m", initial="a", transitions=["a"]), "transitions is no mapping"),  # type: ignore[arg-type]
        (lambda: playhead.machine("m", initial="a", transitions={"a": "b"}), r"write a list: \['b'\]"),
        (lambda: playhead.machine("m", initial="a", transitions={"a": ["b"]}, terminal="b"), "terminal is 'b'"),
        (lambda: playhead.machine("m", initial="z", transitions={"a": ["b"]}), "from its initial state 'z'"),
    ],
)
def test_a_declaration_says_what_to_write_instead(declare: Callable[[], object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        declare()


def test_what_is_told_at_run_time_is_taken_as_it_comes() -> None:
    odd: Any
    with recording(transports=False) as recorded:
        for odd in (None, 3, 2.5, float("nan"), [1], {"a": 1}, object(), State.OPEN, b"\xff", "\ud800"):
            playhead.state(odd, machine=odd, why=odd)
            playhead.decision(odd, chosen=odd, options=[odd], reason=odd, more=odd)
            playhead.score("s", odd, comment=odd)
            playhead.effect("e", partial(lambda value: value, odd), more=odd)
            with (
                playhead.context(session=odd, user=odd, on_behalf_of=odd, tags={"t": odd}),
                playhead.step(odd, kind=odd) as step,
                playhead.approval("a", proposed=odd) as ask,
            ):
                step.set(odd, odd)
                step.event("x", name=odd, other=odd)
                ask.shown(odd, to=odd)
                ask.approve(by=odd, comment=odd)
    assert len(recorded.steps) == 60
    assert all(step.ended_ns and step.status == "unset" for step in recorded.steps)


def test_one_text_is_one_tag_and_one_option() -> None:
    with recording(transports=False) as recorded, playhead.context(tags="vip"):
        playhead.decision("which?", chosen="red", options="red")
    attributes = recorded.one("which?").attributes
    assert list(attributes["playhead.tags"]) == ["vip"]
    assert list(attributes["playhead.decision.options"]) == ["red"]


def test_states_may_be_enums() -> None:
    case = playhead.machine(
        "case",
        initial=State.NEW,
        transitions={State.NEW: [State.OPEN], State.OPEN: [State.DONE]},
        terminal=[State.DONE],
        strict=True,
    )
    with recording(transports=False) as recorded, playhead.step("run"):
        case.to(State.OPEN)
        case.to("DONE")
        assert (case.state, case.ended) == ("DONE", True)
        with pytest.raises(playhead.IllegalTransition, match="'DONE' ends it, and 'new' came after"):
            case.to(State.NEW)
    assert [step.name for step in recorded.of_kind("state")][:2] == ["case: open", "case: DONE"]


def test_a_step_that_is_over_takes_nothing_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with recording(transports=False) as recorded:
        with playhead.step("s") as step:
            pass
        step.set("late", 1)
        step.event("late")
    assert "late" not in recorded.one("s").attributes
    assert recorded.one("s").events == []
    assert caplog.records == []
    assert repr(step) == "<step 0000000000000001 of run 00000000000000000000000000000001>"


def test_an_effect_that_is_awaited_is_recorded_when_it_came() -> None:
    async def rate() -> float:
        await asyncio.sleep(0)
        return 1.07

    async def main() -> float:
        return await playhead.effect("rate", rate)

    with recording(transports=False) as recorded:
        assert asyncio.run(main()) == 1.07
    assert recorded.one("rate").attributes["playhead.effect.result"] == "1.07"


def test_annotations_of_any_kind_break_nothing() -> None:
    class Hostile:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("not now")

        __hash__ = None  # type: ignore[assignment]

    def odd(a: int, b: int) -> int:
        return a

    odd.__annotations__ = {"a": Hostile(), "b": [1, 2], "return": Ellipsis}
    with recording(transports=False) as recorded:
        assert playhead.tool(odd)(1, 2) == 1
    assert recorded.one("odd").events == []


def test_recording_goes_on_and_ends_twice_quietly(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    program = """
import sys, playhead
playhead.init("x", send=False, journal=sys.argv[1])
playhead.init("y", record="exact")
@playhead.tool
def look(): return 1
look()
print(playhead.flush(), playhead.shutdown(), playhead.shutdown(), look())
"""
    with caplog.at_level(logging.WARNING):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
        )
    assert (done.stdout, done.stderr) == ("True True True 1\n", "")
    lines = "".join(path.read_text() for path in tmp_path.glob("*/*.jsonl")).splitlines()
    records = [record for record in map(json.loads, lines) if isinstance(record, list)]
    assert [record[4] for record in records if record[0] == "s"] == ["execute_tool look"] * 2
