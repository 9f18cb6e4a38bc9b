"""How long a project's runs are kept. ClickHouse removes what is older by itself, a day's part at a time.

Messages and scopes are kept a day longer than steps: a step refers to texts that an earlier step of its run brought.
"""

from __future__ import annotations

import re

from clickhouse_connect.driver.client import Client

DEFAULT_RETENTION_DAYS = 90

# Table, the expression that its time to live counts from, and days on top.
_TABLES = (
    ("step_rows", "toDateTime(start_time)", 0),
    ("message_rows", "first_seen", 1),
    ("scope_rows", "first_seen", 1),
    ("responses", "toDateTime(start_time)", 0),
    ("log_rows", "toDateTime(time)", 0),
    ("recording_rows", "toDateTime(time)", 0),
    ("run_rows", "toDateTime(end_time)", 0),
)


def keep_for(client: Client, days: int, cluster: str | None = None) -> bool:
    """Changes the retention of the client's database; returns whether it was another before."""
    rows = client.query(
        "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name LIKE 'step_rows%'"
    )
    if all(f"toIntervalDay({days})" in str(query) for (query,) in rows.result_rows if "MergeTree" in str(query)):
        return False
    suffix, where = ("_local", f" ON CLUSTER '{cluster}'") if cluster else ("", "")
    for table, since, more in _TABLES:
        client.command(f"ALTER TABLE {table}{suffix}{where} MODIFY TTL {since} + toIntervalDay({days + more})")
    return True


def retention_of(client: Client) -> int | None:
    """The days that the client's database keeps steps; None where the database does not say."""
    rows = client.query(
        "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name LIKE 'step_rows%'"
    )
    found = (re.search(r"TTL .*?toIntervalDay\((\d+)\)", str(query), re.DOTALL) for (query,) in rows.result_rows)
    return next((int(days[1]) for days in found if days), None)
