"""What annotations promise, and what is said where it is broken."""

from __future__ import annotations

import asyncio
import datetime
import enum
import functools
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, NewType, NotRequired, Optional, TypedDict, Union

import pytest
from pydantic import BaseModel, Field

import playhead
from playhead.testing import Recorded, recording

if TYPE_CHECKING:
    from nowhere import OnlyForTypeCheckers  # type: ignore[import-not-found]

OrderId = NewType("OrderId", str)


class Colour(enum.Enum):
    RED = "red"


class Line(TypedDict):
    article: str
    count: int
    note: NotRequired[str]


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Item:
    name: str
    cents: int
    paid: datetime.date | None = None


@dataclass
class Node:
    name: str
    children: list[Node] = field(default_factory=list)
    cart: Cart | None = None


class Cart(BaseModel):
    customer: str = Field(alias="customerName", min_length=2)
    total: Decimal = Decimal(0)


def _cart(**changes: Any) -> Cart:
    cart = Cart(customerName="Ada")
    for name, value in changes.items():
        setattr(cart, name, value)
    return cart


BROKEN: Any = 3
DEEP = "field 'children' item 0 is int, not Node"
RIGHT_AND_WRONG: list[tuple[Any, Any, Any, str]] = [
    (int, 1, "1", "is str, not int"),
    (float, 1, "1.0", "is str, not float"),
    (int, 1, True, "is bool, not int"),
    (str, "a", None, "is None, not str"),
    (None, None, 3, "is int, not None"),
    (OrderId, "A-1", 7, "is int, not str"),
    (Annotated[int, "cents"], 1, 1.5, "is float, not int"),
    (datetime.datetime, datetime.datetime(2026, 1, 1), "2026-01-01", "is str, not datetime"),
    (Colour, Colour.RED, "red", "is str, not Colour"),
    (Literal["low", "high"], "low", "medium", "is 'medium', none of 'low', 'high'"),
    (Literal[1], 1, True, "is True, none of 1"),
    (Optional[int], None, "x", "is str, not int or None"),  # noqa: UP045
    (Union[int, str], "x", 2.5, "is float, not int or str"),  # noqa: UP007
    (int | None, 3, [], "is list, not int or None"),
    (Item | None, None, Item("a", "1"), "field 'cents' is str, not int"),  # type: ignore[arg-type]
    (list, [1], (1,), "is tuple, not list"),
    (list[int], [1, 2], [1, "2"], "item 1 is str, not int"),
    (list[Item], [Item("a", 1)], [Item("a", None)], "item 0 field 'cents' is None, not int"),  # type: ignore[arg-type]
    (Sequence[int], (1, 2), [None], "item 0 is None, not int"),
    (set[str], {"a"}, {1}, "item 0 is int, not str"),
    (tuple[int, ...], (1, 2), (1, "x"), "item 1 is str, not int"),
    (tuple[int, str], (1, "a"), (1,), "has 1 items, not 2"),
    (tuple[int, str], (1, "a"), (1, 2), "item 1 is int, not str"),
    (dict[str, int], {"a": 1}, {"a": "1"}, "['a'] is str, not int"),
    (dict[str, int], {}, {1: 1}, "key 1 is int, not str"),
    (Mapping[str, list[Line]], {}, {"x": [{}]}, "['x'] item 0 lacks 'article', 'count' of Line"),
    (dict, {}, [], "is list, not dict"),
    (Iterable[int], [1], ["x"], "item 0 is str, not int"),
    (Line, {"article": "a", "count": 1}, {"article": "a"}, "lacks 'count' of Line"),
    (Line, {"article": "a", "count": 1, "note": "n"}, {"article": "a", "count": "1"}, "field 'count' is str, not int"),
    (Line, {"article": "a", "count": 1}, {"article": "a", "count": 1, "x": 1}, "has 'x', which Line does not know"),
    (Point, Point(1, 2), Point(1, "2"), "field 'y' is str, not int"),  # type: ignore[arg-type]
    (Point, Point(1, 2), (1, 2), "is tuple, not Point"),
    (Item, Item("a", 1), {"name": "a", "cents": 1}, "is dict, not Item"),
    (Item, Item("a", 1, datetime.date(2026, 1, 1)), Item("a", 1, "today"), "field 'paid' is str, not date or None"),  # type: ignore[arg-type]
    (Node, Node("a", [Node("b")]), Node("a", [Node("b", [BROKEN])]), f"field 'children' item 0 {DEEP}"),
    (Cart, _cart(), _cart(total="much"), "is no valid Cart: 1 validation error for Cart total"),
    (Cart, _cart(), {"customerName": "Ada"}, "is dict, not Cart"),
    (list[Cart], [_cart()], [_cart(customer="A")], "item 0 is no valid Cart"),
    (Node, Node("a", cart=_cart()), Node("a", cart=_cart(customer="")), "field 'cart' is no valid Cart"),
]


