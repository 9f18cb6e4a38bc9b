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
# Where something was read as it is written, what was read there last, and how that is written.
_NOTHING = ("", None, "")
_LOOKS = frozenset({"stat", "lstat"})


class JournalSink:
    """The engine's Sink. Any thread may append; what two of them remember at once is the same."""

    def __init__(self, journal: Callable[[], Journal], redaction: Redaction, run: Callable[[], str | None]) -> None:
        self._journal = journal
        self._redaction = redaction
        self._run = run
        self._begun: OrderedDict[Key, str] = OrderedDict()
        self._reads: dict[tuple[str, str], tuple[str, list[Any] | None, str]] = {}

    def append(self, record: list[Any]) -> None:
        word = record[0]
        if word == "f":
            self._journal().append_text(self._read(record), disk_only=True)
        elif word == "c":
            self._journal().append_text(self._completion(record), disk_only=True)
        elif word == "b":
            self._journal().append_text(self._beginning(record), disk_only=True)
        else:
            self._journal().append([WORD, self._run_of(record), self._redacted(record)], disk_only=True)

    def _read(self, record: list[Any]) -> str:
        """An effect that took no waiting, as it is written."""
        _, run, lane, kind, fingerprint, number, outcome = record
        key = (kind, fingerprint)
        place, known, said = self._reads.get(key, _NOTHING)
        if outcome != known:
            if not place:
                place = as_json(self._redaction.values([kind, fingerprint]))[1:-1]
            if kind == "environment":
                said = as_json(self._redaction.named(fingerprint, outcome))
            else:
                said = as_json(self._redaction.values(outcome))
            if len(said) <= _LONGEST_READ:
                if len(self._reads) >= _MOST_READ:
                    self._reads.clear()
                self._reads[key] = (place, outcome if _is_told_by_equality(kind, outcome) else None, said)
        whose = "null" if run is None else f'"{run}"'
        return f'["r",{whose},["f",{whose},"{lane}",{place},{number},{said}]]'

    def _beginning(self, record: list[Any]) -> str:
        """An effect that is waited for, as it is written."""
        _, run, lane, kind, fingerprint, number, detail = record
        if run is not None:
            self._begun[lane, kind, number] = run
            if len(self._begun) > _MOST_REMEMBERED:
                self._begun.popitem(last=False)
        # An exchange's is a digest; others say what was asked.
        asked = fingerprint if kind == "http" else self._redaction.text(fingerprint)
        (said,) = self._redaction.values([detail])
        whose = "null" if run is None else f'"{run}"'
        return f'["r",{whose},["b",{whose},"{lane}",{as_json([kind, asked])[1:-1]},{number},{as_json(said)}]]'

    def _completion(self, record: list[Any]) -> str:
        """One that was waited for, as it is written: each piece of a stream is one."""
        _, lane, kind, number, outcome, at_ns, turns = record
        run = self._run_of_completion(lane, kind, number)
        said = "null" if outcome is None else as_json(self._redaction.values(outcome))
        whose, turned = "null" if run is None else f'"{run}"', "null" if turns is None else turns
        return f'["r",{whose},["c","{lane}",{as_json(kind)},{number},{said},{at_ns},{turned}]]'

    def _run_of_completion(self, lane: str, kind: str, number: int) -> str | None:
        exchange, mark, call = lane.rpartition("#")
        key = (exchange, "http", int(call)) if mark and call.isdigit() else (lane, kind, number)
        return self._begun.get(key) or self._run()

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
            case ["p", *_]:
                return self._run()
            case _:
                return None


def _is_told_by_equality(kind: str, outcome: list[Any]) -> bool:
    """Whether what is equal to it is written alike: not 1, 1.0 and True, but of a file each number has its type."""
    return kind in _LOOKS or (outcome[0] == "=" and (outcome[1] is None or type(outcome[1]) is str))
