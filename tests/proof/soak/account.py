"""Everything that was acknowledged, compared with what is stored: each span once, and equal in every field."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans
from tests.proof.soak.traffic import Told, run_id, spans

from playhead_collector.read.spans import Scope, spans_of

_RUNS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Account:
    runs: int = 0
    spans: int = 0
    bytes: int = 0
    """Of spans that are stored once, and as they were sent, with resource and scope."""
    missing: int = 0
    twice: int = 0
    other: int = 0
    """Not as it was sent."""
    rows_wrong: int = 0
    """Runs whose row in `runs` does not count these steps, or is not there."""

    def __add__(self, more: Account) -> Account:
        return Account(
            self.runs + more.runs, self.spans + more.spans, self.bytes + more.bytes, self.missing + more.missing,
            self.twice + more.twice, self.other + more.other, self.rows_wrong + more.rows_wrong,
        )  # fmt: skip

    @property
    def exact(self) -> bool:
        return self.spans > 0 and self.missing == self.twice == self.other == self.rows_wrong == 0


def account(client: Client, seed: int, told: Iterable[Told]) -> Account:
    found, them = Account(), iter(told)
    while batch := list(itertools.islice(them, _RUNS_AT_ONCE)):
        found += _of_some(client, seed, batch)
    return found


def _of_some(client: Client, seed: int, batch: list[Told]) -> Account:
    wanted: dict[tuple[str, bytes], bytes] = {}
    encoded = encode_spans([span for one in batch for span in spans(seed, one)])
    (around,) = encoded.resource_spans
    of_runs = {run_id(seed, one): 0 for one in batch}
    for scope_spans in around.scope_spans:
        for span in scope_spans.spans:
            wanted[span.trace_id.hex(), span.span_id] = span.SerializeToString(deterministic=True)
            of_runs[span.trace_id.hex()] += 1
    seen: set[tuple[str, bytes]] = set()
    right = size = twice = other = 0
    for stored in spans_of(client, list(of_runs)):
        key = (stored.run_id, stored.span.span_id)
        twice += key in seen
        seen.add(key)
        if stored.span.SerializeToString(deterministic=True) == wanted.get(key) and _is_under(stored.scope, around):
            right += 1
            size += len(wanted[key])
        else:
            other += 1
    rows = client.query(
        "SELECT run_id, steps FROM runs WHERE run_id IN {runs:Array(String)}", parameters={"runs": list(of_runs)}
    ).result_rows
    return Account(
        len(batch), right, size, len(wanted.keys() - seen), twice, other,
        len(of_runs.items() ^ {(str(run), int(steps)) for run, steps in rows}),
    )  # fmt: skip


def _is_under(scope: Scope, sent: ResourceSpans) -> bool:
    return scope.resource == sent.resource and scope.scope == sent.scope_spans[0].scope
