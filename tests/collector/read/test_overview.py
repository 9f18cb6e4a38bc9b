"""Lists in pieces, and what all runs of a search are together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.collector.database import StoreDatabase, fresh_database
from tests.collector.dialects.spans import DAY_NS, span, traces

from playhead_collector.read.filter import RunFilter
from playhead_collector.read.overview import Bar, Facet, facets_of_runs, histogram_of_runs, totals_of_runs
from playhead_collector.read.query_line import parse_query
from playhead_collector.read.runs import END, ORDERS, Order, PlacedRun, page_of_runs
from playhead_collector.store.engine import Engine

FIRST = datetime.fromtimestamp(DAY_NS / 1e9, UTC)
RUNS = 23


@pytest.fixture(scope="module")
def database(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    """Runs a minute apart; many are equal in all that a list is sorted by."""
    spans = []
    for number in range(RUNS):
        at = (number * 60_000.0, number * 60_000 + 1000.0 * (number % 4 + 1))
        root = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": f"agent-{number % 3}",
            "gen_ai.agent.version": "1.0" if number < 20 else "1.1",
            "user.id": f"user-{number % 5}",
        }
        began = span("root", root, at=at, error="no" if number % 5 == 0 else None)
        spans.append(began)
        for _ in range(number % 4):
            chat = {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-4o-mini" if number % 2 else "gpt-4o",
                "gen_ai.usage.input_tokens": 1000 * (number % 3),
                "gen_ai.usage.output_tokens": 10,
            }
            child = span("chat", chat, parent=began, at=at)
            child.parent_span_id = began.span_id
            spans.append(child)
    with fresh_database(engine, tmp_path_factory.mktemp("overview")) as database:
        database.insert(traces(*spans))
        database.recompute()
        yield database


def in_pieces(database: StoreDatabase, wanted: RunFilter, order: Order, size: int) -> list[PlacedRun]:
    found = page_of_runs(database.client, wanted, order, size)
    while piece := page_of_runs(database.client, wanted, order, size, after=found[-1].place):
        found += piece
    return found


@pytest.mark.parametrize("by", ORDERS)
@pytest.mark.parametrize("descending", [True, False])
def test_pieces_of_a_sorted_list_are_the_list_with_nothing_twice_or_missing(
    database: StoreDatabase, by: str, descending: bool
) -> None:
    order = Order(by, descending)
    whole = page_of_runs(database.client, RunFilter(), order, 1000)
    assert len({one.row.run_id for one in whole}) == RUNS
    assert in_pieces(database, RunFilter(), order, 4) == whole
    assert [one.place.run_id for one in whole] == [one.row.run_id for one in whole]
    assert page_of_runs(database.client, RunFilter(), order, 5, before=whole[11].place) == whole[6:11]
    assert page_of_runs(database.client, RunFilter(), order, 5, before=END) == whole[-5:]
    assert page_of_runs(database.client, RunFilter(), order, 5, before=END, skip=3) == whole[-8:-3]
    assert page_of_runs(database.client, RunFilter(), order, 5, skip=9) == whole[9:14]


def test_a_list_is_sorted_by_what_it_shows_and_unknown_is_least(database: StoreDatabase) -> None:
    by_cost = [one.row.cost_usd for one in page_of_runs(database.client, RunFilter(), Order("cost"), 100)]
    known = [usd for usd in by_cost if usd is not None]
    assert known == sorted(known, reverse=True) and by_cost == [*known, *[None] * (RUNS - len(known))]
    by_time = [one.row.seconds or 0 for one in page_of_runs(database.client, RunFilter(), Order("time", False), 100)]
    assert by_time == sorted(by_time) and by_time[0] < by_time[-1]


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ("", 23),
        ("agent:agent-0", 8),
        ("status:error", 5),
        ("steps>2", 11),
        ("steps=1", 6),
        ("tokens>=2k", 9),
        ("tokens<2k", 14),
        ("time>3s", 5),
        ("time<=1s", 6),
        ("errors>0", 5),
        ("cost>0 model:gpt-4o-mini", 11),
        ("user:user-* version:1.1", 3),
        ("run:zz", 0),
    ],
)
def test_totals_are_of_the_runs_that_are_listed(database: StoreDatabase, line: str, runs: int) -> None:
    wanted = parse_query(line, FIRST)
    listed = [one.row for one in page_of_runs(database.client, wanted, Order(), 100)]
    totals = totals_of_runs(database.client, wanted)
    assert (totals.runs, totals.steps) == (len(listed), sum(row.steps for row in listed))
    assert totals.runs == runs
    assert (totals.first is None) == (not runs)


def test_facets_count_the_alternatives_of_what_is_asked_for(database: StoreDatabase) -> None:
    everything = facets_of_runs(database.client, RunFilter())
    assert everything["status"] == [Facet("ok", 18), Facet("error", 5)]
    assert everything["version"] == [Facet("1.0", 20), Facet("1.1", 3)]
    assert [facet.value for facet in everything["model"]] == ["gpt-4o-mini", "gpt-4o"]
    assert everything["tool"] == []
    errors = facets_of_runs(database.client, parse_query("status:error", FIRST))
    assert errors["status"] == everything["status"]
    assert sum(facet.runs for facet in errors["agent"]) == 5
    assert facets_of_runs(database.client, RunFilter(), most=2)["user"] == everything["user"][:2]


def test_a_histogram_has_each_run_in_its_bar(database: StoreDatabase) -> None:
    totals = totals_of_runs(database.client, RunFilter())
    assert totals.first is not None and totals.last is not None
    histogram = histogram_of_runs(database.client, RunFilter(), totals.first, totals.last, 60)
    assert histogram.width == timedelta(seconds=30)
    assert histogram.first <= totals.first < histogram.start_of(1)
    assert sum(bar.runs for bar in histogram.bars) == RUNS and sum(bar.failed for bar in histogram.bars) == 5
    assert histogram.bars[0] == Bar(1, 1) and histogram.bars[1] == Bar(0, 0)
    chosen = RunFilter(since=histogram.start_of(2), until=histogram.start_of(7))
    assert totals_of_runs(database.client, chosen).runs == sum(bar.runs for bar in histogram.bars[2:7]) > 0


def test_a_histogram_of_one_moment_is_one_bar(database: StoreDatabase) -> None:
    histogram = histogram_of_runs(database.client, RunFilter(until=FIRST + timedelta(seconds=1)), FIRST, FIRST, 60)
    assert sum(bar.runs for bar in histogram.bars) == 1
