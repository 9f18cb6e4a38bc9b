"""How long a project's runs are kept: so many days from when they arrived.

ClickHouse removes what is older by itself, a part at a time: a row goes when all that it was merged with may go.
From when they arrived, not from when they started: what is imported, or comes late, or from a clock that is wrong, was
acknowledged and must not vanish. Messages and scopes are kept a day longer than steps: of the copies that several steps
brought on one day, any may be the one that is left.
"""

from __future__ import annotations

import re

from clickhouse_connect.driver.client import Client

from playhead_collector.store.ddl import Form
from playhead_collector.store.query import load

DEFAULT_RETENTION_DAYS = 90

# Table, and days on top.
_TABLES = (
    ("step_rows", 0),
    ("message_rows", 1),
    ("scope_rows", 1),
    ("responses", 0),
    ("log_rows", 0),
    ("recording_rows", 0),
    ("run_rows", 0),
)


def keep_for(client: Client, days: int, form: Form) -> bool:
    """Changes the retention of the client's database; returns whether it was another before."""
    if retention_of(client) == days:
        return False
    for statement in keeping(days, form):
        client.command(statement)
    return True


def keeping(days: int, form: Form) -> list[str]:
    """The statements by which runs are kept so long."""
    # The table that is asked comes last: cut short, it is all done again.
    return [
        f"ALTER TABLE {form.stored(table)}{form.on_cluster} "
        f"MODIFY TTL toDateTime64(arrived_at, 0) + toIntervalDay({days + more})"
        for table, more in reversed(_TABLES)
    ]


def retention_of(client: Client) -> int | None:
    """The days that the client's database keeps steps; None where the database does not say."""
    definitions = [str(shown) for (shown,) in client.query(load("step_tables")).result_rows]
    found = (re.search(r"ORDER BY .*? TTL .*?toIntervalDay\((\d+)\)", shown, re.DOTALL) for shown in definitions)
    return next((int(days[1]) for days in found if days), None)
