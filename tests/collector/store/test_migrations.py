"""How a database comes to the schema, whatever interrupted it before, and what it refuses."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from tests.collector.database import StoreDatabase
from tests.collector.dialects.spans import span, traces

from playhead_collector.errors import SchemaTooNew, StoreUnavailable, StoreUnsuitable
from playhead_collector.store import ddl, migrations
from playhead_collector.store.ddl import Form, View
from playhead_collector.store.engine import Engine
from playhead_collector.store.migrations import NEEDED_SETTINGS, check_suitable, migrate
from playhead_collector.store.query import load

FORM = Form()


@pytest.fixture
def client(engine: Engine) -> Iterator[Client]:
    client = engine.connect()
    yield client
    client.close()


@pytest.fixture
def name(client: Client) -> Iterator[str]:
    """Of a database that is not there yet."""
    name = f"test_{secrets.token_hex(8)}"
    yield name
    client.database = "default"
    client.command(f"DROP DATABASE IF EXISTS {name} SYNC")


class Watched:
    """A client that keeps what it was told to do, and may refuse the rest after so many statements."""

    def __init__(self, client: Client, allowed: int = 10**9) -> None:
        self._client = client
        self._allowed = allowed
        self.commands: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Its database is the client's."""
        if name == "database":
            self._client.database = value
        else:
            super().__setattr__(name, value)

    def command(self, statement: str, *arguments: Any, **named: Any) -> Any:
        if len(self.commands) == self._allowed:
            raise DatabaseError("the power went")
        self.commands.append(statement)
        return self._client.command(statement, *arguments, **named)


def made(client: Client, name: str) -> dict[str, str]:
    """Every object of a database, as it would be made again."""
    rows = client.query(
        "SELECT name, create_table_query FROM system.tables WHERE database = {name:String}", parameters={"name": name}
    ).result_rows
    return {str(table): str(query).replace(name, "…") for table, query in rows}


def test_migrations_are_numbered_from_one_without_gaps() -> None:
    for number in range(1, ddl.latest() + 1):
        assert ddl.migration(number, FORM, "d"), number


def test_a_migration_is_recorded_once_with_who_applied_it(client: Client, name: str) -> None:
    for program in ("first", "second"):
        assert migrate(client, name, FORM, program) == ddl.latest()
    rows = client.query(f"SELECT number, program FROM {name}.migrations ORDER BY number").result_rows
    assert rows == [(number, "first") for number in range(1, ddl.latest() + 1)]


def test_a_database_that_is_up_to_date_is_only_read(client: Client, name: str) -> None:
    migrate(client, name, FORM, "test")
    watched = Watched(client)
    migrate(watched, name, FORM, "test")  # type: ignore[arg-type]
    assert watched.commands == []


def test_a_migration_that_was_cut_short_anywhere_is_done_again(client: Client, name: str) -> None:
    watched = Watched(client)
    migrate(watched, name, FORM, "test")  # type: ignore[arg-type]
    complete = made(client, name)
    assert len(watched.commands) > 30
    client.database = "default"
    client.command(f"DROP DATABASE {name} SYNC")
    # Each time it begins again with what the time before had left, and comes three statements further.
    cuts = allowed = 0
    while cuts < len(watched.commands):
        cut = Watched(client, allowed)
        try:
            client.database = "default"
            migrate(cut, name, FORM, "test")  # type: ignore[arg-type]
            break
        except (StoreUnavailable, DatabaseError) as error:
            assert "the power went" in str(error), allowed
        # A migration that is recorded is not begun again.
        allowed = 0 if load("record_migration") in cut.commands else allowed + 3
        cuts += 1
    assert cuts > len(watched.commands) / 4
    assert made(client, name) == complete


def test_a_newer_schema_is_refused_and_left_as_it_is(client: Client, name: str) -> None:
    migrate(client, name, FORM, "test")
    newer = ddl.latest() + 1
    client.command(f"INSERT INTO {name}.migrations VALUES ({newer}, '99.0', now64(3))")
    watched = Watched(client)
    with pytest.raises(SchemaTooNew) as refused:
        migrate(watched, name, FORM, "1.2.3")  # type: ignore[arg-type]
    for told in (name, f"schema {newer}", "1.2.3", f"up to {ddl.latest()}", "newer Playhead", "backup"):
        assert told in str(refused.value)
    assert watched.commands == []


def test_tables_of_an_earlier_alpha_are_refused_with_the_way_out(client: Client, name: str) -> None:
    migrate(client, name, FORM, "test")
    client.command("DROP TABLE spans SYNC")
    client.command("CREATE TABLE spans (run_id String) ENGINE = Null")
    client.command("ALTER TABLE keep_steps MODIFY COMMENT 'as an earlier one had it'")
    with pytest.raises(StoreUnsuitable, match=r"made by an earlier alpha.*keep_steps.*playhead export --all"):
        migrate(client, name, FORM, "test")


def test_a_clickhouse_without_a_setting_that_is_needed_is_refused_by_name(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NEEDED_SETTINGS, "a_setting_of_the_future", "99.1")
    with pytest.raises(StoreUnsuitable, match=r"no setting a_setting_of_the_future \(which came with 99\.1\)"):
        check_suitable(client)


@pytest.mark.parametrize("version", ["24.8.1.1", "26.1.9.1"])
def test_a_clickhouse_that_is_too_old_is_refused_with_the_version_that_would_do(
    client: Client, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr(client, "command", lambda query: version)
    with pytest.raises(StoreUnsuitable, match=rf"{version}; Playhead needs 26\.2 or newer"):
        check_suitable(client)


def test_this_clickhouse_is_suitable(client: Client) -> None:
    check_suitable(client)


def test_the_needed_version_is_not_older_than_what_a_needed_setting_came_with() -> None:
    for since in NEEDED_SETTINGS.values():
        assert tuple(map(int, since.split("."))) <= migrations.NEEDED_VERSION


def test_views_follow_dialects_that_changed_without_being_away(store_database: StoreDatabase) -> None:
    database = store_database
    [view] = [one for one in ddl.migration(1, FORM, "d") if isinstance(one, View) and one.name == "keep_steps"]
    # As another program would have made it, whose tables call every service something else.
    older = view.query.replace("\n    service,\n", "\n    'of an older table' AS service,\n")
    assert older != view.query
    database.client.command(f"ALTER TABLE keep_steps MODIFY QUERY {older}")
    database.client.command("ALTER TABLE keep_steps MODIFY COMMENT 'of before'")
    database.insert(traces(span("before")))
    watched = Watched(database.client)
    migrate(watched, database.name, Form(retention_days=3650), "test")  # type: ignore[arg-type]
    assert [command.split(" MODIFY ")[0] for command in watched.commands] == ["ALTER TABLE keep_steps"] * 2
    database.insert(traces(span("after")))
    rows = database.rows("SELECT name, toString(service) AS service FROM steps ORDER BY name DESC")
    assert [(row["name"], row["service"]) for row in rows] == [("before", "of an older table"), ("after", "app")]


def test_a_view_that_was_altered_but_not_said_to_be_is_altered_again(store_database: StoreDatabase) -> None:
    watched = Watched(store_database.client, allowed=1)
    store_database.client.command("ALTER TABLE keep_steps MODIFY COMMENT 'of before'")
    with pytest.raises(DatabaseError, match="the power went"):
        migrate(watched, store_database.name, FORM, "test")  # type: ignore[arg-type]
    migrate(store_database.client, store_database.name, FORM, "test")
    again = Watched(store_database.client)
    migrate(again, store_database.name, FORM, "test")  # type: ignore[arg-type]
    assert again.commands == []
