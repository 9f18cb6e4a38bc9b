"""What chDB says to each statement of the cluster form, as it is shipped but for `ON CLUSTER`.

Run as a module: `python -m tests.collector.server.statements FOLDER CONFIG` prints a JSON object a statement.
Replicated tables are made on chDB's own test keeper, in memory: their definitions are checked, nothing can be put into
them. Then what Distributed tables do where the run's shard is another node: nobody listens there. The last line is
`here`; then it has to be killed, for chDB waits for ever for replicated tables that were never activated.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import chdb
from tests.collector.server.clickhouse import on_this_node

from playhead_collector.store import ddl
from playhead_collector.store.ddl import Form, Statement, View

FORM = Form(cluster="play")


def main(folder: Path, config: Path) -> None:
    handle: Any = chdb.connect(f"{folder / 'store'}?config-file={config}")  # type: ignore[no-untyped-call]
    handle.query("CREATE DATABASE traces")
    handle.query("USE traces")
    statements = every_statement()
    for statement in statements:
        parsed = _ask(handle, f"EXPLAIN AST {statement.sql}")
        made = _ask(handle, on_this_node(statement.sql))
        again = _ask(handle, on_this_node(statement.sql))
        altered = ""
        if isinstance(statement, View):
            altered = _ask(handle, f"ALTER TABLE {statement.name} MODIFY QUERY {statement.query}")
        _say(name=statement.name, sql=statement.sql, errors=[e for e in (parsed, made, again, altered) if e])
    engines = handle.query("SELECT name, engine_full FROM system.tables WHERE database = 'traces'", "JSONCompact")
    _say(engines=dict(json.loads(engines.bytes())["data"]))
    # Two shards of equal weight, this node and one where nobody listens.
    handle.query("CREATE TABLE here_local (run_id String) ENGINE = MergeTree ORDER BY run_id")
    handle.query("CREATE TABLE here AS here_local ENGINE = Distributed('two', 'traces', here_local, sipHash64(run_id))")
    handle.query("SET distributed_foreground_insert = 1")
    for run in range(16):
        error = _ask(handle, f"INSERT INTO here VALUES ('{run}')")
        shard = int(bytes(handle.query(f"SELECT sipHash64('{run}') % 2", "TabSeparated").bytes()))
        _say(run=run, shard=shard, error=error)
    kept = handle.query("SELECT run_id FROM here_local ORDER BY run_id", "JSONCompact")
    _say(here=[row[0] for row in json.loads(kept.bytes())["data"]])


def every_statement() -> list[Statement]:
    """Of the schema's latest form, in the order in which they are made."""
    numbers = range(1, ddl.latest() + 1)
    return [ddl.record(FORM, "traces"), *(one for number in numbers for one in ddl.migration(number, FORM, "traces"))]


def _ask(handle: Any, query: str) -> str:
    """What the engine complains of; empty where it is content."""
    try:
        handle.query(query)
    except RuntimeError as error:
        return str(error)[:4000]
    return ""


def _say(**told: Any) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
