"""Puts every span into the journal, twice: when it starts and before its end is known to the agent.

This is the one road into the journal for steps, whoever made them: Playhead's own decorators, or any other
instrumentation under the same provider.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Event, ReadableSpan, Span
from opentelemetry.sdk.trace import SpanProcessor as OpenTelemetryProcessor
from opentelemetry.trace import Link, SpanContext, StatusCode

from playhead.journal.journal import Journal, as_json
from playhead.journal.words import ADDED
from playhead.lanes.active import active_engine
from playhead.lanes.sink import RUN_ENDS
from playhead.recorder.redaction import Redaction
from playhead.recorder.requests import REQUEST
from playhead.recorder.run import KIND, SEQUENCE, Run, Runs, about
from playhead.recorder.spans import attributes_of, events_of, links_of
from playhead.recorder.tally import counted

log = logging.getLogger("playhead")

STEPS = "playhead.run.steps"
LOST = "playhead.lost"
_MOST_HEADINGS = 5_000


@dataclass(frozen=True, slots=True)
class Moment:
    """A step begins or ends, and its record is in the journal."""

    begins: bool
    run: str
    step: str
    parent: str | None
    is_first: bool
    """Of its run, in this process."""
    name: str
    attributes: Mapping[str, Any]
    failed: bool


class JournalProcessor(OpenTelemetryProcessor):
    """`everything` is false under a provider that is not ours: a run begins with a step of Playhead's own there, and
    spans outside of any run are not our business."""

    def __init__(self, journal: Journal, runs: Runs, redaction: Redaction, everything: bool) -> None:
        self.journal = journal
        self._redaction = redaction
        self._runs = runs
        self.everything = everything
        self.alone = True
        """Whether no other processor sees these spans: we joined no program's provider, and none was added to ours."""
        self._numbering = threading.RLock()
        self._headings: dict[tuple[str, int], tuple[str, str, Any]] = {}
        self._open: dict[tuple[int, int], _Open] = {}
        self._left_out: dict[tuple[int, int], None] = {}
        self._came_from: dict[str, Any] = {}
        self.only: Callable[[], str] | None = None
        """In a fork: the run whose steps are written, while others are executed beside it."""
        self.watchers: list[Callable[[Moment], None]] = []
        """Told when a step has begun and when it has ended, in the agent's own thread: a replay stops there."""

    def came_from(self, fingerprint: Mapping[str, Any]) -> None:
        """What the runs of this process came from, or what more of it is known now, also of those under way."""
        self._came_from = {**self._came_from, **fingerprint}
        told = self._redaction.attributes(fingerprint)
        for begun in list(self._open.values()):
            if begun.is_first and begun.run.told and self._is_written(begun.run):
                self.journal.append([ADDED, begun.run.hex, begun.span_hex, told])

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        try:
            self._start(span)
        except Exception:  # noqa: BLE001 - never into the agent
            _once("a span's start")

    def on_end(self, span: ReadableSpan) -> None:
        try:
            self._end(span)
        except Exception:  # noqa: BLE001 - never into the agent
            _once("a span's end")

    def begin_anew(self, journal: Journal) -> None:
        """In a forked child: what is open there is its parent's to end, and another thread may have held the lock."""
        self.journal = journal
        self._numbering = threading.RLock()
        self._open.clear()
        self._left_out.clear()

    def shutdown(self) -> None:
        """The journal outlives its provider: what ends later is still written."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True

    def _start(self, span: Span) -> None:
        context = span.get_span_context()
        if context is None:
            return
        attributes = attributes_of(span)
        trace, span_id = context.trace_id, context.span_id
        run = self._runs.get(trace)
        if KIND not in attributes and REQUEST.get() is not None and self._is_around(span, run):
            self._left_out[trace, span_id] = None
            return
        if run is None:
            if not self.everything and KIND not in attributes:
                return
            run = self._runs.begin(trace)
        elif (trace, span_id) in self._open:
            return  # told twice: the processor was added to its provider by the user, and by `init`
        parent = span.parent
        is_first = parent is None or parent.is_remote
        more = {} if KIND in attributes else dict(about.get())
        if is_first and self._came_from and not run.told:
            run.told = True
            more.update(self._came_from)
        if more:
            attributes = {**attributes, **more}
        links = links_of(span)
        span_hex = f"{span_id:016x}"
        name, tail = self._heading(span)
        said = as_json(self._redaction.attributes(attributes))
        before = f'["s","{run.hex}","{span_hex}",{_id(parent)},{name},{span.start_time},{span.kind.value},'
        after = f"{as_json(self._said(links)) if links else 'null'},{_state(context)},{_flags(context, parent)},{tail}]"
        self._open[trace, span_id] = _Open(run, span_hex, attributes, len(links), is_first)
        # Numbered in the order of the journal: killed between a number and its record, a process would leave a hole
        # where another thread has the next number written already.
        with self._numbering:
            number = run.next_number()
            whole = f'{{"{SEQUENCE}":{number},{said[1:]}' if len(said) > 2 else f'{{"{SEQUENCE}":{number}}}'
            if self._is_written(run):
                self.journal.append_text(f"{before}{whole},{after}")
        if self.watchers:
            above = None if parent is None else f"{parent.span_id:016x}"
            said_all = {**attributes, SEQUENCE: number}
            self._tell(Moment(True, run.hex, span_hex, above, is_first, span.name, said_all, False))
        if not self.alone:
            span.set_attributes({**more, SEQUENCE: number})

    def _is_written(self, run: Run) -> bool:
        return self.only is None or self.only() == run.hex

    def _heading(self, span: ReadableSpan) -> tuple[str, str]:
        """A span's name and scope as JSON: the same few over and over."""
        key = (span.name, id(span.instrumentation_scope))
        known = self._headings.get(key)
        if known is None or known[2] is not span.instrumentation_scope:
            name, scope = as_json(self._redaction.text(span.name)), as_json(_scope(span))
            if len(self._headings) > _MOST_HEADINGS:
                self._headings.clear()
            # The scope is kept, so that no other gets its id.
            known = self._headings[key] = (name, scope, span.instrumentation_scope)
        return known[0], known[1]

    def _end(self, span: ReadableSpan) -> None:
        context = span.get_span_context()
        if context is None:
            return
        key = (context.trace_id, context.span_id)
        begun = self._open.pop(key, None)
        if begun is None:
            self._left_out.pop(key, None)
            return
        before = begun.attributes
        # By identity: what was there at the start and is there still is the same object.
        added = {key: value for key, value in attributes_of(span).items() if before.get(key) is not value}
        added.pop(SEQUENCE, None)
        if begun.is_first and begun.run.is_ours:
            folder = self.journal.folder
            elsewhere = counted(folder.path if folder is not None else None, begun.run.hex)
            added[STEPS] = begun.run.newly_begun(elsewhere)
        if begun.is_first and self.journal.lost:
            added[LOST] = self.journal.lost
        links, events, status = links_of(span), events_of(span), span.status
        name, _ = self._heading(span)
        # A clock that was set back must not have a step end before it began.
        end = max(span.end_time or 0, span.start_time or 0)
        described = "null" if status.description is None else as_json(self._redaction.text(status.description))
        said_at_end = (
            f'["e","{begun.run.hex}","{begun.span_hex}",{name},{end},{status.status_code.value},{described},'
            f"{as_json(self._redaction.attributes(added))},"
            f"{as_json([self._told(event) for event in events]) if events else 'null'},"
            f"{as_json(self._said(links)) if len(links) != begun.links else 'null'},{_dropped(span)}]"
        )
        if self._is_written(begun.run):
            self.journal.append_text(said_at_end)
        if begun.is_first and begun.run.is_ours and (engine := active_engine()) is not None:
            engine.fact(RUN_ENDS, lambda: begun.run.hex)
        if self.watchers:
            above = None if span.parent is None else f"{span.parent.span_id:016x}"
            failed = status.status_code is StatusCode.ERROR
            said = {**before, **added}
            self._tell(Moment(False, begun.run.hex, begun.span_hex, above, begun.is_first, span.name, said, failed))

    def _tell(self, moment: Moment) -> None:
        for watcher in self.watchers:
            watcher(moment)

    def has_left_out(self, span: SpanContext) -> bool:
        return (span.trace_id, span.span_id) in self._left_out

    def _is_around(self, span: Span, run: Run | None) -> bool:
        """What an instrumentation, or the framework itself, says of a server's request, around the runs in it.

        Kept, it would make a run of every health check.
        """
        parent = span.parent
        return run is None or parent is None or parent.is_remote or self.has_left_out(parent)

    def _said(self, links: Sequence[Link]) -> Sequence[Any]:
        return [
            [
                f"{link.context.trace_id:032x}",
                f"{link.context.span_id:016x}",
                link.context.trace_state.to_header(),
                self._redaction.attributes(link.attributes or {}),
            ]
            for link in links
        ]

    def _told(self, event: Event) -> Sequence[Any]:
        return [self._redaction.text(event.name), event.timestamp, self._redaction.attributes(event.attributes or {})]


