"""Bodies that the store refused for good, each in a file with the reason beside it, for somebody to look into.

An erasure reaches them, too: of a body only what is of other runs stays.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from playhead_collector.receive.signal import Signal
from playhead_collector.spool.segment import sync_folder

FOLDER = "quarantine"
# Where a request holds its items, from the outside in.
_FIELDS = {
    Signal.TRACES: ("resource_spans", "scope_spans", "spans"),
    Signal.LOGS: ("resource_logs", "scope_logs", "log_records"),
}


def runs_naming(spool: Path, project: str, value: str) -> frozenset[str]:
    """The runs, in hex, of items of which an attribute has the value."""
    found: set[str] = set()
    for path, signal in _bodies(spool, project):
        request = _parsed(path, signal)
        if request is not None:
            items = _items(request, signal)
            found |= {item.trace_id.hex() for item, resource in items if _names(item, resource, value)}
    return frozenset(found)


def purge(spool: Path, project: str, run_ids: Collection[str], value: str) -> int:
    """Takes out all items of these runs, and those of no run that name the value; returns how many there were."""
    gone = 0
    for path, signal in _bodies(spool, project):
        request = _parsed(path, signal)
        if request is None:
            # Nobody can say what of it is whose.
            if _mentions(path.read_bytes(), run_ids, value):
                _remove(path)
                gone += 1
            continue
        kept, count = _without(
            request, signal, lambda item, resource: item.trace_id.hex() in run_ids or _names(item, resource, value)
        )
        if not count:
            continue
        gone += count
        if kept:
            _rewrite(path, request.SerializeToString())
        else:
            _remove(path)
        sync_folder(path.parent)
    return gone


def _bodies(spool: Path, project: str) -> Iterator[tuple[Path, Signal]]:
    for path in sorted((spool / project / FOLDER).glob("*.otlp")):
        # <name of the segment, its signal last>-<number>.otlp
        yield path, Signal(path.stem.rsplit("-", 2)[1])


def _parsed(path: Path, signal: Signal) -> Any:
    try:
        return signal.request.FromString(path.read_bytes())
    except DecodeError:
        return None


def _items(request: Any, signal: Signal) -> Iterator[tuple[Any, Any]]:
    resources, scopes, items = _FIELDS[signal]
    for resource in getattr(request, resources):
        for scope in getattr(resource, scopes):
            for item in getattr(scope, items):
                yield item, resource.resource


def _without(request: Any, signal: Signal, unwanted: Callable[[Any, Any], bool]) -> tuple[int, int]:
    """How many items stay, and how many were taken out."""
    resources, scopes, items = _FIELDS[signal]
    stay = taken = 0
    for resource in getattr(request, resources):
        for scope in getattr(resource, scopes):
            everything = getattr(scope, items)
            kept = [item for item in everything if not unwanted(item, resource.resource)]
            taken += len(everything) - len(kept)
            stay += len(kept)
            del everything[:]
            everything.extend(kept)
    return stay, taken


def _names(item: Any, resource: Any, value: str) -> bool:
    if not value:
        return False
    in_events = (attribute for event in getattr(item, "events", ()) for attribute in event.attributes)
    attributes = (*item.attributes, *resource.attributes, *in_events)
    # Some write every value as JSON; the store reads them without the quotes.
    return any(attribute.value.string_value.strip('"') == value.strip('"') for attribute in attributes)


def _mentions(body: bytes, run_ids: Collection[str], value: str) -> bool:
    return (value.encode() in body if value else False) or any(bytes.fromhex(run_id) in body for run_id in run_ids)


def _rewrite(path: Path, body: bytes) -> None:
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    # The store's words may quote the body.
    path.with_suffix(".reason").write_text("refused by the store; a part of it was erased since\n", encoding="utf-8")


def _remove(path: Path) -> None:
    path.with_suffix(".reason").unlink(missing_ok=True)
    path.unlink()
    sync_folder(path.parent)
