"""What redaction rules would hide of runs that are stored: how often, of which kind, where, with masked samples.

It changes nothing. Recordings are not looked at: a project with rules keeps none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from clickhouse_connect.driver.client import Client

from playhead.values.redact import Redactor
from playhead_collector.read.export import logs, traces
from playhead_collector.receive.signal import Signal
from playhead_collector.redact.request import RequestRedaction
from playhead_collector.redact.rules import Rules
from playhead_collector.redact.said import COUNT, KINDS, PLACES, counts_of

_SAMPLES = 3


@dataclass(slots=True)
class Hits:
    """Of some runs."""

    kinds: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[str]] = field(default_factory=dict)

    def saw(self, kind: str, secret: str) -> None:
        shown = f"{secret[0]}…{secret[-1]} ({len(secret)})" if len(secret) > 7 else f"… ({len(secret)})"
        of_kind = self.samples.setdefault(kind, [])
        if len(of_kind) < _SAMPLES and shown not in of_kind:
            of_kind.append(shown)


class _Noting(Redactor):
    """Notes what it makes a token of."""

    def __init__(self, hits: Hits, rules: Rules) -> None:
        exact = [key for key in rules.keys if "*" not in key]
        super().__init__(b"dry run", fields=exact, patterns=rules.compiled(), detectors=rules.detectors)
        self._hits = hits

    def token(self, kind: str, secret: str) -> str:
        made = super().token(kind, secret)
        if made != secret:
            self._hits.saw(kind, secret)
        return made


def dry_run(client: Client, run_ids: Iterable[str], rules: Rules) -> Hits:
    hits = Hits()
    redaction = RequestRedaction(rules, b"", _Noting(hits, rules))
    for run_id in run_ids:
        before = sum(hits.kinds.values())
        for signal, data in ((Signal.TRACES, traces(client, [run_id])), (Signal.LOGS, logs(client, [run_id]))):
            request = signal.request.FromString(data.SerializeToString())
            for holder in _holders(signal, request):
                _forget(holder.attributes)
            redaction.apply(signal, request)
            for holder in _holders(signal, request):
                for attribute in holder.attributes:
                    if attribute.key == KINDS:
                        hits.kinds += counts_of(attribute.value.string_value)
                    elif attribute.key == PLACES:
                        hits.places += counts_of(attribute.value.string_value)
        found = sum(hits.kinds.values()) - before
        if found:
            hits.runs[run_id] = found
    return hits


def _holders(signal: Signal, request: Any) -> Iterable[Any]:
    resources = request.resource_spans if signal is Signal.TRACES else request.resource_logs
    for resource in resources:
        yield resource.resource
        for scope in resource.scope_spans if signal is Signal.TRACES else resource.scope_logs:
            yield scope.scope
            yield from scope.spans if signal is Signal.TRACES else scope.log_records


def _forget(attributes: Any) -> None:
    """What was hidden before is no hit of these rules."""
    for at in reversed(range(len(attributes))):
        if attributes[at].key in (COUNT, KINDS, PLACES):
            del attributes[at]