@dataclass(slots=True)
class _Open:
    """What a span had when it started, so that its end need not repeat it."""

    run: Run
    span_hex: str
    attributes: Mapping[str, Any]
    links: int
    is_first: bool
    """Of the run, as far as this process knows it."""


def _flags(context: SpanContext, parent: SpanContext | None) -> int:
    """The W3C flags, and OTLP's two bits that say whether the parent was in another process."""
    remote = 0x100 | (0x200 if parent is not None and parent.is_remote else 0)
    return int(context.trace_flags) | remote


def _scope(span: ReadableSpan) -> list[str | None]:
    scope = span.instrumentation_scope
    return [scope.name, scope.version, scope.schema_url] if scope is not None else ["", None, None]


def _id(parent: SpanContext | None) -> str:
    return "null" if parent is None else f'"{parent.span_id:016x}"'


def _state(context: SpanContext) -> str:
    return as_json(context.trace_state.to_header()) if context.trace_state else "null"


def _dropped(span: ReadableSpan) -> str:
    dropped = [span.dropped_attributes, span.dropped_events, span.dropped_links]
    return as_json(dropped) if any(dropped) else "null"


_told: set[str] = set()


def _once(what: str) -> None:
    if what not in _told:
        _told.add(what)
        log.warning("playhead: %s could not be journaled; this is said once", what, exc_info=True)
