"""Each project keeps its runs for days of its own, in every table of runs; the store itself removes what is older."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.collector.database import StoreDatabase, fresh_database
from tests.collector.store.test_erase import FORM, Secrets, telling_run

from playhead_collector.store.engine import Engine
from playhead_collector.store.erase import TABLES
from playhead_collector.store.retention import keep_for, retention_of


@pytest.fixture
def other(engine: Engine, tmp_path: Path) -> Iterator[StoreDatabase]:
    with fresh_database(engine, tmp_path) as database:
        yield database


def counts(database: StoreDatabase) -> dict[str, int]:
    return {table: database.rows(f"SELECT count() AS n FROM {table}")[0]["n"] for table in TABLES}


def ttls(database: StoreDatabase) -> dict[str, str]:
    """Of each table that has one."""
    shown = "SELECT name, create_table_query AS made FROM system.tables WHERE database = currentDatabase()"
    return {row["name"]: row["made"].split(" TTL ")[1] for row in database.rows(shown) if " TTL " in row["made"]}


def test_what_is_older_than_its_projects_days_goes_and_all_else_stays(
    untouched_database: StoreDatabase, other: StoreDatabase
) -> None:
    for database, days in ((untouched_database, 30), (other, 40)):
        assert keep_for(database.client, days, FORM)
        assert not keep_for(database.client, days, FORM)
        assert retention_of(database.client) == days
        database.insert(*telling_run(Secrets(), "ada", "s1"))
        database.recompute()
    young = counts(untouched_database)
    assert all(young.values())
    for database in (untouched_database, other):
        for table in TABLES:
            # As of another run that came 35 days ago.
            aged = f"* REPLACE ('{'0' * 31}1' AS run_id, now() - INTERVAL 35 DAY AS arrived_at)"
            database.client.command(f"INSERT INTO {table} SELECT {aged} FROM {table}")
            database.client.command(f"OPTIMIZE TABLE {table} FINAL")
    assert counts(untouched_database) == young
    assert counts(other) == {table: 2 * number for table, number in young.items()}


def test_a_change_of_days_that_was_cut_short_is_made_again(untouched_database: StoreDatabase) -> None:
    before = ttls(untouched_database)
    # All but the table that is asked were changed.
    for table in TABLES[1:]:
        untouched_database.client.command(
            f"ALTER TABLE {table} MODIFY TTL toDateTime64(arrived_at, 0) + toIntervalDay(7)"
        )
    assert keep_for(untouched_database.client, 7, FORM)
    after = ttls(untouched_database)
    for table in TABLES:
        assert f"toIntervalDay({8 if table in ('message_rows', 'scope_rows') else 7})" in after[table]
    # What became of alerts is kept for days of its own.
    others = before.keys() - set(TABLES)
    assert "alert_events" in others
    assert {table: after[table] for table in others} == {table: before[table] for table in others}
