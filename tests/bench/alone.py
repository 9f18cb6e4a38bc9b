"""The least that the unique messages of deep runs take: themselves, compressed alone.

One table of one column, one row a message, in the order of the conversation, in one part, with the codec and the block
size of the tables that the collector writes; the bytes of that column alone. No key, no hash, no index, no step. Each
text is there once: every message of the prompts, and what the model said in each turn, which is a message of its own
on the wire (it has a finish reason where the next prompt's copy of it has none).
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
        rows = [[text] for run in told.runs() for text in dict.fromkeys((*run.messages, *run.outputs))]
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
