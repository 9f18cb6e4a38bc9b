"""The language of breakpoints: what an expression means, and where it is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from playhead.errors import UsageError
from playhead_replay.stepping.breakpoints import breakpoint_of

STEP: dict[str, Any] = {
    "kind": "tool", "tool": "refund", "name": "refund", "model": "", "lane": "0/1", "status": "error",
    "error": "PaymentError: window closed", "step": 41, "cost": 0.74, "tokens": 151_000, "context": 38_100,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "is_met"),
    [
        ("kind=tool and tool=refund", True),
        ("kind=tool and tool=lookup", False),
        ("KIND = Tool AND not tool = lookup", True),
        ("kind=prompt or tool=refund and status=error", True),
        ("(kind=prompt or tool=refund) and status=ok", False),
        ("not (kind=prompt or status=ok)", True),
        ("step>40", True),
        ("step>=42", False),
        ("cost>0.5 and cost<$1", True),
        ("context>100k", False),
        ("tokens >= 0.15M", True),
        ("name~^ref", True),
        ("name !~ 'order|find'", True),
        ('error~"window\\ closed"', True),
        ("error = 'PaymentError: window closed'", True),
        ("model != gpt-5", True),
        ("lane=0/1", True),
    ],
)
def test_an_expression_is_asked_of_a_step(text: str, is_met: bool) -> None:
    assert bool(breakpoint_of(text).test(STEP.get)) is is_met


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", 0, "an expression is expected"),
        ("colour=red", 0, "'colour' is no field"),
        ("kind", 4, "one of = != < <= > >= ~ !~"),
        ("kind tool", 5, "one of = != < <= > >= ~ !~"),
        ("kind=", 5, "a value is expected"),
        ("kind=tool tool=refund", 10, "'and' or 'or' is expected"),
        ("(kind=tool", 10, "')' is expected"),
        ("kind=tool)", 9, "'and' or 'or' is expected"),
        ("kind=tool and", 13, "a field is expected"),
        ("step>many", 5, "a number"),
        ("kind>tool", 5, "it is compared by"),
        ("name~'('", 5, "no regular expression"),
        ("name='open", 5, "a quote is open"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, place: int, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        breakpoint_of(text)
    what, shown, mark = str(caught.value).split("\n")
    assert said in what
    assert shown == f"  {text}"
    assert mark.index("^") - 2 == place


def test_running_numbers_stop_where_they_become_true_and_words_each_time() -> None:
    steps: list[dict[str, Any]] = [
        {"step": 1, "cost": 0.2, "kind": "tool"},
        {"step": 2, "cost": 0.6, "kind": "tool"},
        {"step": 3, "cost": 0.9, "kind": "prompt"},
        {"step": 4, "cost": 0.9, "kind": "tool"},
    ]
    asked = [step.get for step in steps]
    assert breakpoint_of("cost>0.5").places(asked) == [1]
    assert breakpoint_of("kind=tool").places(asked) == [0, 1, 3]
    assert breakpoint_of("kind=tool and cost>0.5").places(asked) == [1, 3]
