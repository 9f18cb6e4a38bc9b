"""Opens a project's database: creates what is missing, in numbered migrations that the database itself records.

A database that holds a migration which this program does not know is refused, and so is a ClickHouse without something
that the schema needs. What the dialects' tables say is part of the views; when it changed since, the views are altered
in place, which ClickHouse does without a moment in which they are not there.

Every statement may have run before: a migration that was cut short is done again from its start. A database that is up
to date is only read, so a user without the right to create may open it.
"""

from __future__ import annotations

import logging

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from playhead_collector.errors import SchemaTooNew, StoreUnavailable, StoreUnsuitable
from playhead_collector.store import ddl
from playhead_collector.store.ddl import Form, View
from playhead_collector.store.query import load

log = logging.getLogger(__name__)

# Setting, and the first ClickHouse that has it (system.settings_changes says so).
NEEDED_SETTINGS = {
    "format_schema_source": "25.6",
    "input_format_protobuf_oneof_presence": "25.9",
    "exclude_materialize_skip_indexes_on_insert": "25.10",
    "deduplicate_blocks_in_dependent_materialized_views": "24.1",
    "query_plan_direct_read_from_text_index": "25.9",
}
# The text index is beyond its experimental stage from here on.
NEEDED_VERSION = (26, 2)

# While this table is in a database, a restore is at work on it, or was cut short.
RESTORING = "restoring"

# What ClickHouse says where a view asks its table for what that has not.
_DO_NOT_FIT = ("UNKNOWN_IDENTIFIER", "THERE_IS_NO_COLUMN", "NO_SUCH_COLUMN_IN_TABLE", "NOT_FOUND_COLUMN_IN_BLOCK")


def check_suitable(client: Client) -> None:
    version = str(client.command("SELECT version()"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    needed = ".".join(map(str, NEEDED_VERSION))
    if numbers < NEEDED_VERSION:
        raise StoreUnsuitable(f"this ClickHouse is {version}; Playhead needs {needed} or newer (text indexes)")
    rows = client.query(load("settings_there"), parameters={"names": list(NEEDED_SETTINGS)}).result_rows
    missing = [name for name in NEEDED_SETTINGS if (name,) not in rows]
    if missing:
        named = ", ".join(f"{name} (which came with {NEEDED_SETTINGS[name]})" for name in missing)
        raise StoreUnsuitable(f"this ClickHouse ({version}) has no setting {named}; use {needed} or newer")


def migrate(
    client: Client, database: str, form: Form, program: str, *, only_to: int | None = None, restoring: bool = False
) -> int:
    """Brings a database up to date, and the client into it; returns the schema's number. Twice changes nothing.

    A restore goes to the schema of its backup first, with `only_to`.
    """
    if not restoring:
        check_restored(client, database)
    applied = _applied(client, database)
    newest = only_to or ddl.latest()
    if applied > newest:
        raise SchemaTooNew(
            f"the database {database} has schema {applied}, and this Playhead ({program}) knows up to {newest}: "
            "run the newer Playhead that made it, or restore a backup made before"
        )
    if applied < newest:
        client.command(ddl.of_database(database, form))
    client.database = database
    if applied < newest:
        client.command(ddl.record(form, database).sql)
    for number in range(applied + 1, newest + 1):
        for statement in ddl.migration(number, form, database):
            try:
                client.command(statement.sql)
            except ClickHouseError as error:
                raise StoreUnavailable(f"schema {number}, {statement.name}: {str(error).strip()[:800]}") from error
        client.command(load("record_migration"), parameters={"number": number, "program": program})
        log.info("database %s: schema %d applied", database, number)
    _refresh_views(client, database, form, newest)
    return newest


def check_restored(client: Client, database: str) -> None:
    """Raises StoreUnsuitable where a restore did not end."""
    comment = _comments(client, database).get(RESTORING)
    if comment is not None:
        raise StoreUnsuitable(
            f"the database {database} is being restored {comment}, or a restore was cut short: it is not whole. "
            "Wait for it to end, or run 'playhead restore' of that backup again"
        )


def _applied(client: Client, database: str) -> int:
    """The newest migration that the database has; 0 where there is none yet."""
    if "migrations" not in _comments(client, database):
        return 0
    return int(client.query(f"SELECT max(number) FROM {database}.migrations").result_rows[0][0])  # noqa: S608 - checked


def _comments(client: Client, database: str) -> dict[str, str]:
    """Of all tables and views, by name."""
    rows = client.query(load("table_comments"), parameters={"database": database}).result_rows
    return {str(name): str(comment) for name, comment in rows}


def _refresh_views(client: Client, database: str, form: Form, newest: int) -> None:
    """Alters the views whose definition this program renders otherwise than the one that made them."""
    comments = _comments(client, database)
    for number in range(1, newest + 1):
        for view in ddl.migration(number, form, database):
            if not isinstance(view, View) or comments.get(view.name) == view.definition:
                continue
            try:
                client.command(view.query_altered(form))
            except ClickHouseError as error:
                if not any(mark in str(error) for mark in _DO_NOT_FIT):
                    raise
                raise StoreUnsuitable(
                    f"the database {database} was made by an earlier alpha of Playhead, and its tables do not fit the "
                    f"view {view.name} of this one: name a new store with --store; the version that made it takes its "
                    "runs out with 'playhead export --all', to be imported there"
                ) from error
            # Said after it is done: cut short in between, it is done again.
            client.command(view.definition_altered(form))
            log.info("view %s altered: what the dialects' tables say has changed", view.name)
