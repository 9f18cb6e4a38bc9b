"""Opens a project's database: creates what is missing, in numbered migrations that the database itself records.

A database that holds a migration which this program does not know is refused, and so is a ClickHouse without something
that the schema needs. What the dialects' tables say is part of the views; when it changed since, the views are altered
in place, which ClickHouse does without a moment in which they are not there.
"""

from __future__ import annotations

import hashlib
import logging
import re

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from playhead_collector.errors import SchemaTooNew, StoreUnavailable, StoreUnsuitable
from playhead_collector.store import ddl
from playhead_collector.store.ddl import Form

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

_RECORD = """
CREATE TABLE IF NOT EXISTS migrations{on_cluster}
(
    number UInt32,
    program String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {engine} ORDER BY number
"""
_DEFINITIONS = """
CREATE TABLE IF NOT EXISTS view_definitions{on_cluster}
(
    name String,
    hash String,
    defined_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = {engine}(defined_at) ORDER BY name
"""


def check_suitable(client: Client) -> None:
    version = str(client.command("SELECT version()"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < NEEDED_VERSION:
        raise StoreUnsuitable(
            f"this ClickHouse is {version}; Playhead needs {'.'.join(map(str, NEEDED_VERSION))} or newer (text indexes)"
        )
    rows = client.query(
        "SELECT name FROM system.settings WHERE name IN {names:Array(String)}",
        parameters={"names": list(NEEDED_SETTINGS)},
    ).result_rows
    there = {name for (name,) in rows}
    for name, since in NEEDED_SETTINGS.items():
        if name not in there:
            raise StoreUnsuitable(
                f"this ClickHouse ({version}) has no setting {name}, which came with {since}; use a newer one"
            )


def migrate(client: Client, database: str, form: Form, program: str) -> int:
    """Brings the client's database up to date; returns the schema's number. Running it twice changes nothing."""
    on_cluster = f" ON CLUSTER '{form.cluster}'" if form.cluster else ""
    client.command(f"CREATE DATABASE IF NOT EXISTS {database}{on_cluster}")
    client.database = database
    replicated = "Replicated" if form.cluster else ""
    client.command(_RECORD.format(on_cluster=on_cluster, engine=f"{replicated}MergeTree"))
    client.command(_DEFINITIONS.format(on_cluster=on_cluster, engine=f"{replicated}ReplacingMergeTree"))
    applied = int(client.command("SELECT max(number) FROM migrations"))  # type: ignore[arg-type]
    newest = ddl.latest()
    if applied > newest:
        raise SchemaTooNew(
            f"the database {database} has schema {applied}, and this Playhead knows up to {newest}: "
            "run the newer Playhead that made it, or restore a backup made before"
        )
    for number in range(applied + 1, newest + 1):
        for statement in ddl.migration(number, form):
            try:
                client.command(statement.sql)
            except ClickHouseError as error:
                raise StoreUnavailable(f"schema {number}, {statement.name}: {str(error).strip()[:800]}") from error
        client.command(
            "INSERT INTO migrations (number, program) VALUES ({n:UInt32}, {p:String})",
            {"n": number, "p": program},
        )
        log.info("database %s: schema %d applied", database, number)
    _refresh_views(client, form)
    return newest


def _refresh_views(client: Client, form: Form) -> None:
    """Alters the materialized views whose definition this program renders otherwise than the database recorded."""
    rows = client.query("SELECT name, hash FROM view_definitions FINAL").result_rows
    known = {str(name): str(digest) for name, digest in rows}
    for number in range(1, ddl.latest() + 1):
        for statement in ddl.migration(number, form):
            view = re.match(
                r"\s*(?:--[^\n]*\n)*\s*CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+).*? TO \w+ AS\n",
                statement.sql,
            )
            if view is None:
                continue
            name = view[1]
            digest = hashlib.sha256(statement.sql.encode()).hexdigest()
            if known.get(name) == digest:
                continue
            if name in known:
                client.command(f"ALTER TABLE {name} MODIFY QUERY {statement.sql[view.end() :]}")
                log.info("view %s altered: the dialects' tables changed", name)
            client.command(
                "INSERT INTO view_definitions (name, hash) VALUES ({n:String}, {h:String})",
                {"n": name, "h": digest},
            )
