"""What the reading port does for a reader is bounded: in time, in memory, in size."""

from __future__ import annotations

import pytest
from tests.collector.facade.port import Port, serving
from tests.collector.facade.refusal import TOO_LARGE_RESULT, TOO_MUCH_MEMORY, TOO_SLOW

from playhead_collector.facade import ChdbEngine, Limits

BOUNDED = Limits(seconds=1, memory_bytes=200_000_000, whole_bytes=4_000_000, concurrent=2, waiting_seconds=30)


@pytest.mark.parametrize(
    "statement",
    [
        "select repeat('a', 900000000)",
        "select length(groupArray(number)) from numbers(1000000000)",
        "select uniqExact(number) from numbers(1000000000)",
        "select length(arrayMap(x -> arrayResize([x], 100000), range(100000)))",
        "select sum(a.number + b.number) from numbers(30000000) as a "
        "join numbers(30000000) as b on a.number = b.number",
    ],
)
def test_a_memory_bomb_is_defused(reading_engine: ChdbEngine, statement: str) -> None:
    with serving(reading_engine, BOUNDED) as port:
        said = port.ask(statement)
        assert said.code in (TOO_MUCH_MEMORY, TOO_SLOW), said.text
        assert "LIMIT" in said.text
        assert port.ask("select repeat('a', 3)").text == "aaa\n"


@pytest.mark.parametrize("format_", ["TabSeparated", "JSON"])
def test_a_time_bomb_is_defused(reading_engine: ChdbEngine, format_: str) -> None:
    with serving(reading_engine, BOUNDED) as port:
        said = port.ask(f"select count() from numbers(1000000000000) where cityHash64(number) = 1 format {format_}")
        assert (said.code, said.status) == (TOO_SLOW, 408)
        assert port.ask("select 1").text == "1\n"


def test_what_the_engine_cannot_interrupt_keeps_no_client_waiting(reading_engine: ChdbEngine) -> None:
    stubborn = Limits(seconds=0.3, grace_seconds=0.1, concurrent=2)
    with serving(reading_engine, stubborn) as port:
        # One block of work of a few seconds, in which the engine looks neither at the clock nor at KILL.
        said = port.ask("select length(arrayMap(x -> has(range(300000), x + 1000000), range(60000)))")
        assert said.code == TOO_SLOW, said.text
        assert "cannot be interrupted" in said.text
        assert port.ask("select 'the other seat'").text == "the other seat\n"


def test_a_huge_whole_result_is_refused_and_a_streamed_one_is_not_held_in_memory(reading_engine: ChdbEngine) -> None:
    with serving(reading_engine, Limits(whole_bytes=4_000_000)) as port:
        huge = "select number, toString(number) from numbers(1000000)"
        for name in ("JSON", "Arrow", "Parquet", "TSVWithNames"):
            said = port.ask(f"{huge} format {name}")
            assert said.code == TOO_LARGE_RESULT
            assert "Add LIMIT" in said.text
        assert len(port.ask(f"{huge} format Native").body) > 10_000_000
        assert port.ask(f"{huge} limit 2 format TSVWithNames").text.count("\n") == 3


@pytest.mark.parametrize(
    "statement",
    [
        "select " + "(" * 20000 + "1" + ")" * 20000,
        "select " + "[" * 5000,
        "select " + "not " * 20000 + "1",
        "select " + "1+" * 100000 + "1",
        "select " + "1," * 100000 + "1",
        "select " + "case when " * 3000,
        "select * from " + "(select * from " * 3000 + "steps" + ")" * 3000,
        "select 1" + " union all select 1" * 30000,
    ],
    ids=["brackets", "arrays", "nots", "sums", "columns", "cases", "subqueries", "unions"],
)
def test_a_statement_that_is_costly_to_parse_is_refused(port: Port, statement: str) -> None:
    said = port.ask(statement)
    assert 400 <= said.status < 500, said.text
    assert port.ask("select 1").text == "1\n"


def test_an_overlong_statement_is_refused_before_it_is_parsed(port: Port) -> None:
    said = port.ask("select '" + "a" * (1024 * 1024) + "'")
    assert said.status == 413
    assert port.ask("select length('" + "a" * 900_000 + "')").text == "900000\n"
