"""Who reads figures reads no payload: whatever a statement names, and however it puts it."""

from __future__ import annotations

from collections.abc import Iterator

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from tests.collector.database import StoreDatabase, folder_of, fresh_database
from tests.collector.dialects.spans import log, logs, span, traces
from tests.collector.facade.port import Port, TokenGate, serving
from tests.properties import examples

from playhead_collector.facade import ChdbEngine
from playhead_collector.read.filter import RunFilter
from playhead_collector.read.messages import conversation
from playhead_collector.read.notes import notes_on
from playhead_collector.read.run import read_run
from playhead_collector.read.runs import list_runs
from playhead_collector.store.engine import Engine
from playhead_collector.store.figures import NOT_PERMITTED, figures_name, make_figures, views

SECRET = "hush"
LONG = f"{SECRET} is what nobody is to read. " * 20


def a_run() -> list[Span]:
    root = span("agent", {"gen_ai.operation.name": "invoke_agent", "input.value": LONG, "secret": SECRET, "card": 4111})
    root.trace_state = SECRET
    root.status.CopyFrom(Status(code=Status.STATUS_CODE_ERROR, message=SECRET))
    event = root.events.add(name="exception", time_unix_nano=root.start_time_unix_nano)
    event.attributes.add(key="exception.message").value.string_value = SECRET
    link = root.links.add(trace_id=bytes(15) + b"\x01", span_id=bytes(7) + b"\x01")
    link.attributes.add(key="a").value.string_value = SECRET
    prompt = span(
        "chat",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.usage.input_tokens": 11,
            "gen_ai.input.messages": f'[{{"role":"user","parts":[{{"type":"text","content":"{LONG}"}}]}}]',
        },
        parent=root,
    )
    tool = span(
        "tool",
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t", "gen_ai.tool.call.arguments": SECRET,
         "gen_ai.tool.call.result": LONG, "deep": {"k": [SECRET]}, "gen_ai.evaluation.score.value": 0.8,
         "gen_ai.evaluation.explanation": SECRET, "playhead.approval.verdict": "approved",
         "playhead.approval.waited_s": 3.5},
        parent=root,
    )  # fmt: skip
    return [root, prompt, tool]


@pytest.fixture(scope="module")
def told(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreDatabase]:
    with fresh_database(engine, tmp_path_factory.mktemp("figures")) as database:
        root, *others = a_run()
        request = traces(root, *others)
        request.resource_spans[0].resource.attributes.add(key="process.command_line").value.string_value = SECRET
        request.resource_spans[0].scope_spans[0].scope.attributes.add(key="a").value.string_value = SECRET
        chunk = LogRecord(
            trace_id=root.trace_id, event_name="playhead.recording", time_unix_nano=root.start_time_unix_nano,
            body=AnyValue(bytes_value=SECRET.encode()),
        )  # fmt: skip
        database.insert(request, logs(log(root, "short", body=SECRET), log(root, "long", {"a": SECRET}, LONG), chunk))
        database.recompute()
        name = make_figures(database.client, database.name)
        yield database
        database.client.command(f"DROP DATABASE `{name}` SYNC")


@pytest.fixture(scope="module")
def port(told: StoreDatabase) -> Iterator[Port]:
    name = figures_name(told.name)
    gate = TokenGate({"figures-token": name, "read-token": told.name}, {name: told.name})
    with serving(ChdbEngine(str(folder_of(told.engine))), gate=gate) as serving_port:
        yield serving_port


@pytest.fixture(scope="module")
def client(port: Port) -> Iterator[Client]:
    with clickhouse_connect.get_client(
        host=port.host, port=port.port, access_token="figures-token", autogenerate_session_id=False
    ) as client:
        yield client


@pytest.fixture(scope="module")
def tables(told: StoreDatabase) -> list[str]:
    return sorted(views(told.name))


def test_the_secrets_are_there_for_who_may_read_them(port: Port, told: StoreDatabase) -> None:
    for table in ("step_rows", "message_rows", "log_rows", "recording_rows", "scope_rows", "run_rows"):
        assert SECRET.encode() in port.ask(f"SELECT * FROM {table}", token="read-token").body, table


def test_no_column_of_any_table_has_a_payload(port: Port, tables: list[str]) -> None:
    assert {"step_rows", "steps", "run_rows", "messages", "log_records", "recording_rows"} <= set(tables)
    for table in tables:
        said = port.ask(f"SELECT * FROM {table} FORMAT JSONEachRow", token="figures-token")
        assert said.status == 200, said.body
        assert SECRET.encode() not in said.body, table
        assert said.body or table == "prices", table


