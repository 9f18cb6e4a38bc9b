"""One run, whole: the same through a collector, where questions go side by side, as from the folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.collector.database import StoreDatabase, folder_of
from tests.collector.dialects.spans import log, logs, span, traces
from tests.collector.facade.port import TokenGate, serving

from playhead.errors import UsageError
from playhead_collector.facade import ChdbEngine
from playhead_collector.read.run import Run, read_figures, read_run
from playhead_collector.read.together import Question, ask_together

_LONG = "a sentence that is stored once a run, beside the steps that carry it. " * 10


@contextmanager
def through_a_port(database: StoreDatabase) -> Iterator[Client]:
    engine = ChdbEngine(str(folder_of(database.engine)))
    with (
        serving(engine, gate=TokenGate({"token": database.name})) as port,
        clickhouse_connect.get_client(
            host=port.host, port=port.port, access_token="token", autogenerate_session_id=False
        ) as client,
    ):
        yield client


def a_run() -> list[Span]:
    root = span("agent", {"gen_ai.operation.name": "invoke_agent"}, at=(0, 100))
    chat = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.usage.input_tokens": 1_000_000,
        "gen_ai.usage.output_tokens": 0,
    }
    wrapper = span("wrapper", chat, parent=root, at=(10, 60))
    call = span("call", {**chat, "bytes": b"\xff\x00", "long": _LONG}, parent=wrapper, at=(11, 59), error="no")
    tool = span("tool", {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t"}, parent=root, at=(5, 7))
    orphan = span("orphan", parent=root, at=(70, 80))
    spans = [root, wrapper, call, tool, orphan]
    for child, parent in ((wrapper, root), (call, wrapper), (tool, root)):
        child.parent_span_id = parent.span_id
    orphan.parent_span_id = b"elsewher"
    return spans


def seen(run: Run) -> list[object]:
    return [
        (node.step, node.depth, node.orphan, node.stored and node.stored.span, node.stored and node.stored.scope)
        for node in run.nodes
    ] + [run.row, [node.records for node in run.nodes], run.loose_records]


def test_a_run_reads_the_same_through_a_collector_and_from_the_folder(store_database: StoreDatabase) -> None:
    spans = a_run()
    store_database.insert(traces(*spans), logs(log(spans[1], "said", {"long": _LONG})))
    store_database.insert(traces(spans[1]))
    store_database.recompute()
    run_id = spans[0].trace_id.hex()
    from_folder = read_run(store_database.client, run_id)
    with through_a_port(store_database) as client:
        assert seen(read_run(client, run_id)) == seen(from_folder)
        figures = read_figures(client, run_id)
    assert figures.row == from_folder.row
    assert [(node.step, node.depth, node.orphan) for node in figures.nodes] == [
        (node.step, node.depth, node.orphan) for node in from_folder.nodes
    ]
    assert [(node.step.name, node.depth) for node in from_folder.nodes] == [
        ("agent", 0), ("tool", 1), ("wrapper", 1), ("call", 2), ("orphan", 0),
    ]  # fmt: skip
    by_name = {node.step.name: node for node in from_folder.nodes}
    assert [name for name, node in by_name.items() if node.orphan] == ["orphan"]
    told = {span.name: span for span in spans}
    assert all(node.stored is not None and node.stored.span == told[name] for name, node in by_name.items())
    # Two tellings of one call: one of them counts, with its price.
    assert [name for name, node in by_name.items() if node.step.counted] == ["call"]
    assert by_name["call"].step.cost_usd == pytest.approx(0.15)
    assert by_name["wrapper"].step.cost_usd is None
    assert (by_name["call"].step.status, by_name["call"].step.error) == ("error", "no")
    assert by_name["wrapper"].step.seconds == pytest.approx(0.05)
    assert [record.attributes[0].value.string_value for record in by_name["wrapper"].records] == [_LONG]
    assert (from_folder.row.steps, from_folder.row.missing_parents) == (5, 1)


def test_a_run_that_is_not_there_is_said_to_be_missing(store_database: StoreDatabase) -> None:
    with through_a_port(store_database) as client, pytest.raises(UsageError, match="there is no run ab"):
        read_run(client, "ab")


def test_of_questions_asked_together_one_that_fails_is_heard(store_database: StoreDatabase) -> None:
    good = Question("one_run", {"run": "ab"})
    with through_a_port(store_database) as client, pytest.raises(DatabaseError, match="run"):
        ask_together(client, good, Question("one_run", {}), good)