def violations(recorded: Recorded) -> list[str]:
    told = [event for step in recorded.of_kind("tool") for event in step.events]
    return [str(details["what"]) for name, details in told if name == "playhead.contract.violation"]


@pytest.mark.parametrize(("hint", "right", "wrong", "words"), RIGHT_AND_WRONG)
def test_what_is_right_is_silent_and_what_is_wrong_is_said(hint: Any, right: Any, wrong: Any, words: str) -> None:
    def plain(value: Any) -> Any:
        return value

    plain.__annotations__ = {"value": hint, "return": hint}
    tool = playhead.tool(plain)
    with recording(transports=False) as recorded:
        assert tool(right) is right
        assert violations(recorded) == []
        assert tool(wrong) is wrong
    argument, result = violations(recorded)
    assert argument.startswith(f"value: {words}")
    assert result.startswith(f"return: {words}")


def test_what_cannot_be_looked_at_promises_nothing() -> None:
    class Client: ...

    @playhead.tool
    def call(
        client: Client,
        unknown: OnlyForTypeCheckers,
        some: Callable[[], int],
        one: Any,
        two: object,
        texts: Iterator[str],
    ) -> None: ...

    with recording(transports=False) as recorded:
        call(1, 2, 3, 4, 5, 6)  # type: ignore[arg-type]
    assert violations(recorded) == []


def test_an_annotation_that_cannot_be_resolved_takes_no_other_with_it() -> None:
    @playhead.tool
    def call(unknown: OnlyForTypeCheckers, cents: int) -> None: ...

    @dataclass
    class Half:
        unknown: OnlyForTypeCheckers
        cents: int

    @playhead.tool
    def half(value: Half) -> None: ...

    with recording(transports=False) as recorded:
        call(1, "2")  # type: ignore[arg-type]
        half(Half(1, "2"))  # type: ignore[arg-type]
    assert violations(recorded) == ["cents: is str, not int", "value: field 'cents' is str, not int"]


def test_types_of_an_enclosing_function_are_found() -> None:
    @dataclass
    class Local:
        cents: int

    @playhead.tool
    def pay(value: Local) -> list[Local]:
        return [value, None]  # type: ignore[list-item]

    with recording(transports=False) as recorded:
        pay(Local(1))
    assert violations(recorded) == ["return: item 1 is None, not Local"]


def test_types_that_are_defined_further_down_are_found() -> None:
    @playhead.tool
    def late(value: DefinedBelow) -> None: ...

    with recording(transports=False) as recorded:
        late(3)  # type: ignore[arg-type]
    assert violations(recorded) == ["value: is int, not DefinedBelow"]


@dataclass
class DefinedBelow:
    x: int


def test_star_arguments_and_named_ones_are_looked_at() -> None:
    @playhead.tool
    def gather(first: int, *rest: int, **named: str) -> None: ...

    with recording(transports=False) as recorded:
        gather(1, 2, "3", a="x", b=4)  # type: ignore[arg-type]
    assert violations(recorded) == ["*: is str, not int", "b: is int, not str"]