# What a reader of figures can name. A column that a schema adds is not here: look at what it holds before it is.
COLUMNS = {
    "run_rows": """
        agent arrived_at cache_read_tokens cache_write_tokens calls.cache_read_tokens calls.cache_write_tokens
        calls.cost_usd calls.input_tokens calls.is_sum calls.kind calls.model calls.output_tokens
        calls.provider calls.reasoning_tokens calls.start_time calls.step_id calls_without_usage computed_at
        cost_usd end_time error errors first_step input_tokens missing_parents models name open_steps
        output_tokens prompts reasoning_tokens run_id service session shape start_time status steps tool_calls
        tools unpriced_calls user version
    """,
    "calls": """
        agent cache_read_tokens cache_write_tokens cost_usd input_tokens is_sum kind model output_tokens
        provider reasoning_tokens run_id service start_time step_id version
    """,
    "usage": """
        agent calls cost_usd day input_tokens model output_tokens provider run_id service version
    """,
}


@pytest.mark.parametrize("table", COLUMNS)
def test_every_column_that_is_shown_as_it_is_was_looked_at(port: Port, table: str) -> None:
    said = port.ask(f"SELECT name FROM system.columns WHERE table = '{table}'", token="figures-token").text.split()
    assert sorted(said) == COLUMNS[table].split()


def test_a_run_is_read_with_its_figures_and_says_in_place_of_each_payload_that_it_is_not_permitted(
    client: Client, told: StoreDatabase
) -> None:
    run_id = a_run_id(told)
    run = read_run(client, run_id)
    assert (run.row.steps, run.row.input_tokens, run.row.error) == (3, 11, NOT_PERMITTED)
    assert list_runs(client, RunFilter())[0].run_id == run_id
    assert [node.step.tool for node in run.nodes] == ["", "", "t"]
    spans = [node.stored.span for node in run.nodes if node.stored is not None]
    values = {pair.value.string_value for one in spans for pair in one.attributes}
    assert values == {NOT_PERMITTED}
    assert spans[0].status.message == NOT_PERMITTED
    tool = conversation(spans[2], [])
    assert tool.arguments is not None and tool.arguments.text == NOT_PERMITTED
    assert tool.result is not None and tool.result.text == NOT_PERMITTED
    prompt = conversation(spans[1], [])
    assert [part.text for message in prompt.input for part in message.parts] == [NOT_PERMITTED]
    records = [record for node in run.nodes for record in node.records]
    assert {record.body.string_value for record in records} == {NOT_PERMITTED}


def test_a_number_that_may_not_be_read_is_not_told_as_another(client: Client, told: StoreDatabase) -> None:
    def notes(asked: Client) -> list[str]:
        nodes = read_run(asked, a_run_id(told)).nodes
        return [note.text for node in nodes if node.stored is not None for note in notes_on(node.stored.span)]

    assert notes(told.client) == ["approved after 3.5s", f"0.8: {SECRET}"]
    assert notes(client) == [NOT_PERMITTED, NOT_PERMITTED]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT content FROM recording_rows",
        "SELECT run_id FROM message_rows WHERE hasToken(words, 'hush')",
        "SELECT * FROM alert_events",
        "SELECT sorted_calls FROM run_rows",
    ],
)
def test_what_is_not_among_figures_is_said_to_be_not_permitted(client: Client, statement: str) -> None:
    with pytest.raises(DatabaseError, match=NOT_PERMITTED):
        client.query(statement)


def test_a_wrong_statement_is_still_wrong_and_the_projects_own_name_is_understood(
    port: Port, told: StoreDatabase
) -> None:
    assert NOT_PERMITTED not in port.ask("SELEC 1", token="figures-token").text
    assert port.ask("SELECT count() FROM runs", token="figures-token", database=told.name).text == "1\n"
    assert port.ask("SELECT 'PREWHERE x'", token="figures-token").text == "PREWHERE x\n"
    assert port.ask("SELECT count() FROM step_rows PREWHERE kind = 'tool'", token="figures-token").text == "1\n"


