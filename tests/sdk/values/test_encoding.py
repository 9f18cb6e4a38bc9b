"""Values are written as JSON that people can read, and come back as the same value of the same type."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.properties import examples
from tests.sdk.values.things import (
    EXACT,
    PARIS,
    Access,
    Address,
    Color,
    Level,
    Point,
    Receipt,
    Word,
    same,
)

from playhead.values.decoding import decode
from playhead.values.encoding import encode


@pytest.mark.parametrize("value", EXACT, ids=lambda value: f"{type(value).__name__}")
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    written = encode(value)
    assert written.exact, written.why
    written.json.encode()
    assert same(decode(written.json), value), written.json


def test_not_a_number_comes_back() -> None:
    written = encode({"x": math.nan})
    assert written.json == '{"x":{"$float":"nan"}}'
    assert math.isnan(decode(written.json)["x"])


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(max_size=20)
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.uuids()
    | st.datetimes(timezones=st.none() | st.just(dt.UTC) | st.just(PARIS))
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.sampled_from([*Color, *Level, *Word, *Access])
)
HASHABLE = st.recursive(LEAVES, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=6)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=4) | st.just("$ref"), inner, max_size=4)
        | st.dictionaries(HASHABLE, inner, max_size=3)
        | st.tuples(inner, inner)
        | st.sets(HASHABLE, max_size=3)
        | st.builds(Receipt, st.text(), st.integers(), st.lists(inner, max_size=2))
        | st.builds(Address, st.text(), inner)
        | st.builds(Point, st.floats(allow_nan=False), st.text())
    ),
    max_leaves=20,
)


@examples(100, 3000)
@given(VALUES)
def test_whatever_is_said_to_be_exact_is(value: Any) -> None:
    written = encode(value)
    assert written.exact, written.why
    back = decode(written.json)
    assert same(back, value)
    assert encode(back).json == written.json


def test_plain_values_are_plain_json() -> None:
    assert encode({"order_id": "x", "n": [1, 2.5, None, True]}).json == '{"order_id":"x","n":[1,2.5,null,true]}'


def test_the_encoding_can_be_read_by_people() -> None:
    receipt = Receipt("o1", 5, [dt.date(2026, 11, 21), (1, 2), b"ok", Color.RED])
    assert json.loads(encode(receipt).json) == {
        "$dataclass": f"{Color.__module__}:Receipt",
        "fields": {
            "order": "o1",
            "cents": 5,
            "lines": [
                {"$date": "2026-11-21"},
                {"$tuple": [1, 2]},
                {"$ascii": "ok"},
                {"$enum": f"{Color.__module__}:Color", "name": "RED"},
            ],
        },
    }


def test_equal_sets_are_written_alike_whatever_order_they_are_in() -> None:
    words = [f"w{n}" for n in range(50)]
    assert encode(set(words)).json == encode({words[-1], *words}).json


def test_what_is_shared_comes_back_shared_and_circles_come_back_circular() -> None:
    shared = {"n": [1]}
    back = decode(encode({"a/b": shared, "c": [shared, shared["n"]]}).json)
    assert back["a/b"] is back["c"][0]
    assert back["c"][1] is back["a/b"]["n"]
    circle: list[Any] = [1]
    circle.append({"self": circle})
    written = encode(circle)
    assert written.exact
    back = decode(written.json)
    assert back[1]["self"] is back
    receipt = Receipt("o", 1)
    receipt.lines.append(receipt)
    back = decode(encode(receipt).json)
    assert back.lines[0] is back


def test_shared_values_are_written_once_however_often_they_are_nested() -> None:
    value: Any = ["leaf"]
    for _ in range(40):
        value = (value, value)
    written = encode(value)
    assert written.exact
    assert len(written.json) < 10_000
    back = decode(written.json)
    assert back[0] is back[1]
    for _ in range(40):
        back = back[0]
    assert back == ["leaf"]
