"""Texts word by word, and values path by path: what is shown to differ, differs, and nothing is left out."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead_replay.diff.structure import ABSENT, Difference, diff_values
from playhead_replay.diff.words import diff_words

TEXT = st.lists(st.sampled_from(["the ", "refund ", "30", " days", ",", "\n", "退款", "é", "a-b "]), max_size=20).map(
    "".join
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["x", "y z", ""]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "c d"]), inner, max_size=3),
    max_leaves=12,
)


def marked(a: str, b: str) -> str:
    marks = {"both": "{}", "a": "[-{}-]", "b": "{{+{}+}}"}
    return "".join(marks[piece.where].format(piece.text) for piece in diff_words(a, b))


@given(TEXT, TEXT)
def test_the_words_of_either_side_are_its_text(a: str, b: str) -> None:
    pieces = diff_words(a, b)
    assert "".join(piece.text for piece in pieces if piece.where != "b") == a
    assert "".join(piece.text for piece in pieces if piece.where != "a") == b
    assert all(piece.text for piece in pieces)


@given(TEXT)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert all(piece.where == "both" for piece in diff_words(text, text))


@pytest.mark.parametrize(
    ("a", "b", "shown"),
    [
        ("within 30 days you may", "within 14 days you may", "within [-30-]{+14+} days you may"),
        ("Never promise a date.", "Never promise.", "Never promise[- a date-]."),
        ("Where is it?", "No.", "[-Where is it?-]{+No.+}"),
        ("三十天内退款", "十四天内退款", "[-三十-]{+十四+}天内退款"),
    ],
)
def test_a_change_is_shown_by_its_words(a: str, b: str, shown: str) -> None:
    assert marked(a, b) == shown


def test_a_long_text_is_compared_by_its_lines() -> None:
    a = "".join(f"line {number} of a page\n" for number in range(6_000))
    b = a.replace("line 4711 of", "line 4711 off")
    changed = [piece for piece in diff_words(a, b) if piece.where != "both"]
    assert [piece.text for piece in changed] == ["line 4711 of a page\n", "line 4711 off a page\n"]


@given(VALUES, VALUES)
def test_the_differences_make_the_one_value_the_other(a: Any, b: Any) -> None:
    assert _applied(a, diff_values(a, b)) == b


@given(VALUES)
def test_a_value_does_not_differ_from_itself(value: Any) -> None:
    assert diff_values(value, value) == ()


@pytest.mark.parametrize(
    ("a", "b", "paths"),
    [
        ({"order": {"cents": 1}}, {"order": {"cents": 2}}, ["order.cents"]),
        ({"items": [1, 2, 3]}, {"items": [1, 9, 3]}, ["items[1]"]),
        ({"items": [1, 2, 3]}, {"items": [2, 3]}, ["items[0]"]),
        ('{"a": 1}', {"a": 2}, ["a"]),
        ({"a": 1}, '{"a": 1.0}', []),
        ({"a": True}, {"a": 1}, ["a"]),
        ({"a b": 1}, {"a b": 2}, ["['a b']"]),
        ({"$dataclass": "shop:Order", "fields": {"id": 1}}, {"$dataclass": "s:Order", "fields": {"id": 2}}, ["id"]),
        (float("nan"), float("nan"), []),
        ([float("nan"), 1], [float("nan"), 2], ["[1]"]),
    ],
)  # fmt: skip
def test_a_difference_is_where_one_would_look_for_it(a: Any, b: Any, paths: list[str]) -> None:
    assert [one.path for one in diff_values(a, b)] == paths


def test_what_is_missing_is_not_null() -> None:
    assert diff_values({"a": None}, {}) == (Difference("a", None, ABSENT),)


def test_a_value_of_any_depth_is_compared() -> None:
    deep: Any = 1
    other: Any = 2
    for _ in range(500):
        deep, other = [deep], [other]
    assert len(diff_values(deep, other)) == 1


def _applied(value: Any, differences: tuple[Difference, ...]) -> Any:
    """The value with the differences put in; those of a list from its end, so that places stay what they were."""
    holder = {"value": copy.deepcopy(value)}
    gone = object()
    more: list[tuple[Any, int, Any]] = []
    for one in differences:
        at: Any = holder
        key: Any = "value"
        for name, quoted, place in re.findall(r"\.?([A-Za-z_]\w*)|\['([^']*)'\]|\[(\d+)\]", one.path):
            at, key = at[key], int(place) if place else name or quoted
        if one.a is ABSENT and isinstance(at, list):
            more.append((at, key, one.b))
        elif one.b is ABSENT:
            at[key] = gone
        else:
            at[key] = one.b
    for one_list, place, item in more:
        one_list.append(("more", place, item))
    return _without(holder["value"], gone)


def _without(value: Any, gone: object) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, gone) for key, item in value.items() if item is not gone}
    if isinstance(value, list):
        kept = [_without(item, gone) for item in value if item is not gone and not _is_more(item)]
        for _, place, item in sorted((item for item in value if _is_more(item)), key=lambda item: int(item[1])):
            kept.insert(place, item)
        return kept
    return value


def _is_more(item: Any) -> bool:
    return isinstance(item, tuple)
