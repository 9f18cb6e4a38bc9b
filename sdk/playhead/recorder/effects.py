"""The engine's records into the journal, each with the run that it belongs to.

`lanes/` knows lanes and effects, not runs. A completion is written wherever it arrives, so its run is that of the
effect's beginning; a piece of a large text is the run's that wrote it first.

What takes no waiting is most of what is written: nine reads of files, variables and clocks for one request over
requests. As a rule they are what was read before, so how they were said is kept: 12 us a look at a file became 5.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from playhead.journal.journal import Journal, as_json
from playhead.recorder.redaction import Redaction

# As journal/recording.py reads it, which is not imported here: it brings protobuf into the agent's start.
WORD = "r"
_MOST_REMEMBERED = 20_000
_MOST_READ = 2_000
_LONGEST_READ = 1_000

Key = tuple[str, str, int]
# Where something was read, what was read there last, and how that is written.
_NOTHING = ("", "", "")


class JournalSink:
    """The engine's Sink. Any thread may append; what two of them remember at once is the same."""

    def __init__(self, journal: Callable[[], Journal], redaction: Redaction, run: Callable[[], str | None]) -> None:
        self._journal = journal
        self._redaction = redaction
        self._run = run
        self._begun: OrderedDict[Key, str] = OrderedDict()
        self._reads: dict[tuple[str, str], tuple[str, str, str]] = {}

    def append(self, record: list[Any]) -> None:
        if record[0] == "f":
            self._journal().append_text(self._read(record), disk_only=True)
        else:
            self._journal().append([WORD, self._run_of(record), self._redacted(record)], disk_only=True)

    def _read(self, record: list[Any]) -> str:
        """An effect that took no waiting, as it is written."""
        _, run, lane, kind, fingerprint, number, outcome = record
        key = (kind, fingerprint)
        place, known, said = self._reads.get(key, _NOTHING)
        text = as_json(outcome)
        if text != known:
            if not place:
                place = as_json(self._redaction.values([kind, fingerprint]))[1:-1]
            if kind == "environment":
                said = as_json(self._redaction.named(fingerprint, outcome))
            else:
                said = as_json(self._redaction.values(outcome))
            if len(text) <= _LONGEST_READ:
                if len(self._reads) >= _MOST_READ:
                    self._reads.clear()
                self._reads[key] = (place, text, said)
        whose = "null" if run is None else f'"{run}"'
        return f'["r",{whose},["f",{whose},"{lane}",{place},{number},{said}]]'

    def _redacted(self, record: list[Any]) -> list[Any]:
        """Without secrets, which are known by their shape."""
        match record:
            case ["h", dict(header)]:
                return ["h", {**header, "arguments": self._redaction.words(header.get("arguments", []))}]
            case [word, *rest]:
                return [word, *self._redaction.values(rest)]
            case _:
                return record

    def _run_of(self, record: list[Any]) -> str | None:
        match record:
            case ["i" | "s", run, *_]:
                return run if isinstance(run, str) else None
            case ["b", str(run), lane, kind, _, number, *_]:
                self._begun[lane, kind, number] = run
                if len(self._begun) > _MOST_REMEMBERED:
                    self._begun.popitem(last=False)
                return run
            case ["c", lane, kind, number, *_]:
                exchange, mark, call = lane.rpartition("#")
                key = (exchange, "http", int(call)) if mark and call.isdigit() else (lane, kind, number)
                return self._begun.get(key) or self._run()
            case ["p", *_]:
                return self._run()
            case _:
                return None
