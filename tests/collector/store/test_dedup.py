"""A step is known by its run and its own id: however often and in whatever grouping it comes, it is one, everywhere.

Each case sends the same run in another way and asks all that reads: steps, calls, messages, the run's row, the export.
Nothing may depend on whether merges have happened yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import pytest
from clickhouse_connect.driver.client import Client
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.collector.database import StoreDatabase, fresh_database
from tests.collector.receive.messages import RUN, START, logs, span, traces

from playhead_collector.read.spans import records_of, spans_of
from playhead_collector.store.engine import Engine
from playhead_collector.store.runs import recompute

_SECOND = 10**9
_TABLES = ("step_rows", "message_rows", "scope_rows", "responses", "log_rows", "run_rows")


def _step(number: int, name: str, attributes: Mapping[str, str | int], **fields: Any) -> Span:
    values = [
        KeyValue(key=key, value=AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value))
        for key, value in attributes.items()
    ]
    start = START + number * _SECOND
    given = {"start_time_unix_nano": start, "end_time_unix_nano": start + _SECOND // 2, **fields}
    return span(name, span_id=number.to_bytes(8, "big"), attributes=values, **given)


def _prompt(number: int, said: Sequence[str], **fields: Any) -> Span:
    messages = [{"role": "user", "parts": [{"type": "text", "content": text}]} for text in said]
    return _step(
        number,
        "chat gpt-4o-mini",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.response.id": f"response-{number}",
            "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 100,
            "gen_ai.input.messages": json.dumps(messages),
            "user.id": "ada",
        },
        **{"parent_span_id": (1).to_bytes(8, "big"), **fields},
    )


_TOP = _step(
    1, "invoke_agent helper", {"gen_ai.operation.name": "invoke_agent"}, end_time_unix_nano=START + 9 * _SECOND
)
_STEPS = (
    _TOP,
    _prompt(2, ["where is my order?"]),
    _step(
        3,
        "execute_tool track",
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "track", "gen_ai.tool.call.arguments": "{}"},
        parent_span_id=(1).to_bytes(8, "big"),
    ),
    _prompt(4, ["where is my order?", "and now?"]),
)
_RECORDS = tuple(
    LogRecord(trace_id=RUN, span_id=(2).to_bytes(8, "big"), time_unix_nano=START + at, event_name="note")
    for at in range(3)
)


def _open(step: Span) -> Span:
    """The step as it is sent when it begins."""
    copy = Span()
    copy.CopyFrom(step)
    copy.end_time_unix_nano = 0
    copy.attributes.add(key="playhead.state").value.string_value = "open"
    return copy


_Requests = Sequence[ExportTraceServiceRequest | ExportLogsServiceRequest]
_ONCE: _Requests = (traces(*_STEPS), logs(*_RECORDS))
_WAYS: dict[str, _Requests] = {
    "resent as it was": (*_ONCE, *_ONCE),
    "resent step by step, backwards": (*_ONCE, *(traces(step) for step in reversed(_STEPS))),
    "twice in one request": (traces(*_STEPS, *_STEPS), logs(*_RECORDS, *_RECORDS)),
    "regrouped with another run": (
        *_ONCE,
        traces(*_STEPS[:2], span("another", trace_id=bytes(range(16)))),
        traces(*_STEPS[2:]),
        *(logs(record) for record in _RECORDS),
    ),
    "open copies first": (traces(*map(_open, _STEPS)), *_ONCE),
    "open copies last": (*_ONCE, *(traces(_open(step)) for step in _STEPS)),
    "open copies in the same request": (traces(*_STEPS, *map(_open, _STEPS)), logs(*_RECORDS)),
    "the end before the beginning, thrice": (*_ONCE, traces(_open(_STEPS[1]), _STEPS[1], _open(_STEPS[1])), *_ONCE),
}


def _seen(database: StoreDatabase) -> dict[str, Any]:
    """All that anybody can read of the run."""
    run = {"run": RUN.hex()}
    of_run = "WHERE run_id = {run:String} ORDER BY ALL"
    queries = {
        "steps": f"SELECT step_id, kind, status, input_tokens, attributes, seconds, piece_hashes FROM steps {of_run}",
        "calls": f"SELECT step_id, model, input_tokens, output_tokens, cost_usd FROM calls {of_run}",
        "messages": f"SELECT DISTINCT run_id, hash, text FROM messages {of_run}",
        "records": f"SELECT step_id, time, event_name FROM log_records {of_run}",
        "runs": f"SELECT * EXCEPT (arrived_at) FROM runs {of_run}",
    }
    seen: dict[str, Any] = {name: [dict(row) for row in database.rows(sql, **run)] for name, sql in queries.items()}
    seen["exported spans"] = sorted(one.span.SerializeToString() for one in spans_of(database.client, [RUN.hex()]))
    seen["exported records"] = sorted(
        one.record.SerializeToString() for one in records_of(database.client, [RUN.hex()])
    )
    return seen


@pytest.fixture(scope="module")
def database(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    with fresh_database(engine, tmp_path_factory.mktemp("dedup")) as database:
        yield database


@pytest.fixture(scope="module")
def once(database: StoreDatabase) -> dict[str, Any]:
    """What is read where everything came once."""
    database.insert(*_ONCE)
    database.recompute([RUN.hex()])
    return _seen(database)


@pytest.fixture(autouse=True)
def _empty(database: StoreDatabase, once: object) -> None:
    for table in _TABLES:
        database.client.command(f"TRUNCATE TABLE {table}")


def test_what_came_once_is_counted_once(once: dict[str, Any]) -> None:
    assert [row["status"] for row in once["steps"]] == ["ok"] * 4
    assert len(once["exported spans"]) == 4
    assert len(once["exported records"]) == 3
    [run] = once["runs"]
    assert (run["steps"], run["prompts"], run["tool_calls"], run["open_steps"]) == (4, 2, 1, 0)
    assert (run["input_tokens"], run["output_tokens"], run["status"]) == (2000, 200, "ok")
    assert run["cost_usd"] == pytest.approx(2 * (1000 * 0.15 + 100 * 0.6) / 1e6)


@pytest.mark.parametrize("way", _WAYS)
def test_a_step_that_came_again_is_one_step_before_and_after_merges(
    database: StoreDatabase, once: dict[str, Any], way: str
) -> None:
    for request in _WAYS[way]:
        database.insert(request)
        database.recompute([RUN.hex()])
    assert _seen(database) == once
    for table in _TABLES:
        database.client.command(f"OPTIMIZE TABLE {table} FINAL")
    assert _seen(database) == once
    database.recompute([RUN.hex()])
    assert _seen(database) == once


def test_a_run_of_open_steps_is_shown_as_open_until_their_ends_come(database: StoreDatabase) -> None:
    database.insert(traces(*map(_open, _STEPS)))
    database.recompute([RUN.hex()])
    [run] = database.rows("SELECT status, open_steps, steps FROM runs")
    assert (run["status"], run["open_steps"], run["steps"]) == ("open", 4, 4)
    database.insert(traces(*_STEPS[1:]))
    database.recompute([RUN.hex()])
    [run] = database.rows("SELECT status, open_steps, steps FROM runs")
    assert (run["status"], run["open_steps"], run["steps"]) == ("open", 1, 4)
    database.insert(traces(_TOP))
    database.recompute([RUN.hex()])
    [run] = database.rows("SELECT status, open_steps, steps FROM runs")
    assert (run["status"], run["open_steps"], run["steps"]) == ("ok", 0, 4)


class _Meanwhile:
    """A handle beside which something arrives just before a run's row is written."""

    def __init__(self, client: Any, arrive: Callable[[], None]) -> None:
        self._client, self._arrive = client, arrive

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def command(self, *given: Any, **options: Any) -> Any:
        self._arrive()
        return self._client.command(*given, **options)


def test_what_arrives_while_a_run_is_computed_never_counts_twice(store_database: StoreDatabase) -> None:
    """The next segment is inserted meanwhile; it brings the row up to date, and nobody sees a wrong one before."""

    def tokens() -> int:
        [row] = store_database.rows("SELECT input_tokens FROM runs")
        return int(row["input_tokens"])

    store_database.insert(traces(*_STEPS))
    store_database.recompute()
    again = _Meanwhile(store_database.client, lambda: store_database.insert(traces(*_STEPS)))
    recompute(cast(Client, again), [RUN.hex()])
    assert tokens() == 2000
    more = _Meanwhile(store_database.client, lambda: store_database.insert(traces(_prompt(5, ["and then?"]))))
    recompute(cast(Client, more), [RUN.hex()])
    assert tokens() == 2000
    store_database.recompute()
    assert tokens() == 3000
