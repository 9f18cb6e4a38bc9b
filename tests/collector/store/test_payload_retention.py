"""Payloads are gone after their project's days, which is said in their place; figures stay."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.collector.database import StoreDatabase
from tests.collector.dialects.spans import log, logs, span, traces
from tests.collector.store.test_erase import FORM

from playhead.errors import UsageError
from playhead_collector.config import Settings
from playhead_collector.read.messages import conversation
from playhead_collector.read.redacted import redacted_in
from playhead_collector.read.run import read_run
from playhead_collector.store.payload_retention import keep_payloads_for, payload_retention_of
from playhead_collector.store.retention import keep_for, retention_of
from playhead_replay.errors import NotReplayable
from playhead_replay.recording.find import from_store

LONG = "what a customer wrote to the agent, which is nobody else's to read. " * 20
SAID = "payload gone after 10 days"


def told(database: StoreDatabase) -> str:
    root = span("agent", {"gen_ai.operation.name": "invoke_agent", "input.value": LONG, "list": ["hush"]}, error="hush")
    call = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.prompt": LONG,
    }
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t", "gen_ai.tool.call.arguments": "hush"}
    spans = (root, span("chat", call, parent=root), span("t", tool, parent=root, events=[("said", {"what": "hush"})]))
    database.insert(traces(*spans), logs(log(root, "said", {"a": "hush"}, body=LONG)))
    database.recompute()
    return root.trace_id.hex()


def age(database: StoreDatabase, days: int) -> None:
    """As if all of it had arrived so long ago; then what is due goes when parts are merged."""
    for table in ("step_rows", "message_rows", "log_rows", "run_rows", "scope_rows"):
        column = "now() AS now" if table == "run_rows" else "1 AS one"
        database.client.command(f"CREATE TABLE aged_{table} ENGINE = Memory AS SELECT *, {column} FROM {table}")
        database.client.command(f"TRUNCATE TABLE {table}")
        columns = "* EXCEPT (now)" if table == "run_rows" else "* EXCEPT (one)"
        database.client.command(
            f"INSERT INTO {table} SELECT {columns} REPLACE (now() - INTERVAL {days} DAY AS arrived_at) "
            f"FROM aged_{table}"
        )
        database.client.command(f"DROP TABLE aged_{table}")
        database.client.command(f"OPTIMIZE TABLE {table} FINAL")


def test_payloads_go_and_figures_stay_and_each_place_says_why(untouched_database: StoreDatabase) -> None:
    run_id = told(untouched_database)
    assert keep_payloads_for(untouched_database.client, 10, FORM)
    age(untouched_database, 20)
    run = read_run(untouched_database.client, run_id)
    assert (run.row.steps, run.row.input_tokens, run.row.status) == (3, 11, "error")
    assert run.row.error == f"playhead: {SAID}"
    spans = [node.stored.span for node in run.nodes if node.stored is not None]
    texts = {
        pair.value.string_value for one in spans for pair in one.attributes if pair.key != "gen_ai.usage.input_tokens"
    }
    assert texts == {f"playhead: {SAID}"}
    assert {pair.value.string_value for one in spans for event in one.events for pair in event.attributes} == texts
    assert [node.step.tool for node in run.nodes] == ["", "", "t"]
    tool = conversation(spans[2], [])
    assert tool.arguments is not None and tool.arguments.text == f"playhead: {SAID}"
    records = [record for node in run.nodes for record in node.records]
    assert [record.body.string_value for record in records] == [f"playhead: {SAID}"]
    assert [remark.text for remark in redacted_in(run)] == [SAID]
    with pytest.raises(NotReplayable, match=SAID):
        from_store(untouched_database.client, run_id)
    for table in ("step_rows", "message_rows", "log_rows", "run_rows"):
        left = untouched_database.rows(f"SELECT formatRow('JSONEachRow', *) AS row FROM {table}")
        assert not [row for row in left if "hush" in row["row"] or "customer" in row["row"]], table


def test_what_is_younger_is_left_as_it_came(untouched_database: StoreDatabase) -> None:
    run_id = told(untouched_database)
    before = [node.stored.span for node in read_run(untouched_database.client, run_id).nodes if node.stored is not None]
    keep_payloads_for(untouched_database.client, 10, FORM)
    age(untouched_database, 5)
    run = read_run(untouched_database.client, run_id)
    assert [node.stored.span for node in run.nodes if node.stored is not None] == before
    assert redacted_in(run) == []


def test_the_store_does_it_by_itself(untouched_database: StoreDatabase) -> None:
    keep_payloads_for(untouched_database.client, 10, FORM)
    # A minute, otherwise.
    untouched_database.client.command("ALTER TABLE step_rows MODIFY SETTING merge_with_ttl_timeout = 0")
    told(untouched_database)
    aged = "* REPLACE ('00000000000000000000000000000001' AS run_id, now() - INTERVAL 20 DAY AS arrived_at)"
    untouched_database.client.command(f"INSERT INTO step_rows SELECT {aged} FROM step_rows")
    gone = "SELECT countIf(has(attribute_texts, 'hush')) AS n FROM step_rows WHERE run_id LIKE '0000%1'"
    deadline = time.monotonic() + 60
    while untouched_database.rows(gone)[0]["n"]:
        assert time.monotonic() < deadline, "no merge took what is due"
        time.sleep(0.05)


def test_a_change_that_was_cut_short_is_made_again_and_a_whole_one_is_not(untouched_database: StoreDatabase) -> None:
    client = untouched_database.client
    assert payload_retention_of(client) is None
    assert keep_payloads_for(client, 10, FORM)
    assert not keep_payloads_for(client, 10, FORM)
    assert keep_payloads_for(client, 5, FORM)
    assert payload_retention_of(client) == 5
    # Other days for runs are other days for messages, too.
    assert keep_for(client, 40, FORM)
    assert (retention_of(client), payload_retention_of(client)) == (40, None)
    assert keep_payloads_for(client, 5, FORM)
    assert (retention_of(client), payload_retention_of(client)) == (40, 5)


def test_days_that_were_counted_to_the_second_are_read_and_counted_by_the_hour_from_then_on(
    untouched_database: StoreDatabase,
) -> None:
    client = untouched_database.client
    assert keep_payloads_for(client, 10, FORM)
    client.command(
        "ALTER TABLE step_rows MODIFY COLUMN attribute_texts TTL toDateTime64(arrived_at, 0) + toIntervalDay(10)"
    )
    assert payload_retention_of(client) == 10
    assert keep_payloads_for(client, 10, FORM)
    assert payload_retention_of(client) == 10
    assert not keep_payloads_for(client, 10, FORM)


def test_a_payload_goes_at_the_first_full_hour_after_its_days(untouched_database: StoreDatabase) -> None:
    client = untouched_database.client
    keep_payloads_for(client, 10, FORM)
    told(untouched_database)
    full_hour = "toStartOfHour(now()) - INTERVAL 10 DAY"
    for run_id, arrived in (("0" * 31 + "1", f"{full_hour} - INTERVAL 1 SECOND"), ("0" * 31 + "2", full_hour)):
        aged = f"* REPLACE ('{run_id}' AS run_id, {arrived} AS arrived_at)"
        client.command(f"INSERT INTO step_rows SELECT {aged} FROM step_rows")
    client.command("OPTIMIZE TABLE step_rows FINAL")
    kept = untouched_database.rows(
        "SELECT DISTINCT run_id FROM step_rows WHERE has(attribute_texts, 'hush') AND startsWith(run_id, '0000')"
    )
    assert [row["run_id"] for row in kept] == ["0" * 31 + "2"]


_STARTS = """
import json, sys
from pathlib import Path
from playhead_collector.store.address import Embedded
from playhead_collector.store.payload_retention import payload_retention_of
from playhead_collector.store.retention import retention_of
from playhead_collector.store.store import Store
for runs, payloads in json.loads(sys.argv[2]):
    store = Store(Embedded(Path(sys.argv[1])), runs, payloads)
    store.open()
    client = store.reader("default")
    print(retention_of(client), payload_retention_of(client))
    client.close()
    store.close()
"""


def test_payloads_go_with_their_runs_where_these_are_kept_for_less(tmp_path: Path) -> None:
    """By default, or by other days than at the start before; in a process of its own, for it opens a store."""
    starts = [({}, {"default": 120}), ({"default": 365}, {"default": 100}), ({"default": 30}, {})]
    words = [sys.executable, "-c", _STARTS, str(tmp_path / "store"), json.dumps(starts)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split("\n")[:3] == ["90 90", "365 100", "30 30"]
    assert "payloads go with their runs, after 90 days and not after 120" in done.stderr


def test_payloads_are_never_said_to_outlive_their_runs(tmp_path: Path) -> None:
    assert Settings(payload_retention=["7", "shop=3"], retention=["30"]).payload_days() == {"default": 7, "shop": 3}
    with pytest.raises(UsageError, match="outlive"):
        Settings(store=f"chdb://{tmp_path}/s", payload_retention=["40"], retention=["30"]).check()
