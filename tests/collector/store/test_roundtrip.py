"""Whatever OTLP is sent comes back out: the same accepted spans and log records, equal in every field.

Each example goes the way a request goes: checked, inserted as a segment, read back by what `playhead export` uses. They
are compared as protobuf bytes, since a NaN is never equal to itself.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from tests.collector.database import StoreDatabase, fresh_database
from tests.collector.receive import messages
from tests.collector.receive.messages import RUN, START, logs, span, traces
from tests.properties import examples

from playhead_collector.read.export import logs as exported_logs
from playhead_collector.read.export import traces as exported_traces
from playhead_collector.receive.check import FIRST_TIME, LAST_TIME, check
from playhead_collector.receive.signal import Signal
from playhead_collector.store.ddl import Form
from playhead_collector.store.engine import Engine
from playhead_collector.store.retention import keep_for

# What the dialects know, payloads that are cut into pieces among it, and what could be taken for the cut.
_payloads = st.sampled_from(
    [
        '[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]',
        '[{"role": "user"}, {"role": "tool", "content": "\\u00e9"}]',
        'with the mark \x1f in it, and {"role": "x"},{"role": "y"}]',
        "}]",
        ',{"id":1,{"id":2}]}]',
        "long " * 60,
        "\n\x04role" * 70,
    ]
)
_keys = messages.names | st.sampled_from(
    [
        "gen_ai.input.messages",
        "gen_ai.prompt",
        "gen_ai.tool.call.arguments",
        "gen_ai.usage.input_tokens",
        "gen_ai.operation.name",
        "langfuse.observation.usage_details",
        "input.value",
        "session.id",
        "service.name",
        "error.type",
    ]
)
# Every NaN there is, and both zeros.
_bits = st.integers(0, 2**64 - 1) | st.sampled_from(
    [0x7FF8000000000000, 0x7FF8000000000001, 0xFFF8000000000000, 1 << 63]
)
# Indexes into a table of strings belong to profiles; traces and logs have no such table.
_values = st.one_of(
    messages.any_values,
    st.builds(AnyValue, string_value=_payloads),
    st.builds(AnyValue, bytes_value=st.binary(min_size=250, max_size=260)),
    _bits.map(lambda bits: AnyValue(double_value=struct.unpack("<d", struct.pack("<Q", bits))[0])),
).filter(lambda value: b"string_value_strindex" not in str(value).encode())
_attributes = st.lists(st.builds(KeyValue, key=_keys, value=st.none() | _values), max_size=4)


def _text(key: str, text: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=text))


def _with_attributes(draw: Any, owner: Any) -> None:
    del owner.attributes[:]
    owner.attributes.extend(draw(_attributes))


@st.composite
def _trace_requests(draw: Any) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    request.CopyFrom(draw(messages.trace_requests))
    for resource in request.resource_spans:
        _vary_group(draw, resource, resource.scope_spans)
        for scope in resource.scope_spans:
            for one in scope.spans:
                _with_attributes(draw, one)
                for event in one.events:
                    _with_attributes(draw, event)
    return request


@st.composite
def _log_requests(draw: Any) -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    request.CopyFrom(draw(messages.log_requests))
    for resource in request.resource_logs:
        _vary_group(draw, resource, resource.scope_logs)
        for scope in resource.scope_logs:
            for record in scope.log_records:
                _with_attributes(draw, record)
                record.ClearField("body")
                if draw(st.booleans()):
                    record.body.CopyFrom(draw(_values))
    return request


def _vary_group(draw: Any, resource: Any, scopes: Any) -> None:
    resource.schema_url = draw(messages.texts)
    if resource.HasField("resource"):
        _with_attributes(draw, resource.resource)
        for _ in range(draw(st.integers(0, 2))):
            resource.resource.entity_refs.add(
                type=draw(messages.texts), id_keys=draw(st.lists(messages.texts, max_size=2))
            )
    for scope in scopes:
        scope.schema_url = draw(messages.texts)
        if scope.HasField("scope"):
            _with_attributes(draw, scope.scope)


@pytest.fixture(scope="module")
def database(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    with fresh_database(engine, tmp_path_factory.mktemp("roundtrip")) as database:
        yield database


def _empty(database: StoreDatabase) -> None:
    for table in ("step_rows", "message_rows", "scope_rows", "log_rows", "responses"):
        database.client.command(f"TRUNCATE TABLE {table}")


def _parts(message: Any) -> bytes | None:
    return None if message is None else bytes(message.SerializeToString(deterministic=True))


def _spans(request: Any) -> Counter[Any]:
    return Counter(
        (_group(resource), _group(scope), one.SerializeToString(deterministic=True))
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for one in scope.spans
    )


def _records(request: Any) -> Counter[Any]:
    """Records have no id; those that are equal in everything are one."""
    return Counter(
        {
            (_group(resource), _group(scope), one.SerializeToString(deterministic=True)): 1
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for one in scope.log_records
        }
    )


def _group(group: Any) -> tuple[bytes | None, str]:
    name = "resource" if "Resource" in type(group).__name__ else "scope"
    return _parts(getattr(group, name) if group.HasField(name) else None), group.schema_url


def _with_ids_of_their_own(request: ExportTraceServiceRequest) -> None:
    """Two spans of one id are one step; here each is another. Ids that will be rejected stay as they are."""
    number = 0
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for one in scope.spans:
                number += 1
                if len(one.span_id) == 8 and any(one.span_id):
                    one.span_id = number.to_bytes(8, "big")


def _runs_in(database: StoreDatabase, table: str) -> list[str]:
    return [row["run_id"] for row in database.rows(f"SELECT DISTINCT run_id FROM {table}")]


def _sent_and_returned(
    database: StoreDatabase, request: ExportTraceServiceRequest
) -> tuple[Counter[Any], Counter[Any]]:
    checked = check(Signal.TRACES, request.SerializeToString())
    accepted = ExportTraceServiceRequest.FromString(checked.body)
    _empty(database)
    database.insert(accepted)
    assert set(_runs_in(database, "step_rows")) == {run.hex() for run in checked.runs}
    # Merged, so that what a merge would remove is missed here.
    for table in ("step_rows", "message_rows", "scope_rows"):
        database.client.command(f"OPTIMIZE TABLE {table} FINAL")
    return _spans(accepted), _spans(exported_traces(database.client, [run.hex() for run in checked.runs]))


def _logged_and_returned(
    database: StoreDatabase, request: ExportLogsServiceRequest
) -> tuple[Counter[Any], Counter[Any]]:
    checked = check(Signal.LOGS, request.SerializeToString())
    accepted = ExportLogsServiceRequest.FromString(checked.body)
    _empty(database)
    database.insert(accepted)
    for table in ("log_rows", "message_rows", "scope_rows"):
        database.client.command(f"OPTIMIZE TABLE {table} FINAL")
    return _records(accepted), _records(exported_logs(database.client, _runs_in(database, "log_rows")))


# An example is an insert and four queries: a failing one is shown as found, since making it small would take minutes.
_patiently = examples(25, 300, shrink=False)


def _doubles(*bits: int) -> list[KeyValue]:
    return [
        KeyValue(key="d", value=AnyValue(double_value=struct.unpack("<d", struct.pack("<Q", one))[0])) for one in bits
    ]


def _scopes_of_different_nans() -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    for number, bits in enumerate((0x7FF8000000000000, 0x7FF8000000000001, 0, 1 << 63)):
        resource = request.resource_spans.add(resource=Resource(attributes=_doubles(bits)))
        for inner in (bits, bits ^ 2):
            scope = resource.scope_spans.add(scope=InstrumentationScope(attributes=_doubles(inner)))
            scope.spans.append(span(f"{number} {inner}"))
    return request


_ABOUT_2150 = 5_680_000_000 * 10**9


@_patiently
@given(request=_trace_requests())
@example(request=_scopes_of_different_nans())
@example(request=traces(span("late", start_time_unix_nano=_ABOUT_2150, attributes=[_text("input.value", "x" * 300)])))
@example(request=traces(span("last", start_time_unix_nano=LAST_TIME, end_time_unix_nano=0)))
@example(request=traces(span("early", start_time_unix_nano=FIRST_TIME, attributes=[_text("input.value", "x" * 300)])))
def test_every_accepted_span_comes_back_equal_in_every_field(
    database: StoreDatabase, request: ExportTraceServiceRequest
) -> None:
    _with_ids_of_their_own(request)
    sent, returned = _sent_and_returned(database, request)
    assert returned == sent


@_patiently
@given(request=_log_requests())
@example(
    request=logs(*(LogRecord(trace_id=RUN, time_unix_nano=at, observed_time_unix_nano=START) for at in (0, START)))
)
@example(request=logs(*(LogRecord(trace_id=RUN, time_unix_nano=START + at, event_name="x") for at in range(3))))
@example(request=logs(LogRecord(body=AnyValue(string_value="of no run and no time"))))
@example(request=logs(LogRecord(trace_id=RUN, time_unix_nano=1), LogRecord(trace_id=RUN, time_unix_nano=_ABOUT_2150)))
def test_every_accepted_log_record_comes_back_equal_in_every_field(
    database: StoreDatabase, request: ExportLogsServiceRequest
) -> None:
    sent, returned = _logged_and_returned(database, request)
    assert returned == sent


def test_what_started_before_the_retention_is_kept_from_when_it_arrived(database: StoreDatabase) -> None:
    years_ago = span("old", start_time_unix_nano=FIRST_TIME, end_time_unix_nano=FIRST_TIME + 1)
    for days in (1, 36_500):
        keep_for(database.client, days, Form())
        sent, returned = _sent_and_returned(database, traces(years_ago))
        assert returned == sent


def test_what_arrived_before_the_retention_is_removed(database: StoreDatabase) -> None:
    keep_for(database.client, 30, Form())
    _empty(database)
    database.insert(traces(span("kept")))
    database.client.command(
        "INSERT INTO step_rows "
        "SELECT * REPLACE ('gone' AS run_id, now() - INTERVAL 31 DAY AS arrived_at) FROM step_rows"
    )
    database.client.command("OPTIMIZE TABLE step_rows FINAL")
    assert _runs_in(database, "step_rows") == [RUN.hex()]
