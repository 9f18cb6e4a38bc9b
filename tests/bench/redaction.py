"""`make bench-redaction`: what the check of a request costs with redaction rules and without, in CPU.

Everything else on the way in is the same. What is without rules is the path that it always was.
"""

from __future__ import annotations

import time

from tests.bench.traffic import Batch, heavy, light

from playhead_collector.receive.check import check
from playhead_collector.receive.signal import Signal
from playhead_collector.redact.request import RequestRedaction
from playhead_collector.redact.rules import rules_by_project

RULES = {
    "no rules": (),
    "secrets": ("secrets",),
    "secrets and personal data": ("email", "card", "iban", "phone"),
    "and two keys": ("email", "card", "iban", "phone", "key:customer", "key:http.request.header.*"),
    "and a pattern": ("email", "card", "iban", "phone", "key:customer", r"pattern:ACME-[0-9]+"),
}


def main() -> None:
    for name, batches in (("light", list(light(400))), ("heavy", list(heavy(150)))):
        spans = sum(batch.spans for batch in batches)
        print(f"{name}: {spans} spans of {sum(len(batch.body) for batch in batches) / spans / 1000:.2f} KB")
        for rules, entries in RULES.items():
            took = min(_took(batches, entries) for _ in range(3))
            print(f"  {rules:<28}{spans / took:>10,.0f} spans/s {took / spans * 1e6:>8.1f} us a span")


def _took(batches: list[Batch], entries: tuple[str, ...]) -> float:
    found = rules_by_project(entries).of("default")
    redacting = RequestRedaction(found, b"salt") if found else None
    began = time.process_time()
    for batch in batches:
        check(Signal.TRACES, batch.body, redacting=redacting)
    return time.process_time() - began


if __name__ == "__main__":
    main()
