"""Where records go: one method, which never raises into the agent. The recorder's journal is one; tests keep a list.

The records of this package, as JSON arrays (all begin with a word of one letter):

    ["h", {...}]                                        the process: engine version, level, hash seed, Python
    ["o", run, lanes]                                   an excerpt for this run, of requests in these lanes (excerpt.py)
    ["v", {...}]                                        what the process came from (fingerprint/); not counted by "z"
    ["i", run, lane, {...}]                             a server's request that started the run (wire/inbound.py)
    ["l", lane, how, name]                              a lane was created (task, thread, job), with its parent's id
                                                        behind the name where its own is a hash
    ["f", run, lane, kind, fingerprint, n, outcome]     an effect that took no waiting: a clock, a draw, a file
    ["b", run, lane, kind, fingerprint, n, detail]      an effect that waits has begun; the detail explains a divergence
    ["c", lane, kind, n, outcome, t_ns, turns]          it was delivered, here and now in the order of the process
    ["x", lane, ticks]                                  a thread was stuck with the token and lost it
    ["g", why]                                          the discipline was given up: from here on, no order is known
    ["u", what, where]                                  something no wrapper reached; the certificate names it
    ["s", run, what, where, number]                     the run shared a thing with others; the number says which thing
    ["p", hash, text]                                   a piece of a large text, once a process
    ["z", count]                                        the recording ends here, after so many records

`n` counts the effects of a kind in a lane. `turns` is null where the agent had nothing left to run, else how often its
loops had turned since the last delivery; in an excerpt it can be below zero: then, or as soon as there was nothing to
run. An outcome is `["=", value]` or `["!", exception]`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

Record = list[Any]
# What the last record's count leaves out: itself, pieces of large texts, and what the process came from.
NOT_COUNTED = frozenset({"z", "p", "v"})
# The kind of an effect: the first step of a run has ended; the outcome says of which.
RUN_ENDS = "run ends"


class Sink(Protocol):
    def append(self, record: Record) -> None:
        """Keeps one record before it returns; must not raise."""


class ListSink:
    """Keeps records in memory, for tests and for replaying at once."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def append(self, record: Record) -> None:
        self.records.append(record)


class FileSink:
    """JSON lines, one plain write a record: what was written survives the death of the process."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

    def append(self, record: Record) -> None:
        self._file.write(self._encode(record).encode("utf-8", "surrogatepass") + b"\n")

    def close(self) -> None:
        self._file.close()


def read_records(path: Path) -> list[Record]:
    """All whole records; a torn last line is where the process was killed, and is left out."""
    records: list[Record] = []
    with path.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                break
            records.append(json.loads(line))
    return records
