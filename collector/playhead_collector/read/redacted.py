"""What was hidden of a run before it was kept, all together: how much and of which kinds, never what."""

from __future__ import annotations

from collections import Counter

from playhead.printable import several
from playhead_collector.read.remarks import Remark
from playhead_collector.read.run import Run
from playhead_collector.redact.said import KINDS, counts_of


def redacted_in(run: Run) -> list[Remark]:
    """One remark, or none where nothing was hidden; before it, where payloads are gone."""
    kinds, steps = Counter[str](), 0
    scopes = {}
    for node in run.nodes:
        if node.stored is not None:
            scopes[id(node.stored.scope)] = node.stored.scope
            found = counts_of(node.stored.text(KINDS))
            kinds += found
            steps += bool(found)
    records = [record for node in run.nodes for record in node.records] + run.loose_records
    around = [part for scope in scopes.values() for part in (scope.resource, scope.scope) if part is not None]
    for holder in [*records, *around]:
        for attribute in holder.attributes:
            if attribute.key == KINDS:
                kinds += counts_of(attribute.value.string_value)
    gone = next((node.stored.gone for node in run.nodes if node.stored is not None and node.stored.gone), "")
    remarks = [Remark(gone.removeprefix("playhead: "))] if gone else []
    if not kinds:
        return remarks
    named = ", ".join(f"{kind} ×{number}" for kind, number in kinds.most_common())
    where = f" in {several(steps, 'step')}" if steps else ""
    return [*remarks, Remark(f"{several(sum(kinds.values()), 'text')} redacted before they were kept{where}: {named}")]
