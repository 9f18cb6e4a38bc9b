"""Schema files to statements: one DDL object a file, with what varies (dialects, engines, cluster) in double braces.

The same files make a single server's schema and a cluster's. On a cluster a `…_rows` table is created on every node as
`…_rows_local`, and a Distributed table of the plain name lies over it, sharded by run.
"""

from __future__ import annotations

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
    "sipHash128(toString(tuple(rs.has_resource, rs.resource, rs.schema_url, ss.has_scope, ss.scope, ss.schema_url, "
    "arrayMap(d -> reinterpretAsInt64(d), rs.resource.attributes.value.double_value), "
    "arrayMap(d -> reinterpretAsInt64(d), ss.scope.attributes.value.double_value))))"
)
TABLE_SETTINGS = (
    "non_replicated_deduplication_window = 10000, default_compression_codec = 'ZSTD(1)', ttl_only_drop_parts = 1, "
    "index_granularity = 4096, "
    # The spool lets go of a segment when its insert returns, so the insert has to be on the disk then; what a merge
    # replaced stays until the kernel has surely written the merged part.
    "fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 60, "
    # Replaced files go within seconds: an erasure waits for that.
    "cleanup_delay_period = 4, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 4"
)

_PACKAGE = "playhead_collector.store"


@dataclass(frozen=True, slots=True)
class Form:
    """Where the schema goes: one server (no cluster), or a cluster of replicated shards."""

    retention_days: int = 90
    cluster: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    name: str
    sql: str


def migration(number: int, form: Form) -> list[Statement]:
    """The statements of one numbered migration, in order."""
    folder = files(_PACKAGE) / "schema" / f"{number:04}"
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return [statement for entry in found for statement in _render(entry, form)]


def latest() -> int:
    return max(int(entry.name) for entry in (files(_PACKAGE) / "schema").iterdir() if entry.name.isdigit())


def protobuf_schema_path() -> Path:
    return Path(str(files(_PACKAGE) / "schema" / "otlp.proto"))


def _render(entry: Traversable, form: Form) -> list[Statement]:
    replicated = form.cluster is not None
    values = expressions() | {
        "key_value_type": _KEY_VALUE,
        "any_value_type": _ANY_VALUE,
        "resource_type": _RESOURCE,
        "scope_type": _SCOPE,
        "scope_hash": _SCOPE_HASH,
        "table_settings": TABLE_SETTINGS,
        "retention_days": str(form.retention_days),
        "replacing": "ReplicatedReplacingMergeTree" if replicated else "ReplacingMergeTree",
        "on_cluster": f" ON CLUSTER '{form.cluster}'" if replicated else "",
        "local": "_local" if replicated else "",
    }
    text = entry.read_text(encoding="utf-8")
    sql = re.sub(r"\{\{([^}]+)\}\}", lambda match: values[match[1].strip()], text)
    statements = [Statement(entry.name.removesuffix(".sql"), sql)]
    if replicated and "{{local}}" in text:
        table = re.search(r"CREATE TABLE IF NOT EXISTS (\w+)_local", sql)
        assert table is not None, f"{entry.name} names no table"
        name = table[1]
        statements.append(
            Statement(
                f"{entry.name.removesuffix('.sql')}_distributed",
                f"CREATE TABLE IF NOT EXISTS {name} ON CLUSTER '{form.cluster}' AS {name}_local\n"
                f"ENGINE = Distributed('{form.cluster}', currentDatabase(), {name}_local, sipHash64(run_id))",
            )
        )
    return statements