def test_methods_are_looked_at_without_their_object() -> None:
    class Shop:
        @playhead.tool
        def price(self, article: str) -> int:
            return "7"  # type: ignore[return-value]

        @playhead.tool
        @staticmethod
        def tax(cents: int) -> int:
            return cents

        @classmethod
        @playhead.tool
        def named(cls, name: str) -> Shop:
            return cls()

    with recording(transports=False) as recorded:
        Shop().price(7)  # type: ignore[arg-type]
        Shop.tax("7")  # type: ignore[arg-type]
        Shop.named("x")
    assert violations(recorded) == [
        "article: is int, not str", "return: is str, not int", "cents: is str, not int", "return: is str, not int",
    ]  # fmt: skip


def test_generators_are_looked_at_item_by_item() -> None:
    @playhead.tool
    def items(most: int) -> Generator[Item, None, int]:
        yield Item("a", 1)
        yield Item("b", "2")  # type: ignore[arg-type]
        yield Item("c", "3")  # type: ignore[arg-type]
        return "three"  # type: ignore[return-value]

    with recording(transports=False) as recorded:
        assert len(list(items(3))) == 3
    assert violations(recorded) == ["item 1 field 'cents' is str, not int", "return: is str, not int"]
    assert recorded.one("items").attributes["gen_ai.tool.call.result"].startswith('{"yielded":[')


def test_coroutines_and_asynchronous_generators_too() -> None:
    @playhead.tool
    async def one(cents: int) -> Item:
        return {"name": "a"}  # type: ignore[return-value]

    @playhead.tool
    async def many() -> AsyncIterator[int]:
        yield 1
        yield "2"  # type: ignore[misc]

    async def main() -> None:
        await one("1")  # type: ignore[arg-type]
        assert [item async for item in many()] == [1, "2"]

    with recording(transports=False) as recorded:
        asyncio.run(main())
    assert violations(recorded) == ["cents: is str, not int", "return: is dict, not Item", "item 1 is str, not int"]


def test_what_only_turns_out_to_be_a_coroutine_is_awaited_within_its_step() -> None:
    async def slow(cents: int) -> int:
        await asyncio.sleep(0)
        playhead.state("inside")
        return cents

    wrapped = playhead.tool(name="wrapped")(lambda cents: slow(cents + 1))
    partial = playhead.tool(name="partial")(functools.partial(slow, 5))

    async def main() -> list[int]:
        return [await wrapped(2), await partial()]

    with recording(transports=False) as recorded:
        assert asyncio.run(main()) == [3, 5]
    for name, result in (("wrapped", "3"), ("partial", "5")):
        step = recorded.one(name)
        assert step.attributes["gen_ai.tool.call.result"] == result
        assert [child.kind for child in recorded.children(step)] == ["state"]


def test_a_strict_agent_that_breaks_its_contract_has_failed() -> None:
    @playhead.agent(strict=True)
    def answer(question: str) -> Item:
        return None  # type: ignore[return-value]

    @playhead.tool(strict=True)
    def items() -> Iterator[int]:
        yield "x"  # type: ignore[misc]

    with recording(transports=False) as recorded:
        with pytest.raises(playhead.ContractViolation, match="answer: return: is None, not Item"):
            answer("?")
        with pytest.raises(playhead.ContractViolation, match="items: item 0 is str, not int"):
            list(items())
    assert [step.status for step in recorded.steps] == ["error", "error"]


def test_a_check_that_itself_fails_is_no_violation_and_no_error() -> None:
    class Odd(dict[str, Any]):
        def items(self) -> Any:
            raise RuntimeError("not now")

    @playhead.tool
    def look(value: dict[str, int]) -> None: ...

    with recording(transports=False) as recorded:
        look(Odd())
    assert violations(recorded) == []


def test_of_a_long_list_the_beginning_is_looked_at() -> None:
    @playhead.tool
    def count(values: list[int]) -> int:
        return len(values)

    with recording(transports=False) as recorded:
        count([*range(5_000), "x"])  # type: ignore[list-item]
        count([*range(500), "x"])  # type: ignore[list-item]
    assert violations(recorded) == ["values: item 500 is str, not int"]
