"""Schema files to statements: one DDL object a file, with what varies (dialects, engines, cluster) in double braces.

The same files make a single server's schema and a cluster's. On a cluster what belongs to a run lies in `…_local` on
the shard of its run, replicated there, and a Distributed table of the plain name lies over it; what every node must
know for itself (tombstones, prices, migrations) is one table that all nodes replicate. Queries are the same in both.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from playhead_collector.store.expressions import expressions

_ANY_VALUE = (
    "Tuple(value Enum8('none' = 0, 'string_value' = 1, 'bool_value' = 2, 'int_value' = 3, 'double_value' = 4, "
    "'array_value' = 5, 'kvlist_value' = 6, 'bytes_value' = 7), string_value String, bool_value Bool, int_value Int64, "
    "double_value Float64, array_value String, kvlist_value String, bytes_value String)"
)
_KEY_VALUE = f"Tuple(key String, has_value Enum8('no' = 0, 'value' = 2), value {_ANY_VALUE})"
_RESOURCE = f"Tuple(attributes Array({_KEY_VALUE}), dropped_attributes_count UInt32, entity_refs Array(String))"
_SCOPE = f"Tuple(name String, version String, attributes Array({_KEY_VALUE}), dropped_attributes_count UInt32)"
# Of everything that tells two scopes apart, in a form that sipHash takes. As text every NaN is the same, so the bits of
# doubles are in it, too.
_SCOPE_HASH = (
    "sipHash128(toString(tuple(has_resource, resource, resource_schema_url, has_scope, scope, scope_schema_url, "
    "arrayMap(d -> reinterpretAsInt64(d), resource.attributes.value.double_value), "
    "arrayMap(d -> reinterpretAsInt64(d), scope.attributes.value.double_value))))"
)
TABLE_SETTINGS = (
    "default_compression_codec = 'ZSTD(1)', ttl_only_drop_parts = 1, "
    # Statistics of all columns, which no query here gains by: a twentieth of a deep run.
    "auto_statistics_types = '', "
    # The spool lets go of a segment when its insert returns, so the insert has to be on the disk then; what a merge
    # replaced stays until the kernel has surely written the merged part.
    "fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 60, "
    # Replaced files go within seconds: an erasure waits for that.
    "cleanup_delay_period = 4, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 4"
)

# A segment may come again when its insert was cut short and the store away since, so its token is remembered for long.
_TOKENS = ", non_replicated_deduplication_window = 10000"
_CLUSTER_TOKENS = ", replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800"
# Of steps that share a conversation each part repeats its hashes, so few parts matter more there than merging less.
# At 1.8 even two small parts become one (sizes count 5 MB more than they are, so it changes little for large ones): the
# last insert of a deep run took as much as a third of all before it. No part of messages repeats another, and merging
# those builds their text index anew.
_FEW_PARTS = ", merge_selector_base = 1.8"
_SOME_PARTS = ", merge_selector_base = 4"
# Of runs each part repeats all that it was computed anew from, and they are a tenth of the steps.
_FEWER_PARTS = ", merge_selector_base = 1.5"
_GRANULE = ", index_granularity = 4096"
# The text index names rows, and each lies in a granule that is read whole: 65 messages take 24 ms at 4096, 11 at 1024,
# 7 at 256; but texts that are compressed so few at a time take a third more at 256.
_SMALL_GRANULE = ", index_granularity = 1024"
# Columns apart where a merge made so many steps: in compact parts no block is larger than a megabyte, and each block
# repeats the hashes of its conversations. Inserts stay compact: a hundred files synced would be a hundred waits.
# (A granule, and so a block, ends at 32 MB rather than 10.)
_WIDE = ", min_level_for_wide_part = 1, min_bytes_for_wide_part = 2000000, index_granularity_bytes = 33554432"
_NO_TOKENS = ", non_replicated_deduplication_window = 0"
_NO_CLUSTER_TOKENS = ", replicated_deduplication_window = 0"

_PLACEHOLDER = re.compile(r"\{\{([^}]+)\}\}")
_VIEW = re.compile(r"\s*(?:--[^\n]*\n)*\s*CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+).*? TO \w+ AS\n")


@dataclass(frozen=True, slots=True)
class Form:
    """Where the schema goes: one server (no cluster), or a cluster of replicated shards.

    A cluster's nodes name themselves by the usual macros `{shard}` and `{replica}`.
    """

    retention_days: int = 90
    cluster: str | None = None

    @property
    def on_cluster(self) -> str:
        return f" ON CLUSTER '{self.cluster}'" if self.cluster else ""

    def stored(self, table: str) -> str:
        """The table that holds a run's rows on a node: what is altered and what has parts."""
        return f"{table}_local" if self.cluster else table

    def system(self, table: str) -> str:
        """A system table of all nodes."""
        return f"clusterAllReplicas('{self.cluster}', system.{table})" if self.cluster else f"system.{table}"

    def replacing(self, version: str, everywhere: bool = False) -> str:
        """The engine of a table of replaceable rows, sharded or whole on every node."""
        arguments = [version] if version else []
        if self.cluster:
            path, replica = (
                ("/clickhouse/tables/{database}/{table}", "{shard}-{replica}")
                if everywhere
                else ("/clickhouse/tables/{shard}/{database}/{table}", "{replica}")
            )
            arguments = [f"'{path}'", f"'{replica}'", *arguments]
        name = "ReplicatedReplacingMergeTree" if self.cluster else "ReplacingMergeTree"
        return f"{name}({', '.join(arguments)})"


