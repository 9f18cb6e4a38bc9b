"""The records of spans: what the processor writes when one starts and ends, and how the two become one again.

    ["s", trace, span, parent, name, start_ns, kind, attributes, links, trace_state, flags, scope]
    ["a", trace, span, attributes]
    ["e", trace, span, name, end_ns, status, description, attributes, events, links, dropped]

An "a" adds what became known of a step under way. An end holds only the attributes that its start did not; links only
where some were added. A start whose end is not there is a step under way, or, in a journal whose process is gone, one
that was cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playhead.journal.journal import Record
from playhead.journal.reader import Position

_MOST_EARLY = 10_000

# Key and value of each attribute, as JSON has them: see reader.bytes_of.
Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    name: str
    version: str | None
    schema_url: str | None


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    time_ns: int
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Link:
    trace: str
    span: str
    trace_state: str
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Span:
    """One span; `end_ns` 0 while it is open."""

    trace: str
    span: str
    parent: str | None
    name: str
    start_ns: int
    end_ns: int
    kind: int
    status: int
    description: str | None
    attributes: Attributes
    events: Sequence[Event]
    links: Sequence[Link]
    trace_state: str
    flags: int
    scope: Scope
    dropped: tuple[int, int, int]


class Assembler:
    """Puts starts and ends together. What it holds is bounded by the number of open spans."""

    def __init__(self, head: Mapping[str, Any] | None = None) -> None:
        self.head: dict[str, Any] = dict(head or {})
        self.open: dict[tuple[str, str], tuple[Record, Position]] = {}
        self._early: dict[tuple[str, str], Record] = {}

    def take(self, record: Record, before: Position) -> Span | None:
        """A whole span, when the record ends one."""
        match record[0]:
            case "s" if len(record) == 12:
                key = (record[1], record[2])
                if key in self._early:
                    return _span(record, self._early.pop(key))
                self.open[key] = (record, before)
            case "a" if len(record) == 4:
                begun = self.open.get((record[1], record[2]))
                if begun is not None:
                    begun[0][7] = {**begun[0][7], **record[3]}
            case "e" if len(record) == 11:
                key = (record[1], record[2])
                if key in self.open:
                    return _span(self.open.pop(key)[0], record)
                # Its start may be on its way by the other road, the memory of a journal whose disk was full.
                if len(self._early) < _MOST_EARLY:
                    self._early[key] = record
            case "head" if len(record) == 2 and isinstance(record[1], dict):
                self.head = record[1]
        return None

    def oldest_needed(self, read: Position) -> Position:
        """Nothing before this is needed any more, given that all before `read` has been taken."""
        return min((before for _, before in self.open.values()), default=read)

    def open_spans(self) -> list[Span]:
        return [_span(started, None) for started, _ in self.open.values()]


def _span(start: Record, end: Record | None) -> Span:
    _, trace, span, parent, name, start_ns, kind, attributes, links, trace_state, flags, scope = start
    end_ns, status, description, dropped = 0, 0, None, None
    events: Sequence[Any] | None = None
    if end is not None:
        _, _, _, name, end_ns, status, description, added, events, later_links, dropped = end
        attributes = {**attributes, **added}
        links = links if later_links is None else later_links
    return Span(
        trace,
        span,
        parent,
        name,
        start_ns,
        end_ns,
        kind,
        status,
        description,
        attributes,
        [Event(*event) for event in events or ()],
        [Link(*link) for link in links or ()],
        trace_state or "",
        flags,
        Scope(*scope),
        (dropped[0], dropped[1], dropped[2]) if dropped else (0, 0, 0),
    )
