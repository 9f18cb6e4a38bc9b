"""The engine's records into the journal, each with the run that it belongs to.

`lanes/` knows lanes and effects, not runs. A completion is written wherever it arrives, so its run is that of the
effect's beginning; a piece of a large text is the run's that wrote it first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from playhead.journal.journal import Journal
from playhead.recorder.redaction import Redaction

# As journal/recording.py reads it, which is not imported here: it brings protobuf into the agent's start.
WORD = "r"
_MOST_REMEMBERED = 20_000

Key = tuple[str, str, int]


class JournalSink:
    """The engine's Sink. Any thread may append; what two of them remember at once is the same."""

    def __init__(self, journal: Callable[[], Journal], redaction: Redaction, run: Callable[[], str | None]) -> None:
        self._journal = journal
        self._redaction = redaction
        self._run = run
        self._begun: OrderedDict[Key, str] = OrderedDict()

    def append(self, record: list[Any]) -> None:
        self._journal().append([WORD, self._run_of(record), self._redacted(record)], disk_only=True)

    def _redacted(self, record: list[Any]) -> list[Any]:
        """Secrets by their shape, and variables of the environment by their name."""
        match record:
            case ["f", run, lane, "environment", name, number, outcome]:
                return ["f", run, lane, "environment", name, number, self._redaction.named(name, outcome)]
            case ["h", dict(header)]:
                return ["h", {**header, "arguments": self._redaction.words(header.get("arguments", []))}]
            case [word, *rest]:
                return [word, *self._redaction.values(rest)]
            case _:
                return record

    def _run_of(self, record: list[Any]) -> str | None:
        match record:
            case ["f" | "i", run, *_]:
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
