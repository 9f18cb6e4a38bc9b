"""The least that the unique messages of deep runs take: themselves, compressed alone.

One table of one column, one row a message, in the order of the conversation, in one part, with the codec and the block
size of the tables that the collector writes; the bytes of that column's file. No key, no hash, no index, no step. Each
message is there once: what the prompts hold, and not the model's outputs, which are the prompts' messages again but for
a finish reason (counting those too would make this larger, and the ratio to it kinder).
"""

from __future__ import annotations

import uuid

from tests.bench.deep import Deep

from playhead_collector.store.ddl import TABLE_SETTINGS
from playhead_collector.store.engine import Engine


def bytes_alone(engine: Engine, told: Deep) -> int:
    name = f"bench_{uuid.uuid4().hex}"
    admin = engine.connect()
    admin.command(f"CREATE DATABASE {name}")
    client = engine.connect(name)
    try:
        client.command(
            f"CREATE TABLE alone (text String) ENGINE = MergeTree ORDER BY tuple() SETTINGS {TABLE_SETTINGS}"
        )
        rows = [[text] for run in told.runs() for text in run.messages]
        client.insert("alone", rows, column_names=["text"])
        client.command("OPTIMIZE TABLE alone FINAL")
        size = client.query(
            "SELECT sum(data_compressed_bytes), uniqExact(name) FROM system.parts "
            "WHERE database = currentDatabase() AND table = 'alone' AND active"
        ).result_rows[0]
        return int(size[0])
    finally:
        admin.command(f"DROP DATABASE {name} SYNC")
        client.close()
        admin.close()
