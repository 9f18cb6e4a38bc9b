"""A run says what was hidden of it."""

from __future__ import annotations

from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.collector.database import StoreDatabase
from tests.collector.dialects.spans import span, traces

from playhead_collector.read.notes import notes_on
from playhead_collector.read.redacted import redacted_in
from playhead_collector.read.run import read_run
from playhead_collector.receive.signal import Signal
from playhead_collector.redact.request import RequestRedaction
from playhead_collector.redact.rules import rules_by_project
from playhead_collector.redact.stored import dry_run


def test_a_run_says_how_much_was_hidden_of_it_and_a_step_says_where(store_database: StoreDatabase) -> None:
    long = "a sentence that is stored beside its step. " * 20
    one = span("agent", {"gen_ai.operation.name": "invoke_agent", "input.value": f"{long} anna@example.com"})
    two = span("tool", {"gen_ai.operation.name": "execute_tool", "a": "bob@example.com, 4111111111111111"}, parent=one)
    quiet = span("tool", {"gen_ai.operation.name": "execute_tool", "a": "nobody"}, parent=one)
    rules = rules_by_project(["email", "card"]).of("default")
    assert rules is not None
    request = traces(one, two, quiet)
    RequestRedaction(rules, b"salt").apply(Signal.TRACES, request)
    store_database.insert(request)
    store_database.recompute()
    run = read_run(store_database.client, one.trace_id.hex())
    assert [remark.text for remark in redacted_in(run)] == [
        "3 texts redacted before they were kept in 2 steps: email ×2, card ×1"
    ]
    spans: list[Span] = [node.stored.span for node in run.nodes if node.stored is not None]
    notes = [note.text for one in spans for note in notes_on(one)]
    assert notes == [
        "redacted before it was kept: email ×1; in input.value ×1",
        "redacted before it was kept: card ×1, email ×1; in a ×2",
    ]


def test_a_dry_run_says_what_would_be_hidden_with_masked_samples_and_changes_nothing(
    store_database: StoreDatabase,
) -> None:
    one = span("agent", {"input.value": "anna@example.com", "customer": "Anna"})
    quiet = span("agent", {"input.value": "nobody"})
    store_database.insert(traces(one, quiet))
    store_database.recompute()
    rules = rules_by_project(["email", "key:customer"]).of("default")
    assert rules is not None
    run_ids = [one.trace_id.hex(), quiet.trace_id.hex()]
    before = [node.stored.span for node in read_run(store_database.client, run_ids[0]).nodes if node.stored is not None]
    hits = dry_run(store_database.client, run_ids, rules)
    assert (hits.kinds, hits.places) == ({"email": 1, "field": 1}, {"input.value": 1, "customer": 1})
    assert hits.runs == {run_ids[0]: 2}
    assert hits.samples == {"email": ["a…m (16)"], "field": ["… (4)"]}
    after = [node.stored.span for node in read_run(store_database.client, run_ids[0]).nodes if node.stored is not None]
    assert after == before