@pytest.mark.parametrize(
    ("clauses", "kinds"),
    [
        ("PREWHERE kind = 'tool' OR kind = 'agent' WHERE kind = 'agent' OR kind = 'prompt'", ["agent"]),
        ("PREWHERE kind = 'tool' WHERE 1 GROUP BY kind HAVING 1 LIMIT 5", ["tool"]),
        ("PREWHERE kind = 'tool' WHERE kind = ')' UNION ALL SELECT 'WHERE'", ["WHERE"]),
        ("PREWHERE kind IN (SELECT kind FROM steps PREWHERE kind != 'tool' WHERE 1) WHERE kind != 'agent'", ["prompt"]),
        ("PREWHERE 1 ORDER BY kind LIMIT 1 BY kind LIMIT 1 FORMAT TSV", ["agent"]),
    ],
)
def test_a_prewhere_and_a_where_are_both_held(port: Port, clauses: str, kinds: list[str]) -> None:
    said = port.ask(f"SELECT toString(kind) FROM step_rows {clauses}", token="figures-token")
    assert said.text.split() == kinds


@pytest.mark.parametrize("wanted", [RunFilter(label=SECRET), RunFilter(note=SECRET)])
def test_labels_and_notes_find_nothing(client: Client, wanted: RunFilter) -> None:
    assert list_runs(client, wanted) == []


EXPRESSIONS = [
    "*", "attribute_texts", "attributes['secret']", "status_message", "toString(tuple(*))", "COLUMNS('.*')",
    "links", "text", "any(text)", "content", "resource", "groupArray(tuple(*))", "error",
    "argMax(error, start_time)", "source.*", "* EXCEPT (run_id)", "* REPLACE (status_message AS run_id)",
    "formatRow('JSONEachRow', *)", "arrayJoin(attribute_texts)", "step_rows.attribute_texts",
    "length(attribute_texts[1])", "create_table_query", "as_select", "default_expression",
    "position(status_message, 'hus')", "trace_state", "severity_text", "words", "hex(hash)", "sipHash128(text)",
    "name",
]  # fmt: skip
CLAUSES = [
    "", "FINAL", "PREWHERE 1", "WHERE status_message LIKE '%hus%'", "WHERE 1 IN (SELECT 1)", "LIMIT 1 BY run_id",
    "GROUP BY ALL", "WHERE run_id IN {db}.step_rows", "ARRAY JOIN attribute_texts AS t", "SAMPLE 1", "ORDER BY ALL",
    "FORMAT Vertical", "HAVING 1", "QUALIFY 1", "INTO OUTFILE '/tmp/x'", "SETTINGS additional_table_filters = {{}}",
]  # fmt: skip
SOURCES = [
    "{table}", "{db}.{table}", "`{db}-figures`.{table}", "(SELECT * FROM {db}.{table})", "merge('{db}', '.*')",
    "merge('', '{table}')", "remote('localhost', '{db}', '{table}')", "cluster('default', {db}.{table})",
    "loop({db}.{table})", "{table} AS a JOIN {db}.{table} AS b USING run_id", "view(SELECT * FROM {db}.{table})",
    "`{db}.{table}`", "viewIfPermitted(SELECT * FROM {db}.{table} ELSE null('x String'))",
    "mergeTreeIndex({db}, {table})", "system.{table}", "dictionary('{db}.{table}')",
    "executable('cat', 'TSV', 'x String')", "mergeTreeProjection({db}, {table}, p)",
]  # fmt: skip
WRAPPED = [
    "{}", "EXPLAIN {}", "EXPLAIN QUERY TREE {}", "WITH x AS ({}) SELECT * FROM x", "SELECT * FROM ({})",
    "({}) UNION ALL ({})", "SELECT joinGet('{db}.step_rows', 'status_message', 'a')", "DESCRIBE ({})",
    "EXPLAIN ANALYZE {}",
]  # fmt: skip
NAMES = st.sampled_from(
    ["step_rows", "steps", "message_rows", "messages", "log_rows", "recording_rows", "runs", "run_rows", "scope_rows",
     "alert_events", "otlp_traces", "tables", "columns", "query_log", "parts", "text_log", "processes"]
)  # fmt: skip


@examples(50, 250, HealthCheck.function_scoped_fixture)
@given(
    st.lists(st.sampled_from(EXPRESSIONS), min_size=1, max_size=2), st.sampled_from(SOURCES), NAMES,
    st.sampled_from(CLAUSES), st.sampled_from(WRAPPED),
)  # fmt: skip
def test_no_statement_gets_at_a_payload(
    port: Port, told: StoreDatabase, what: list[str], source: str, table: str, clause: str, wrapped: str
) -> None:
    text = f"SELECT {', '.join(what)} FROM {source} {clause}".replace("{table}", table)
    statement = wrapped.replace("{}", text).replace("{db}", told.name).replace("{{}}", "{}")
    said = port.ask(statement, token="figures-token")
    assert SECRET.encode() not in said.body, statement


def a_run_id(told: StoreDatabase) -> str:
    return str(told.rows("SELECT run_id FROM runs")[0]["run_id"])
