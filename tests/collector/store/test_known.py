"""A conversation's pieces are stored once across segments, and never lost by that."""

from __future__ import annotations

import json

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.collector.database import StoreDatabase

from playhead_collector.read.spans import spans_of
from playhead_collector.store.known import KnownPieces

RUN = bytes.fromhex("5e" * 16)
START = 1_790_000_000_000_000_000


def said(turn: int) -> str:
    return json.dumps([{"role": "user", "content": f"message {number} " + "word " * 60} for number in range(turn + 1)])


def a_turn(turn: int) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    span = (
        request.resource_spans.add()
        .scope_spans.add()
        .spans.add(
            trace_id=RUN,
            span_id=turn.to_bytes(8),
            name="chat",
            start_time_unix_nano=START + turn,
            end_time_unix_nano=START + turn,
        )
    )
    span.attributes.add(key="gen_ai.input.messages").value.string_value = said(turn)
    return request


def insert(database: StoreDatabase, known: KnownPieces, turn: int) -> None:
    known.prepare({RUN})
    database.insert(a_turn(turn))
    known.stored({RUN})


def inputs(database: StoreDatabase) -> list[str]:
    return [stored.span.attributes[0].value.string_value for stored in spans_of(database.client, [RUN.hex()])]


def rows(database: StoreDatabase) -> tuple[int, int]:
    [found] = database.rows("SELECT count() AS all, uniqExact(run_id, hash) AS different FROM message_rows")
    return found["all"], found["different"]


def test_each_message_is_written_once_though_every_turn_is_a_segment(store_database: StoreDatabase) -> None:
    store_database.client.command("SYSTEM STOP MERGES message_rows")
    known = KnownPieces(store_database.client)
    for turn in range(1, 6):
        insert(store_database, known, turn)
    written, different = rows(store_database)
    assert written == different
    assert inputs(store_database) == [said(turn) for turn in range(1, 6)]


def test_a_collector_that_was_started_anew_writes_what_it_does_not_know(store_database: StoreDatabase) -> None:
    insert(store_database, KnownPieces(store_database.client), 3)
    insert(store_database, KnownPieces(store_database.client), 4)
    assert inputs(store_database) == [said(3), said(4)]


def test_pieces_that_are_no_longer_there_are_written_again(store_database: StoreDatabase) -> None:
    known = KnownPieces(store_database.client)
    insert(store_database, known, 3)
    store_database.client.command("TRUNCATE TABLE message_rows")
    insert(store_database, known, 4)
    assert inputs(store_database)[1] == said(4)


def test_a_segment_cut_short_before_its_messages_leaves_none_out_when_it_comes_again(
    store_database: StoreDatabase,
) -> None:
    known = KnownPieces(store_database.client)
    insert(store_database, known, 2)
    path = store_database.folder / "a-segment-name.bin"
    path.write_bytes(a_turn(3).SerializeToString())

    def arrive() -> None:
        known.prepare({RUN})
        store_database.engine.insert_otlp(
            store_database.writer, "otlp_traces", "ExportTraceServiceRequest", path, path.stem
        )

    arrive()
    # As a kill leaves it that came after the steps were written, and before the messages were.
    store_database.client.command("TRUNCATE TABLE message_rows")
    arrive()
    assert len(store_database.rows("SELECT step_id FROM step_rows")) == 2
    assert inputs(store_database)[1] == said(3)
