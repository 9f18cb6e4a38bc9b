"""No reader of the reading port sets anything, but for less: attacks, each beside a near miss."""

from __future__ import annotations

import pytest
from tests.collector.facade.port import Port
from tests.collector.facade.refusal import ACCESS_DENIED, TOO_LARGE_RESULT, refused


@pytest.mark.parametrize(
    "statement",
    [
        "select 1 settings readonly = 0",
        "select 1 settings max_memory_usage = 0",
        "select 1 settings max_execution_time = 0",
        "select (select 1 settings max_threads = 64)",
        "select * from (select 1 settings allow_introspection_functions = 1)",
        "select * from numbers(1, settings max_threads = 64)",
        "select name from system.tables settings additional_table_filters = {}",
        "with x as (select 1 settings readonly = 0) select * from x",
        "explain select 1 settings readonly = 0",
        "select 1 settings max_threads = 1 format JSON",
        "select 1 format JSON settings max_threads = 1",
    ],
)
def test_no_statement_sets_anything(port: Port, statement: str) -> None:
    refused(port, port.ask(statement))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("readonly", "0"),
        ("max_memory_usage", "0"),
        ("max_memory_usage", "99999999999999"),
        ("max_execution_time", "0"),
        ("max_execution_time", "3600"),
        ("max_execution_time", "-1"),
        ("max_execution_time", "nan"),
        ("max_threads", "64"),
        ("max_result_bytes", "0"),
        ("allow_introspection_functions", "1"),
        ("allow_ddl", "1"),
        ("additional_table_filters", "{}"),
        ("output_format_schema", "/tmp/written"),
        ("format_schema", "/etc/passwd"),
        ("format_template_resultset", "/etc/passwd"),
        ("profile", "default"),
        ("max_query_size", "999999999"),
        ("implicit_select", "1"),
        ("dialect", "prql"),
        ("allow_experimental_eval_table_function", "1"),
        ("x') , readonly = ('0", "1"),
    ],
)
def test_no_url_widens_what_a_reader_may_do(port: Port, name: str, value: str) -> None:
    refused(port, port.ask("select 1", settings={name: value}))


def test_a_url_may_ask_for_less(port: Port) -> None:
    said = port.ask("select getSetting('x')", max_threads="1", max_execution_time="5", readonly="2", log_comment="x")
    assert said.code == ACCESS_DENIED
    said = port.ask("select 1", max_threads="1", max_execution_time="0.5", readonly="1", session_id="x", role="y")
    assert said.text == "1\n"
    assert port.ask("select number from numbers(9)", max_result_rows="5", max_block_size="4").code == TOO_LARGE_RESULT
    assert port.ask("select 1", session_timezone="x'; drop table steps").status >= 400
    assert port.ask("select toDateTime(0)", session_timezone="Asia/Tokyo").text == "1970-01-01 09:00:00\n"


@pytest.mark.parametrize(
    "name", ["Template", "Protobuf", "CapnProto", "CustomSeparated", "PNG", "SQLInsert", "nonsense"]
)
def test_formats_with_a_life_of_their_own_are_refused(port: Port, name: str) -> None:
    refused(port, port.ask(f"select 1 format {name}"))
    refused(port, port.ask("select 1", default_format=name))
    assert port.ask("select 'format Template' format csv").text == '"format Template"\n'
