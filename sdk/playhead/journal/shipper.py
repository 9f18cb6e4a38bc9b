"""Sends a journal to the collector, and removes what has been acknowledged.

A journal is read behind its writer, some spans become one request, and only an answer moves the mark (`shipped` in the
journal's folder) from which a later process would start again. Sending something twice is harmless, a step is known by
its ids; not sending it is not. Nothing here runs in an agent's thread.
"""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from playhead.journal.folder import Folder, segments
from playhead.journal.otlp import request_of
from playhead.journal.reader import Position, Read, parsed, read_from
from playhead.journal.recording import WORD, Chunks
from playhead.journal.records import Assembler, Span
from playhead.journal.sender import Answer, Sender

log = logging.getLogger("playhead")

_MOST_SPANS = 512
_MOST_BYTES = 4 * 1024 * 1024
_PAUSES = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
# A step that takes longer than this is sent while it is open, so that a run can be watched, and a killed one is known.
_OPEN_AFTER_NS = 1_000_000_000


@dataclass(slots=True)
class Shipped:
    """What became of a journal's spans."""

    spans: int = 0
    open_spans: int = 0
    refused: int = 0
    requests: int = 0
    recordings: int = 0


class Shipper:
    """Ships one folder. `wait` sleeps, and says whether to go on; `freed` hears of removed segments."""

    def __init__(
        self,
        folder: Path,
        sender: Sender,
        wait: Callable[[float], bool],
        freed: Callable[[int], None] = lambda _: None,
        head: Mapping[str, Any] | None = None,
    ) -> None:
        """`head`: whose journal it is, where the disk may never have taken a line that says so."""
        self.done = Shipped()
        self._folder = folder
        self._sender = sender
        self._wait = wait
        self._freed = freed
        self._assembler = Assembler(head)
        self._chunks = Chunks()
        self._batch: list[Span] = []
        self._recording: bytes | None = None
        self._mark = _read_mark(folder)
        self._read = Position()
        # Nobody knows before an answer.
        self._playhead: bool | None = None
        self._steps = False
        self._shown_open: set[tuple[str, str]] = set()
        self._told: set[str] = set()
        self._cut: int | None = None

    @property
    def place(self) -> tuple[int, int]:
        """Up to where the journal has been read: the segment, and the offset in it."""
        return self._read.segment, self._read.offset

    @property
    def has_open(self) -> bool:
        """Whether steps are under way, or cut."""
        return bool(self._assembler.open)

    def ship_new(self) -> bool:
        """Sends all that is in the journal by now; False when told to stop before that."""
        size = 0
        for read in read_from(self._folder, self._read):
            size += len(read.line)
            self._take(read)
            # Lets the agent go first: each of its records gives up the interpreter's lock for a write, and would wait
            # for as long as a thread may compute in one go, 5 ms, to get it back.
            time.sleep(0)
            if len(self._batch) >= _MOST_SPANS or size >= _MOST_BYTES:
                if not self._send_all():
                    return False
                size = 0
        return self._send_all()

    def _send_all(self) -> bool:
        """What was read since the last mark: steps, and what a replay needs; then the mark moves.

        What could not be sent stays, and is sent before anything that is read later.
        """
        if self._batch and not self._send(self._batch):
            return False
        self._batch = []
        if self._chunks.size and not self._knows_other_side():
            # Not acknowledged, so that a later process has it too; but nobody waits where nothing was run.
            return not self._matters
        if not self._send_recording():
            return False
        self._acknowledge()
        return True

    def _send_recording(self) -> bool:
        body = self._recording
        if body is None:
            if not self._chunks.size:
                return True
            if not self._playhead and not self._sender.endpoint.recordings:
                if self._steps:
                    self._tell(
                        f"{self._sender.endpoint.url} is no Playhead collector: recordings are not sent there, and "
                        "these runs cannot be replayed. Where it passes on to one, set PLAYHEAD_SEND_RECORDINGS=1"
                    )
                self._chunks.clear()
                return True
            body = self._recording = self._chunks.take(self._assembler.head).SerializeToString()
        attempt = 0
        while True:
            answer = self._sender.send(body, "logs")
            # One that takes traces and has no place for logs will have none later.
            refused = answer.permanent or answer.missing
            if answer.accepted or refused:
                self._recording = None
            if answer.accepted:
                self.done.recordings += 1
                return True
            if refused:
                self._tell(f"the collector refuses a recording ({answer.words}); these runs cannot be replayed")
                return True
            if not self._pause(attempt, answer):
                return False
            attempt += 1

    def ship_lines(self, lines: list[bytes]) -> bool:
        """Records that the disk did not take. They are gone with this process if they cannot be sent."""
        for line in lines:
            record = parsed(line.rstrip(b"\n"))
            span = self._assembler.take(record, self._read) if record is not None else None
            if span is not None:
                self._batch.append(span)
        return self._send_all()

    def ship_open(self, now_ns: int) -> None:
        """Steps under way, so that they can be seen. To a Playhead collector only: others reject an end of 0."""
        if not self._playhead:
            return
        waiting = [
            span
            for span in self._assembler.open_spans()
            if (span.trace, span.span) not in self._shown_open and now_ns - span.start_ns > _OPEN_AFTER_NS
        ]
        if waiting and self._post(waiting, "open").accepted:
            self._shown_open.update((span.trace, span.span) for span in waiting)
            self.done.open_spans += len(waiting)

    def ship_rest(self) -> bool:
        """Of a journal whose process is gone: what is there, and the steps that it did not live to end."""
        if not self.ship_new():
            return False
        cut = self._assembler.open_spans()
        if cut and not self._knows_other_side():
            return False
        if cut and self._playhead:
            for start in range(0, len(cut), _MOST_SPANS):
                if not self._send(cut[start : start + _MOST_SPANS], "open"):
                    return False
            self.done.open_spans += len(cut)
        return True

    def _knows_other_side(self) -> bool:
        """Whether it is a Playhead collector; False when told to stop before anybody answered.

        An empty request is legal and tells.
        """
        attempt = 0
        while self._playhead is None:
            answer = self._sender.send(b"")
            if answer.accepted or answer.permanent or answer.playhead:
                self._playhead = answer.playhead
            elif not self._matters or not self._pause(attempt, answer):
                return False
            attempt += 1
        return True

    @property
    def _matters(self) -> bool:
        """A process that ran nothing leaves a recording of its start alone, which is worth no waiting."""
        return self._steps or self._chunks.of_runs or self._chunks.size >= _MOST_BYTES

    def _take(self, read: Read) -> None:
        before = self._read
        self._read = read.end
        if read.record[0] == WORD:
            if read.end > self._mark and len(read.record) == 3:
                self._chunks.add(read)
            return
        span = self._assembler.take(read.record, before)
        self._steps = self._steps or span is not None or self.has_open
        # What was acknowledged by an earlier process is read again only for the starts that are still open.
        if span is not None and read.end > self._mark:
            self._batch.append(span)
        if span is not None:
            self._shown_open.discard((span.trace, span.span))

    def _send(self, batch: list[Span], open_state: str | None = None) -> bool:
        """True when the other side has them, or never will; False when told to stop."""
        attempt = 0
        while True:
            answer = self._post(batch, open_state)
            if answer.accepted:
                self.done.spans += 0 if open_state else len(batch)
                return True
            if answer.permanent and len(batch) > 1:
                # One span may be what is wrong, or all of them too much: the halves tell.
                half = len(batch) // 2
                return self._send(batch[:half], open_state) and self._send(batch[half:], open_state)
            if answer.permanent:
                self._set_aside(batch[0], answer)
                return True
            if not self._pause(attempt, answer):
                return False
            attempt += 1

    def _pause(self, attempt: int, answer: Answer) -> bool:
        """Before the next attempt; False when there is to be none."""
        url = self._sender.endpoint.url
        self._tell(f"the collector at {url} does not take traces ({answer.words}); they wait in {self._folder}")
        return self._wait(max(_PAUSES[min(attempt, len(_PAUSES) - 1)], answer.retry_after_s or 0.0))

    def _post(self, batch: list[Span], open_state: str | None = None) -> Answer:
        answer = self._sender.send(request_of(self._assembler.head, batch, open_state).SerializeToString())
        self.done.requests += 1
        if answer.accepted or answer.playhead:
            self._playhead = self._playhead or answer.playhead
        if answer.accepted and answer.body:
            with contextlib.suppress(Exception):  # an answer that cannot be read was an acceptance all the same
                partial = ExportTraceServiceResponse.FromString(answer.body).partial_success
                if partial.rejected_spans:
                    self.done.refused += partial.rejected_spans
                    self._tell(f"the collector rejected {partial.rejected_spans} spans: {partial.error_message}")
        return answer

    def _set_aside(self, span: Span, answer: Answer) -> None:
        """A span that is refused for good stays where someone can look at it."""
        self.done.refused += 1
        self._tell(
            f"the collector refuses a span for good ({answer.words}); it is kept in {self._folder / 'refused.otlp'}"
        )
        with contextlib.suppress(OSError), (self._folder / "refused.otlp").open("ab") as file:
            file.write(request_of(self._assembler.head, [span]).SerializeToString())

    def _acknowledge(self) -> None:
        """Moves the mark, and removes segments that nothing needs any more."""
        if self._read <= self._mark:
            return
        self._mark = self._read
        needed = self._assembler.oldest_needed(self._read)
        with contextlib.suppress(OSError):
            _write_mark(self._folder, self._mark)
        for number, path in segments(self._folder):
            if number < min(needed.segment, self._read.segment):
                with contextlib.suppress(OSError):
                    size = path.stat().st_size
                    path.unlink()
                    self._freed(size)

    def _tell(self, what: str) -> None:
        if what not in self._told and len(self._told) < 10:
            self._told.add(what)
            log.warning("playhead: %s", what)


def ship_leftovers(folders: Iterator[Folder], sender: Sender, wait: Callable[[float], bool]) -> Shipped:
    """Journals of processes that are gone: sent, and removed when all of them has been taken."""
    total = Shipped()
    for folder in folders:
        shipper = Shipper(folder.path, sender, wait)
        whole = shipper.ship_rest()
        total.spans += shipper.done.spans
        total.open_spans += shipper.done.open_spans
        total.refused += shipper.done.refused
        total.requests += shipper.done.requests
        if not whole:
            break
        if not (folder.path / "refused.otlp").exists():
            folder.remove()
    return total


def _read_mark(folder: Path) -> Position:
    try:
        said: dict[str, Any] = json.loads((folder / "shipped").read_text())
        return Position(int(said["segment"]), int(said["offset"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Position()


def _write_mark(folder: Path, position: Position) -> None:
    partial = folder / "shipped.part"
    partial.write_text(json.dumps({"segment": position.segment, "offset": position.offset, "at": time.time_ns()}))
    partial.replace(folder / "shipped")
