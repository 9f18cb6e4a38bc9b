"""The administrator's door of the port: what another collector says to a ClickHouse server, and nothing else.

Whoever has the admin token may already read and erase all of a store. What is held here is that nobody else writes, and
that the token opens this store and not the machine it is on.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import clickhouse_connect
import pytest
from tests.collector.database import StoreDatabase, folder_of
from tests.collector.facade.port import TOKENS, Port, Said, nobody_calls, serving

from playhead_collector.facade import ChdbEngine
from playhead_collector.facade.engine import Storing
from playhead_collector.facade.limits import ADMINISTRATORS
from playhead_collector.facade.reader import Administrator, Reader
from playhead_collector.facade.writing import WritingGuard
from playhead_collector.store import query as queries
from playhead_collector.store.ddl import Form, protobuf_schema_path
from playhead_collector.store.engine import Engine as StoreEngine
from playhead_collector.store.migrations import migrate
from playhead_collector.store.query import load

ACCESS_DENIED, UNKNOWN_DATABASE, BAD_ARGUMENTS, AUTHENTICATION_FAILED = 497, 81, 36, 516
_ADMIN = "admin-token"


@dataclass(frozen=True, slots=True)
class Gate:
    def reader_for(self, user: str | None, secret: str | None) -> Reader | Administrator:
        return Administrator("acme") if secret == _ADMIN else TOKENS.reader_for(user, secret)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("storing") / "incoming"


@pytest.fixture(scope="module")
def port(reading_engine: ChdbEngine, engine: StoreEngine, folder: Path) -> Iterator[Port]:
    writing = ChdbEngine(str(folder_of(engine)), Storing(folder, engine.inserting))
    with serving(writing, gate=Gate()) as port:
        yield port
    engine.connect().command("DROP DATABASE IF EXISTS acme_made")


def as_administrator(port: Port, statement: str | bytes, settings: Mapping[str, str] | None = None) -> Said:
    """Settings as in the URL."""
    return port.ask(statement, token=_ADMIN, settings=settings)


def refused(said: Said, code: int = ACCESS_DENIED) -> None:
    assert said.code == code, said.text
    assert 400 <= said.status < 500
    assert "hush" not in said.text and "root:" not in said.text


_WRITES = [
    "INSERT INTO runs SELECT * FROM runs",
    "INSERT INTO acme.runs (run_id) SELECT 'forged'",
    'INSERT INTO runs (run_id, agent) FORMAT JSONEachRow\n{"run_id": "forged"}',
    "ALTER TABLE runs DELETE WHERE 1",
    "CREATE DATABASE IF NOT EXISTS acme_made",
    "TRUNCATE TABLE known_pieces",
    "ALTER TABLE run_rows MODIFY TTL toDateTime64(arrived_at, 0) + toIntervalDay(1)",
]


@pytest.mark.parametrize("statement", _WRITES)
@pytest.mark.parametrize("token", ["acme-token", "other-token"])
def test_a_reader_writes_nothing(port: Port, statement: str, token: str) -> None:
    said = port.ask(statement, token=token)
    refused(said)
    assert port.ask("SELECT count() FROM runs").text == "2\n"


@pytest.mark.parametrize("token", ["", "admin-toke", "admin-token ", "admin-tokenn", "ADMIN-TOKEN"])
def test_who_has_no_token_or_almost_the_right_one_is_not_let_in(port: Port, token: str) -> None:
    refused(port.ask(_WRITES[0], headers={"X-ClickHouse-Key": token}, token=None), AUTHENTICATION_FAILED)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO runs SELECT file('/etc/passwd'), ''",
        "INSERT INTO runs SELECT s, '' FROM other.secrets",
        "INSERT INTO runs SELECT 'a', s FROM (SELECT s FROM other.secrets)",
        "INSERT INTO runs SELECT a, '' FROM url('http://127.0.0.1:{port}/x', CSV, 'a String')",
        "INSERT INTO runs SELECT a, '' FROM remote('127.0.0.1:{port}', other.secrets)",
        "INSERT INTO runs WITH x AS (SELECT file('/etc/passwd') AS a) SELECT a, a FROM x",
        "INSERT INTO runs SELECT 1, 2 SETTINGS max_threads = 1, output_format_schema = '/tmp/x'",
        "INSERT INTO FUNCTION file('{file}', 'CSV', 'a Int8') SELECT 1",
        "INSERT INTO FUNCTION url('http://127.0.0.1:{port}/x', 'CSV', 'a Int8') SELECT 1",
        "INSERT INTO FUNCTION remote('127.0.0.1:{port}', other.secrets) SELECT 1",
        "INSERT INTO runs FROM INFILE '/etc/passwd' FORMAT Native",
        "INSERT INTO runs FROM INFILE '/etc/passwd' COMPRESSION 'none' FORMAT LineAsString",
        "INSERT INTO runs VALUES (file('/etc/passwd'), '')",
        "INSERT INTO runs FORMAT Values\n(file('/etc/passwd'), '')",
        "INSERT INTO runs FORMAT CSV\n1,2",
        "INSERT INTO other.secrets SELECT 'forged'",
        "INSERT INTO `other`.`secrets` FORMAT Native\n",
        "INSERT INTO system.one SELECT 1",
        "INSERT INTO default.x SELECT 1",
        "ALTER TABLE other.secrets DELETE WHERE 1",
        "ALTER TABLE runs DELETE WHERE agent IN (SELECT s FROM other.secrets)",
        "ALTER TABLE runs DELETE WHERE agent IN other.secrets",
        "ALTER TABLE runs DELETE WHERE file('/etc/passwd') != ''",
        "ALTER TABLE runs DELETE IN PARTITION tuple() WHERE 1",
        "ALTER TABLE runs DELETE WHERE 0, DELETE WHERE 1",
        "ALTER TABLE runs DELETE WHERE 0, UPDATE agent = '' WHERE 1",
        "ALTER TABLE runs UPDATE agent = file('/etc/passwd') WHERE 1",
        "ALTER TABLE runs ADD COLUMN x String DEFAULT file('/etc/passwd')",
        "ALTER TABLE runs MODIFY SETTING disk = disk(type = 'web', endpoint = 'http://127.0.0.1:{port}/')",
        "ALTER TABLE runs MODIFY SETTING storage_policy = 'other'",
        "ALTER TABLE runs MODIFY TTL now() + toIntervalDay(1) TO DISK 'x'",
        "ALTER TABLE runs ATTACH PARTITION ID 'all' FROM other.secrets",
        "ALTER TABLE runs REPLACE PARTITION ID 'all' FROM other.secrets",
        "ALTER TABLE runs MOVE PARTITION ID 'all' TO TABLE other.secrets",
        "ALTER TABLE runs FETCH PARTITION 'all' FROM '/x'",
        "ALTER TABLE runs FREEZE",
        "ALTER TABLE long_steps MODIFY QUERY SELECT s FROM other.secrets",
        "CREATE TABLE mine (a String) ENGINE = File(CSV, '/etc/passwd')",
        "CREATE TABLE mine (a String) ENGINE = URL('http://127.0.0.1:{port}/x', CSV)",
        "CREATE TABLE mine (a String) ENGINE = Memory",
        "CREATE TABLE mine AS other.secrets",
        "CREATE TABLE mine CLONE AS other.secrets",
        "CREATE TABLE mine AS file('/etc/passwd')",
        "CREATE TABLE mine AS SELECT s FROM other.secrets",
        "CREATE VIEW mine AS SELECT s FROM other.secrets",
        "CREATE MATERIALIZED VIEW mine TO runs AS SELECT s FROM other.secrets",
        "CREATE MATERIALIZED VIEW mine REFRESH EVERY 1 SECOND TO runs AS SELECT 1",
        "CREATE TEMPORARY TABLE mine (a Int8)",
        "CREATE DICTIONARY mine (a Int8) PRIMARY KEY a SOURCE(HTTP(URL 'http://127.0.0.1:{port}/')) "
        "LAYOUT(FLAT()) LIFETIME(1)",
        "CREATE DATABASE mine",
        "CREATE DATABASE IF NOT EXISTS mine",
        "CREATE DATABASE IF NOT EXISTS acme_x ENGINE = MySQL('127.0.0.1:{port}', 'a', 'b', 'c')",
        "CREATE DATABASE IF NOT EXISTS acme_x; DROP DATABASE other",
        "CREATE FUNCTION mine AS (x) -> file(x)",
        "CREATE USER mine",
        "CREATE NAMED COLLECTION mine AS a = 1",
        "GRANT ALL ON *.* TO mine",
        "ATTACH TABLE mine FROM '/etc' (a Int8) ENGINE = MergeTree ORDER BY a",
        "DETACH TABLE runs",
        "DROP TABLE runs",
        "DROP DATABASE other",
        "TRUNCATE TABLE runs",
        "RENAME TABLE runs TO gone",
        "EXCHANGE TABLES runs AND steps",
        "OPTIMIZE TABLE runs FINAL",
        "DELETE FROM runs WHERE 1",
        "UPDATE runs SET agent = '' WHERE 1",
        "BACKUP TABLE runs TO File('{file}')",
        "RESTORE TABLE runs FROM File('{file}')",
        "KILL QUERY WHERE 1",
        "SYSTEM SHUTDOWN",
        "SYSTEM FLUSH LOGS",
        "SET readonly = 0",
        "USE other",
        "SELECT 1 INTO OUTFILE '{file}'",
        "SELECT s FROM other.secrets",
        "SELECT file('/etc/passwd')",
        "SELECT * FROM system.users",
        "SELECT * FROM system.named_collections",
        "SELECT * FROM system.query_log",
        "EXPLAIN AST DROP TABLE runs",
        "SHOW CREATE TABLE other.secrets",
        "SHOW TABLES FROM other",
    ],
)  # fmt: skip
def test_no_statement_of_an_administrator_leaves_the_store(port: Port, folder: Path, statement: str) -> None:
    file = folder.parent / "made"
    with nobody_calls() as number:
        said = as_administrator(port, statement.format(port=number, file=file))
        refused(said, said.code if said.code == 62 else ACCESS_DENIED)
    assert not file.exists()
    assert as_administrator(port, "SELECT count() FROM runs").text == "2\n"
    assert port.ask("SELECT count() FROM secrets", token="other-token").text == "1\n"


def test_no_other_database_is_named(port: Port) -> None:
    for database in ("other", "system", "acme-figures", "acm"):
        refused(as_administrator(port, "SELECT 1", {"database": database}), UNKNOWN_DATABASE)
    refused(as_administrator(port, "INSERT INTO x SELECT 1", {"database": "default"}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("output_format_schema", "/tmp/x"),
        ("additional_table_filters", "{}"),
        ("readonly", "0"),
        ("allow_ddl", "1"),
        ("format_schema", "/etc/passwd:x"),
        ("format_schema_source", "file"),
        ("max_memory_usage", "999999999999"),
        ("max_execution_time", "0"),
    ],
)
def test_no_setting_opens_more(port: Port, name: str, value: str) -> None:
    refused(as_administrator(port, "SELECT 1", {name: value}))


def test_rows_come_with_this_versions_schema_or_not_at_all(port: Port) -> None:
    ours = protobuf_schema_path().read_text()
    for schema in (ours + " ", 'syntax = "proto3"; import "/etc/passwd";', ""):
        given = {"format_schema_source": "string", "format_schema": schema, "format_schema_message_name": "X"}
        said = as_administrator(port, b"INSERT INTO runs FORMAT ProtobufSingle\n\x00", given)
        refused(said)
        assert "same version" in said.text


def test_an_insert_without_rows_and_rows_without_an_insert_are_refused(port: Port) -> None:
    refused(as_administrator(port, b"\x00\xff", {"query": "SELECT 1"}), BAD_ARGUMENTS)
    refused(as_administrator(port, "INSERT INTO runs SELECT 1, 2 FORMAT Native\n\x01\x02"), BAD_ARGUMENTS)
    assert as_administrator(port, "SELECT count() FROM runs").text == "2\n"


def test_an_administrator_makes_a_project_writes_and_deletes_with_a_clients_own_means(port: Port, folder: Path) -> None:
    with clickhouse_connect.get_client(host=port.host, port=port.port, password=_ADMIN, database="default") as client:
        migrate(client, "acme_made", Form(30), "test")
        migrate(client, "acme_made", Form(30), "test")
        client.command(load("bury"), parameters={"subject": "user", "values": ["somebody"]})
        client.insert("acme.runs", [["run2", "made"], ["run3", "made"]], column_names=["run_id", "agent"])
        assert client.query("SELECT count() FROM acme.runs").result_rows == [(4,)]
        client.command("ALTER TABLE acme.runs DELETE WHERE agent = 'made' SETTINGS mutations_sync = 2")
        assert client.query("SELECT count() FROM acme.runs").result_rows == [(2,)]
        assert client.query("SELECT count() FROM erased").result_rows == [(1,)]
    assert list(folder.iterdir()) == []


# Of each type that a query binds; a number will do for the rest.
_BOUND = {"String": "x", "Array": "[]", "Map": "{}", "Date": "2026-01-01", "DateTime": "2026-01-01 00:00:00"}
_FILLED = {
    "parts": "system.parts",
    "detached_parts": "system.detached_parts",
    "processes": "system.processes",
    "final": "",
    "conditions": "0 AS c",
}


def test_every_query_of_this_program_is_one_that_an_administrator_may_ask(
    reading_engine: ChdbEngine, store_database: StoreDatabase
) -> None:
    guard = WritingGuard(reading_engine, ADMINISTRATORS, Administrator(store_database.name))
    looked_at = 0
    for file in sorted(Path(queries.__file__).parent.glob("queries/*.sql")):
        if file.stem.startswith(("runs_with_", "runs_conditions", "list_runs", "slo_runs")):
            continue  # parts of statements, which readers ask
        text = re.sub(r"\{\{(\w+)\}\}", lambda found: _FILLED[found[1]], load(file.stem))
        bound = dict(re.findall(r"\{(\w+):(\w+)", text))
        values = {name: _BOUND.get(kind.removesuffix("64"), "1") for name, kind in bound.items()}
        assert guard.admit(text, store_database.name, values).writes is ("INSERT INTO" in text), file
        looked_at += 1
    assert looked_at > 50


def test_what_a_kill_left_of_an_insert_is_gone_at_the_next_start(tmp_path: Path) -> None:
    left = tmp_path / "incoming" / "1.rows"
    left.parent.mkdir()
    left.write_bytes(b"somebody's words")
    ChdbEngine("", Storing(left.parent, threading.Lock()))
    assert not left.exists()
