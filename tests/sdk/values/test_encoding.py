"""Values written as JSON and read back: the same value of the same type, or a word about why not."""

from __future__ import annotations

import datetime as dt
import json
import math
import threading
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, Flag, IntEnum, StrEnum, auto
from fractions import Fraction
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple, TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, PrivateAttr, SecretStr
from tests.properties import examples

from playhead.values.decoding import Opaque, Undecodable, decode, import_class
from playhead.values.encoding import encode


class Color(Enum):
    RED = "red"
    BLUE = (1, 2)


class Level(IntEnum):
    LOW = 1


class Word(StrEnum):
    YES = "yes"


class Access(Flag):
    READ = auto()
    WRITE = auto()


class Point(NamedTuple):
    x: float
    label: str = ""


class Ticket(TypedDict):
    id: str


@dataclass
class Receipt:
    order: str
    cents: int
    lines: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Address:
    city: str
    extra: Any = None


@dataclass
class Guarded:
    name: str

    def __post_init__(self) -> None:
        raise AssertionError("decoding must not run the agent's code")


class Model(BaseModel):
    name: str
    price: Decimal = Decimal("1.50")
    inner: Model | None = None
    _note: str = PrivateAttr(default="")


class Open(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)
    name: str


class NotFound(LookupError):
    def __init__(self, order: str) -> None:
        super().__init__(f"no order {order}")
        self.order = order


class Plain:
    def __init__(self) -> None:
        self.id = "p1"
        self._secret = "hidden"
        self.lock = threading.Lock()


class Text(str):
    __slots__ = ()


PARIS = ZoneInfo("Europe/Paris")

EXACT: list[Any] = [
    None,
    True,
    -0.0,
    1e300,
    2**63 - 1,
    2**64,
    -(10**5000),
    math.inf,
    -math.inf,
    1 + 2j,
    complex(math.inf, -0.0),
    "",
    "\ud800 half a pair",
    "naïve 😀 \u2028 \x00",
    b"",
    b"plain",
    b"\x00\xff",
    bytearray(b"ab"),
    {"a": [1, {"b": None}]},
    {"$tuple": [1]},
    {"a": "$5"},
    {1: "int", "1": "text", None: 0, (1, 2): []},
    (),
    ((), ()),
    (1, [2, (3,)]),
    {1, "a", (2, 3)},
    frozenset({frozenset(), 1}),
    deque([1, 2], maxlen=5),
    OrderedDict([("b", 1), ("a", 2)]),
    Counter("hello"),
    defaultdict(list, {"a": [1]}),
    range(1, 10, 3),
    ...,
    Color.RED,
    [Color.BLUE, Color.BLUE],
    Level.LOW,
    Word.YES,
    Access.READ | Access.WRITE,
    Point(1.5, "here"),
    Ticket(id="t1"),
    dt.datetime(2026, 11, 21, 10, 0, 0, 123456),
    dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC),
    dt.datetime(2026, 11, 21, 10, tzinfo=dt.timezone(dt.timedelta(hours=-5, seconds=7), "EST")),
    dt.datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=1),
    dt.date(1, 1, 1),
    dt.time(23, 59, 59, 999999, tzinfo=dt.UTC),
    dt.timedelta(days=-1, microseconds=1),
    dt.timezone(dt.timedelta(hours=2)),
    PARIS,
    Decimal("1.10"),
    Decimal("NaN"),
    Decimal("-Infinity"),
    Fraction(-1, 3),
    Fraction(1, 3**9_000),
    UUID("12345678123456781234567812345678"),
    Path("/tmp/a b"),
    PurePosixPath("a/b"),
    PureWindowsPath("c:\\a"),
    Receipt("o1", 5, [Address("Rome"), {1}]),
    Address("Oslo", extra=Address("Bergen", (1,))),
    Model(name="a", inner=Model(name="b", price=Decimal("2.00"))),
    Open.model_validate({"name": "a", "more": (1, 2)}),
]


