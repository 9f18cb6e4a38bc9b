"""A large request in several, so that what the store has to read at once stays small whatever an emitter sends.

The store takes about twelve times a request's size in memory while it reads it. A request is cut between its items,
each part under its own copy of resource and scope, so the parts together say what the whole said. An item that alone is
larger than a part stays whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playhead_collector.receive.signal import Signal

LARGEST_PART = 16 * 1024 * 1024

_FIELDS = {
    Signal.TRACES: ("resource_spans", "scope_spans", "spans"),
    Signal.LOGS: ("resource_logs", "scope_logs", "log_records"),
}


def split(signal: Signal, body: bytes, largest: int = LARGEST_PART) -> list[bytes]:
    """The body, or parts of it that are not much larger than `largest`."""
    if len(body) <= largest:
        return [body]
    return [part.SerializeToString() for part in _parts(signal, signal.request.FromString(body), largest)]


def _parts(signal: Signal, request: Any, largest: int) -> Iterator[Any]:
    resources_field, scopes_field, items_field = _FIELDS[signal]
    part, size = signal.request(), 0
    for resource in getattr(request, resources_field):
        scopes = getattr(resource, scopes_field)
        to_resource = None
        for scope in scopes:
            to_scope = None
            for item in getattr(scope, items_field):
                item_size = item.ByteSize()
                if size and size + item_size > largest:
                    yield part
                    part, size, to_resource, to_scope = signal.request(), 0, None, None
                if to_resource is None:
                    to_resource = getattr(part, resources_field).add(schema_url=resource.schema_url)
                    if resource.HasField("resource"):
                        to_resource.resource.CopyFrom(resource.resource)
                    size += to_resource.ByteSize()
                if to_scope is None:
                    to_scope = getattr(to_resource, scopes_field).add(schema_url=scope.schema_url)
                    if scope.HasField("scope"):
                        to_scope.scope.CopyFrom(scope.scope)
                    size += to_scope.ByteSize()
                getattr(to_scope, items_field).append(item)
                size += item_size
    yield part
