"""Values of an agent's own types, for tests of how they are written."""

from __future__ import annotations

import datetime as dt
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

from pydantic import BaseModel, ConfigDict, PrivateAttr


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
