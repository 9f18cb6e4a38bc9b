"""Runs are found by whom they act for and what they may do, and say so."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.collector.database import StoreDatabase
from tests.collector.dialects.spans import span, traces

from playhead_collector.read.acting import acting
from playhead_collector.read.query_line import parse_query
from playhead_collector.read.run import read_run
from playhead_collector.read.runs import list_runs


def test_a_run_is_found_by_whom_it_acts_for_and_by_each_of_its_permissions(store_database: StoreDatabase) -> None:
    root = span("agent", {"playhead.on_behalf_of": "acme"})
    inner = span("tool", {"playhead.permissions": "refund:write,orders:read"}, parent=root)
    other = span("agent", {"playhead.on_behalf_of": "acme-labs", "enduser.scope": "orders:read mail"})
    store_database.insert(traces(root, inner, other, span("agent")))
    store_database.recompute()
    one, two = root.trace_id.hex(), other.trace_id.hex()

    def found(line: str) -> set[str]:
        wanted = parse_query(line, datetime.now(UTC))
        return {run.run_id for run in list_runs(store_database.client, wanted)}

    assert found("on_behalf_of:acme") == {one}
    assert found("on_behalf_of:acme*") == {one, two}
    assert found("permission:orders:read") == {one, two}
    assert found("permission:refund:*") == {one}
    assert found("permission:mail since:9999d") == {two}
    assert found("permission:refund") == set()
    assert found("on_behalf_of:acme permission:mail") == set()
    said = [remark.text for remark in acting(read_run(store_database.client, one))]
    assert said == ["on behalf of acme", "with permission orders:read, refund:write"]
