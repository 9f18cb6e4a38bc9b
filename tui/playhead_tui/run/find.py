"""Which steps of a run hold some words: in their names, errors, and all that their attributes and records say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from playhead_collector.read.run import Node
from playhead_collector.read.telling import title_of


def holding(nodes: list[Node], words: str) -> list[int]:
    """Their places; in any case of letters, also where JSON escapes them. Reads all of a run: called in a worker."""
    plain = words.casefold()
    escaped = json.dumps(words)[1:-1].casefold()
    return [
        place
        for place, node in enumerate(nodes)
        if any(plain in text or escaped in text for text in map(str.casefold, _texts(node)))
    ]


def _texts(node: Node) -> Iterator[str]:
    yield title_of(node)
    yield node.step.error
    if node.stored is not None:
        yield from _of(node.stored.span.attributes)
        for event in node.stored.span.events:
            yield event.name
            yield from _of(event.attributes)
    for record in node.records:
        yield from _of(record.attributes)
        yield from _of_value(record.body)


def _of(attributes: Iterable[KeyValue]) -> Iterator[str]:
    for attribute in attributes:
        yield attribute.key
        yield from _of_value(attribute.value)


def _of_value(value: AnyValue) -> Iterator[str]:
    match value.WhichOneof("value"):
        case "string_value":
            yield value.string_value
        case "array_value":
            for one in value.array_value.values:
                yield from _of_value(one)
        case "kvlist_value":
            yield from _of(value.kvlist_value.values)
        case "int_value" | "double_value" as kind:
            yield str(getattr(value, kind))
        case _:
            return
