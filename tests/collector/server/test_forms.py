"""A server, and a node of a cluster, as the store sees them: the whole way from a segment to an answer, over HTTP."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.collector.dialects.spans import span, traces
from tests.collector.server.conftest import Server
from tests.collector.store.test_erase import Secrets, run_of, telling_run

from playhead_collector.errors import StoreUnavailable
from playhead_collector.read.filter import RunFilter
from playhead_collector.read.runs import list_runs
from playhead_collector.receive.signal import Signal
from playhead_collector.spool.segment import OpenSegment, Sealed, body_hash, new_name
from playhead_collector.store import address as addresses
from playhead_collector.store.address import parse_address
from playhead_collector.store.engine import CLUSTER_SETTINGS
from playhead_collector.store.erase import TABLES, Subject
from playhead_collector.store.query import load
from playhead_collector.store.store import Store

_FORMS = ("server", "cluster")
_VIEWS = ("steps", "calls", "log_records", "recordings")


@pytest.fixture(params=_FORMS, scope="module")
def form(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def store(form: Server) -> Iterator[Store]:
    """Of all tests here: each looks at its own runs."""
    store = Store(parse_address(form.address), {"default": 30})
    store.open()
    yield store
    store.close()


def sealed(folder: Path, signal: Signal, body: Any) -> Sealed:
    content = body.SerializeToString()
    segment = OpenSegment.create("default", folder, new_name(1, signal), 0)
    segment.write([(body_hash(content), content)])
    return replace(segment.seal(), runs=None)


def insert(store: Store, segment: Sealed) -> None:
    store.insert(segment)
    store.recompute("default", store.touched(segment))


def keep(store: Store, folder: Path, *bodies: tuple[Signal, Any]) -> None:
    for signal, body in bodies:
        insert(store, sealed(folder, signal, body))


def rows(store: Store, query: str) -> list[dict[str, Any]]:
    return list(store.reader().query(query).named_results())


def someone() -> str:
    return f"someone {secrets.token_hex(8)}"


def test_what_is_sent_is_stored_and_read(store: Store, tmp_path: Path) -> None:
    said, user = Secrets(), someone()
    request, logs = telling_run(said, user=user, session="s1")
    keep(store, tmp_path, (Signal.TRACES, request), (Signal.LOGS, logs))
    this = f"WHERE run_id = '{run_of(request)}'"
    [run] = rows(store, f"SELECT user, session, steps FROM runs {this}")
    assert run == {"user": user, "session": "s1", "steps": 2}
    counted = {view: rows(store, f"SELECT count() AS n FROM {view} {this}")[0]["n"] for view in _VIEWS}
    assert counted == {"steps": 2, "calls": 1, "log_records": 1, "recordings": 1}
    assert rows(store, f"SELECT content FROM recordings {this}")[0]["content"].encode() == said.all["recording"]
    word = said.all["message"].decode().lower()
    found = f"SELECT DISTINCT run_id FROM messages WHERE hasAllTokens(words, ['{word}'])"
    assert [row["run_id"] for row in rows(store, found)] == [run_of(request)]
    assert [row.run_id for row in list_runs(store.reader(), RunFilter(text=word))] == [run_of(request)]


def test_a_segment_that_comes_again_counts_once(store: Store, tmp_path: Path) -> None:
    """By key: copies may lie beside each other until a merge (see docs/cluster.md)."""
    request, _ = telling_run(Secrets(), user=someone(), session="s1")
    segment = sealed(tmp_path, Signal.TRACES, request)
    counts: list[list[int]] = []
    for _ in range(2):
        insert(store, segment)
        tables = ("step_rows", "message_rows", "scope_rows", "responses")
        where = f"WHERE run_id = '{run_of(request)}'"
        counts.append([rows(store, f"SELECT count() AS n FROM {t} FINAL {where}")[0]["n"] for t in tables])
    assert counts[0] == counts[1] and all(counts[0])


def test_opening_again_changes_nothing(store: Store, form: Server) -> None:
    before = len(form.requests())
    again = Store(store.address, {"default": 30})
    again.open()
    again.close()
    sent = {request["query"] for request in form.requests()[before:]}
    assert sent and [query for query in sent - {load("writes_nothing")} if not query.startswith("SELECT")] == []


def runs_in(store: Store, table: str, *requests: Any) -> set[str]:
    ids = ", ".join(f"'{run_of(request)}'" for request in requests)
    return {row["run_id"] for row in rows(store, f"SELECT run_id FROM {table} WHERE run_id IN ({ids})")}


def test_what_is_erased_is_gone_and_what_is_others_stays(store: Store, tmp_path: Path) -> None:
    ada, bob = someone(), someone()
    mine, my_logs = telling_run(Secrets(), user=ada, session="s1")
    kept, kept_logs = telling_run(Secrets(), user=bob, session="s2")
    keep(store, tmp_path, (Signal.TRACES, mine), (Signal.LOGS, my_logs))
    keep(store, tmp_path, (Signal.TRACES, kept), (Signal.LOGS, kept_logs))
    erased = store.erase("default", Subject.USER, ada)
    assert (erased.runs, erased.clean) == (1, True)
    for table in TABLES:
        assert runs_in(store, table, mine, kept) == {run_of(kept)}
    # Once more, in a body that the store has not seen.
    keep(store, tmp_path, (Signal.TRACES, mine))
    assert runs_in(store, "step_rows", mine) == set()
    # And another run of the same person.
    another, _ = telling_run(Secrets(), user=ada, session="s3")
    keep(store, tmp_path, (Signal.TRACES, another))
    assert runs_in(store, "step_rows", another) == set()


def test_calls_told_of_in_two_runs_are_counted_once(store: Store, tmp_path: Path) -> None:
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.provider.name": "openai",
        "gen_ai.response.id": someone(),
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 10,
    }
    agent = span("agent", {"gen_ai.operation.name": "invoke_agent"}, at=(0, 20))
    within, lone = span("chat", told, parent=agent, at=(1, 9)), span("chat", told, at=(2, 8))
    keep(store, tmp_path, (Signal.TRACES, traces(agent, within)), (Signal.TRACES, traces(lone)))
    both = f"WHERE run_id IN ('{agent.trace_id.hex()}', '{lone.trace_id.hex()}')"
    sums = "sum(prompts) AS prompts, sum(input_tokens) AS tokens, sum(cost_usd) AS cost"
    [found] = rows(store, f"SELECT {sums} FROM runs {both}")
    assert (found["prompts"], found["tokens"]) == (1, 1000)
    assert found["cost"] == pytest.approx((1000 * 0.15 + 10 * 0.6) / 1e6)


def test_the_retention_is_that_of_the_project(store: Store) -> None:
    shown = rows(store, "SELECT name, create_table_query AS q FROM system.tables WHERE database = currentDatabase()")
    kept = {
        row["name"].removesuffix("_local"): row["q"] for row in shown if "arrived_at, 0) + toIntervalDay" in row["q"]
    }
    assert set(kept) == set(TABLES)
    for table, query in kept.items():
        days = r"(30 \+ 1|31)" if table in ("message_rows", "scope_rows") else "30"
        assert re.search(rf"toIntervalDay\({days}\)", query)


def test_a_handle_of_a_cluster_waits_for_shards_and_replicas(store: Store, form: Server, tmp_path: Path) -> None:
    keep(store, tmp_path, (Signal.TRACES, traces(span())))
    inserts = [request for request in form.requests() if request["query"].startswith("INSERT INTO otlp_traces")]
    recomputed = [request for request in form.requests() if "INSERT INTO run_rows" in request["query"]]
    assert inserts and recomputed
    for request in (*inserts, *recomputed):
        sent = {name: request["settings"].get(name) for name in CLUSTER_SETTINGS}
        expected = {name: str(value) if form.in_cluster else None for name, value in CLUSTER_SETTINGS.items()}
        assert sent == expected


def test_the_password_is_in_no_url_error_or_log(cluster: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = cluster.address.replace(":pass", ":sesame")
    with pytest.raises(StoreUnavailable) as refused:
        Store(parse_address(wrong)).open()
    nobody = re.sub(r":\d+/", ":1/", cluster.address)
    with pytest.raises(StoreUnavailable) as away:
        Store(parse_address(nobody)).open()
    store = Store(parse_address(cluster.address))
    store.open()
    store.close()
    texts = [str(refused.value), str(away.value), caplog.text, repr(store.address), str(store.address)]
    for text in [*texts, *(request["url"] for request in cluster.requests())]:
        assert "word: " not in text and "word%3A" not in text and "sesame" not in text
    assert "127.0.0.1:1" in str(away.value) and "password right" in str(refused.value)


def test_a_server_of_an_authority_of_ones_own_is_trusted_by_its_certificate(tls_server: Server, tmp_path: Path) -> None:
    store = Store(parse_address(tls_server.address))
    keep(store, tmp_path, (Signal.TRACES, traces(span())))
    assert len(rows(store, "SELECT 1 FROM steps")) == 1
    store.close()
    with pytest.raises(StoreUnavailable, match="ca_cert"):
        Store(parse_address(tls_server.address.partition("&ca_cert")[0])).open()


def test_projects_are_databases_beside_the_one_that_the_address_names(store: Store) -> None:
    assert isinstance(store.address, addresses.Server)
    assert store.prepare("other") == f"{store.address.database}_other"
    assert store.reader("other").query("SELECT count() FROM steps").result_rows == [(0,)]
