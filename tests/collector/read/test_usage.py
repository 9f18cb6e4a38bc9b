"""Tokens and cost by model and day: what a run's row sums up is what its calls say, one by one."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.collector.database import StoreDatabase
from tests.collector.dialects.spans import DAY_NS, span, traces
from tests.properties import examples

from playhead_collector.read.usage import ModelDay, usage_by_model

_DAY_MS = 86_400_000
_START = datetime.fromtimestamp(DAY_NS / 1e9, UTC)
_TO_MIDNIGHT_MS = _DAY_MS - (_START.hour * 3600 + _START.minute * 60 + _START.second) * 1000


def call(model: str, tokens: tuple[int, int] | None, at_ms: float, parent: Span, cost: float | None = None) -> Span:
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "made-up",
        "gen_ai.request.model": model,
    }
    if tokens is not None:
        attributes |= {"gen_ai.usage.input_tokens": tokens[0], "gen_ai.usage.output_tokens": tokens[1]}
    if cost is not None:
        attributes["gen_ai.usage.cost"] = cost
    return span("chat", attributes, parent=parent, at=(at_ms, at_ms + 5))


def test_calls_are_summed_by_day_and_model_and_what_nobody_said_stays_unknown(store_database: StoreDatabase) -> None:
    root = span("agent", {"gen_ai.operation.name": "invoke_agent"}, at=(0, _DAY_MS))
    store_database.insert(
        traces(
            root,
            call("one", (10, 1), 0, root, cost=0.5),
            call("two", (7, 3), 10, root),
            call("one", (20, 2), 20, root, cost=0.25),
            call("one", (40, 4), _TO_MIDNIGHT_MS + 1, root, cost=1.0),
            call("mute", None, 30, root),
        ),
        traces(span("agent", {"gen_ai.operation.name": "invoke_agent"})),
    )
    store_database.recompute()
    first, second = _START.date(), date.fromordinal(_START.toordinal() + 1)
    of_first = [
        ModelDay(first, "made-up", "one", 2, 30, 3, 0.75),
        ModelDay(first, "made-up", "mute", 1, None, None, None),
        ModelDay(first, "made-up", "two", 1, 7, 3, None),
    ]
    of_second = [ModelDay(second, "made-up", "one", 1, 40, 4, 1.0)]
    assert usage_by_model(store_database.client) == of_second + of_first
    assert usage_by_model(store_database.client, last=first) == of_first
    assert usage_by_model(store_database.client, first=second) == of_second
    assert usage_by_model(store_database.client, first=second, last=first) == []


def test_a_step_that_came_again_is_summed_once(store_database: StoreDatabase) -> None:
    root = span("agent", {"gen_ai.operation.name": "invoke_agent"})
    request = traces(root, call("one", (10, 1), 0, root))
    for _ in range(2):
        store_database.insert(request)
        store_database.recompute()
    assert usage_by_model(store_database.client) == [ModelDay(_START.date(), "made-up", "one", 1, 10, 1, None)]


RUNS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.none() | st.tuples(st.integers(0, 2**40), st.integers(0, 2**40)),
        st.integers(0, 3 * _DAY_MS),
        st.none() | st.integers(0, 1000).map(lambda eighths: eighths / 8),
    ),
    max_size=12,
)


# Many runs in each of few examples: an insert takes as long for one.
@examples(2, 20, HealthCheck.function_scoped_fixture)
@given(st.lists(RUNS, min_size=30, max_size=40))
def test_a_rows_sums_are_those_of_its_calls(store_database: StoreDatabase, told: list[list[Any]]) -> None:
    sent = [_run_of(calls) for calls in told]
    store_database.insert(traces(*(one for run in sent for one in run)))
    runs = [run[0].trace_id.hex() for run in sent]
    store_database.recompute(runs)
    groups: dict[Any, list[Any]] = defaultdict(list)
    rows = store_database.rows(
        "SELECT run_id, toDate(start_time) AS day, toString(c.model) AS name, is_sum, input_tokens, output_tokens, "
        "cost_usd FROM calls AS c WHERE run_id IN {runs:Array(String)}",
        runs=runs,
    )
    for row in rows:
        groups[row["run_id"], row["day"], row["name"]].append(row)
    expected = {
        key: (
            sum(not row["is_sum"] for row in group),
            *(_sum(row[name] for row in group) for name in ("input_tokens", "output_tokens", "cost_usd")),
        )
        for key, group in groups.items()
    }
    summed = store_database.rows(
        "SELECT *, toString(u.model) AS name FROM usage AS u WHERE run_id IN {runs:Array(String)}", runs=runs
    )
    assert {
        (row["run_id"], row["day"], row["name"]): (
            row["calls"], row["input_tokens"], row["output_tokens"], row["cost_usd"],
        )
        for row in summed
    } == expected  # fmt: skip
    assert len(summed) == len(expected)


def _run_of(calls: list[Any]) -> list[Span]:
    root = span("agent", {"gen_ai.operation.name": "invoke_agent"})
    return [root, *(call(model, tokens, at, root, cost) for model, tokens, at, cost in calls)]


def _sum(values: Any) -> Any:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