def same(a: Any, b: Any) -> bool:
    """Equal, and of equal types all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (float, Decimal)):
        return repr(a) == repr(b)
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, dict):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a.items(), b.items(), strict=True))
    if isinstance(a, (list, tuple, deque)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dt.datetime):
        return a == b and repr(a) == repr(b) and a.fold == b.fold
    return bool(a == b)


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
        "$dataclass": f"{__name__}:Receipt",
        "fields": {
            "order": "o1",
            "cents": 5,
            "lines": [
                {"$date": "2026-11-21"},
                {"$tuple": [1, 2]},
                {"$ascii": "ok"},
                {"$enum": f"{__name__}:Color", "name": "RED"},
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
    assert json.loads(written.json) == {"$opaque": f"{__name__}:Plain", "fields": {"id": "p1"}}
    assert decode(written.json, approximate=True) == Opaque(f"{__name__}:Plain", {"id": "p1"})
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


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as caught:
        return caught


def test_an_exception_comes_back_with_its_arguments_attributes_cause_and_notes() -> None:
    error = NotFound("o1")
    error.add_note("looked twice")
    written = encode(raised(error, KeyError("o1")))
    assert written.exact, written.why
    assert json.loads(written.json)["message"] == "no order o1"
    back = decode(written.json)
    assert type(back) is NotFound
    assert (str(back), back.args, back.order) == ("no order o1", ("no order o1",), "o1")
    assert back.__notes__ == ["looked twice"]
    assert repr(back.__cause__) == "KeyError('o1')"
    assert back.__suppress_context__


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        KeyError("a"),
        OSError(2, "No such file", "a.txt"),
        FileNotFoundError(2, "No such file", "a", None, "b"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        ImportError("no x", name="x", path="y"),
        StopIteration((1, 2)),
        SystemExit(3),
        TimeoutError(),
        ExceptionGroup("two", [ValueError(1), NotFound("x")]),
        SyntaxError("bad", ("f.py", 1, 2, "x =", 1, 3)),
        json.JSONDecodeError("bad", "{", 1),
    ],
    ids=lambda error: type(error).__name__,
)
def test_exceptions_of_the_language_come_back(error: BaseException) -> None:
    written = encode(error)
    assert written.exact, written.why
    back = decode(written.json)
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert repr(back.args) == repr(error.args)
    assert repr(vars(back)) == repr(vars(error))
    for name in ("filename", "filename2", "name", "path", "value", "code", "reason", "lineno", "errno"):
        assert getattr(back, name, None) == getattr(error, name, None)


def test_a_model_keeps_which_fields_were_given_and_its_private_ones() -> None:
    model = Model(name="a")
    model._note = "n"
    back = decode(encode(model).json)
    assert back.model_fields_set == {"name"}
    assert back._note == "n"
    assert back.model_dump() == model.model_dump()
    extra = Open.model_validate({"name": "a", "x": 1})
    assert decode(encode(extra).json).model_extra == {"x": 1}
    assert decode(encode(Open(name="a")).json) == Open(name="a")


def test_decoding_runs_none_of_the_agents_code() -> None:
    text = f'{{"$dataclass":"{__name__}:Guarded","fields":{{"name":"x"}}}}'
    assert decode(text).name == "x"


@pytest.mark.parametrize(
    "text",
    [
        '{"$dataclass":"os:system","fields":{}}',
        '{"$enum":"builtins:eval","name":"x"}',
        '{"$exception":"subprocess:Popen","args":["true"]}',
        '{"$namedtuple":"builtins:tuple","fields":[]}',
        '{"$pydantic":"builtins:dict","fields":{}}',
        '{"$dataclass":"no.such.module:X","fields":{}}',
        '{"$dataclass":"antigravity:X","fields":{}}',
        f'{{"$dataclass":"{__name__}:Receipt","fields":{{"__class__":1}}}}',
        f'{{"$dataclass":"{__name__}:EXACT","fields":{{}}}}',
        f'{{"$enum":"{__name__}:Color","name":"GREEN"}}',
        '{"$nonsense":1}',
        '{"$ref":"/a"}',
        '{"$int":5}',
        '{"$tuple":7}',
        '{"$datetime":"yesterday"}',
        '{"$exception":"builtins:UnicodeDecodeError","args":[]}',
        '{"$',
    ],
)
def test_a_text_that_asks_for_more_than_plain_values_is_refused(text: str) -> None:
    with pytest.raises(Undecodable):
        decode(text)


def test_a_module_is_imported_only_where_that_was_asked_for() -> None:
    text = '{"$exception":"wave:Error","args":["x"]}'
    with pytest.raises(Undecodable, match="import_class"):
        decode(text)
    assert str(decode(text, import_class)) == "x"


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