@dataclass(frozen=True, slots=True)
class Statement:
    """One DDL statement."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class View(Statement):
    """A materialized view. Its comment in the database is the hash of its definition, created with it."""

    query: str
    definition: str

    def query_altered(self, form: Form) -> str:
        return f"ALTER TABLE {self.name}{form.on_cluster} MODIFY QUERY {self.query}"

    def definition_altered(self, form: Form) -> str:
        return f"ALTER TABLE {self.name}{form.on_cluster} MODIFY COMMENT '{self.definition}'"


def of_database(database: str, form: Form) -> str:
    return f"CREATE DATABASE IF NOT EXISTS {database}{form.on_cluster}"


def migration(number: int, form: Form, database: str) -> list[Statement]:
    """The statements of one numbered migration, in order."""
    folder = _schema() / f"{number:04}"
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return [statement for entry in found for statement in _render(entry, form, database)]


def record(form: Form, database: str) -> Statement:
    """The table that the database records its migrations in."""
    return _render(_schema() / "migrations.sql", form, database)[0]


def latest() -> int:
    return max(int(entry.name) for entry in _schema().iterdir() if entry.name.isdigit())


def protobuf_schema_path() -> Path:
    return Path(str(_schema() / "otlp.proto"))


def _schema() -> Traversable:
    return files("playhead_collector.store") / "schema"


def _render(entry: Traversable, form: Form, database: str) -> list[Statement]:
    values = expressions() | {
        "key_value_type": _KEY_VALUE,
        "any_value_type": _ANY_VALUE,
        "resource_type": _RESOURCE,
        "scope_type": _SCOPE,
        "scope_hash": _SCOPE_HASH,
        "table_settings": TABLE_SETTINGS + _GRANULE + _FEW_PARTS + _TOKENS + (_CLUSTER_TOKENS if form.cluster else ""),
        "step_settings": TABLE_SETTINGS
        + _GRANULE
        + _FEW_PARTS
        + _WIDE
        + _TOKENS
        + (_CLUSTER_TOKENS if form.cluster else ""),
        "run_settings": TABLE_SETTINGS + _GRANULE + _FEWER_PARTS + _TOKENS + (_CLUSTER_TOKENS if form.cluster else ""),
        "message_settings": TABLE_SETTINGS
        + _SMALL_GRANULE
        + _SOME_PARTS
        + _NO_TOKENS
        + (_NO_CLUSTER_TOKENS if form.cluster else ""),
        "retention_days": str(form.retention_days),
        "on_cluster": form.on_cluster,
        "local": "_local" if form.cluster else "",
    }

    def filled(match: re.Match[str]) -> str:
        word, _, version = match[1].strip().partition(":")
        if word.startswith("replacing"):
            return form.replacing(version, everywhere=word.endswith("everywhere"))
        return values[match[1].strip()]

    name = entry.name.removesuffix(".sql")
    text = entry.read_text(encoding="utf-8")
    sql = _PLACEHOLDER.sub(filled, text).strip()
    view = _VIEW.match(sql)
    if view is not None:
        definition = hashlib.sha256(sql.encode()).hexdigest()
        return [View(view[1], f"{sql}\nCOMMENT '{definition}'", sql[view.end() :], definition)]
    table = re.search(r"CREATE TABLE IF NOT EXISTS (\w+)\{\{local\}\}", text)
    if table is None or not form.cluster:
        return [Statement(name, sql)]
    over = (
        f"CREATE TABLE IF NOT EXISTS {table[1]}{form.on_cluster} AS {form.stored(table[1])}\n"
        f"ENGINE = Distributed('{form.cluster}', '{database}', {form.stored(table[1])}, sipHash64(run_id))"
    )
    return [Statement(name, sql), Statement(f"{name}, distributed", over)]
