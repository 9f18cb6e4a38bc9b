"""What cannot come back the same is written with a word about what, where and why not."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr
from tests.sdk.values.things import Model, Plain, Text

from playhead.values.decoding import Opaque, Undecodable, decode
from playhead.values.encoding import encode


def test_a_circle_through_a_tuple_is_cut_and_said_to_be() -> None:
    inner: list[Any] = []
    value = (inner,)
    inner.append(value)
    written = encode(value)
    assert not written.exact
    assert "circle" in str(written.why)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (object(), "object"),
        ({"a": [lambda: None]}, "/a/0"),
        (Text("x"), "Text"),
        (type("Local", (), {})(), "Local"),
        (Model(name="x").model_copy(update={"name": SecretStr("s3cret")}), "SecretStr"),
        (defaultdict(lambda: 0), "factory"),
        (threading.Lock(), "lock"),
    ],
)
def test_what_cannot_come_back_says_so_and_where(value: Any, why: str) -> None:
    written = encode(value)
    assert not written.exact
    assert why in str(written.why)
    assert "s3cret" not in written.json
    with pytest.raises(Undecodable) if "factory" not in why else pytest.raises(AssertionError):
        assert decode(written.json) != value, "a defaultdict without its factory is a dict"


def test_an_object_shows_its_plain_public_fields() -> None:
    written = encode(Plain())
    assert json.loads(written.json) == {"$opaque": f"{Plain.__module__}:Plain", "fields": {"id": "p1"}}
    assert decode(written.json, approximate=True) == Opaque(f"{Plain.__module__}:Plain", {"id": "p1"})
    assert decode(encode(Text("x")).json, approximate=True) == "x"


def test_a_local_class_cannot_be_found_again() -> None:
    @dataclass
    class Here:
        x: int

    written = encode(Here(1))
    assert not written.exact
    assert "cannot be found" in str(written.why)
    with pytest.raises(Undecodable, match="is not here"):
        decode(written.json)


def test_depth_and_text_are_bounded_and_what_was_cut_is_said() -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    written = encode(deep)
    assert not written.exact
    assert "deeper than 64" in str(written.why)
    long = encode({"text": "x" * 100}, max_text=10)
    assert long.json == '{"text":{"$cut":"100 characters","begins":"xxxxxxxxxx"}}'
    assert "100 characters" in str(long.why)
    assert decode(long.json, approximate=True) == {"text": "x" * 10}


def test_megabytes_are_kept_whole() -> None:
    value = {"page": "äx" * 2_000_000, "raw": b"\x00" * 1_000_000}
    written = encode(value)
    assert written.exact
    assert decode(written.json) == value


def test_a_value_that_cannot_even_be_looked_at_is_named() -> None:
    class Hostile(dict[str, int]):
        def __iter__(self) -> Any:
            raise RuntimeError("no")

        def items(self) -> Any:
            raise RuntimeError("no")

    class Bad(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    assert "Hostile" in encode(Hostile(a=1)).json
    assert '"a":1' in encode(Hostile(a=1)).json
    assert "Bad" in encode(Bad()).json
