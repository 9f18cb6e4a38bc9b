"""What a replay needs, out of the store: the chunks that processes recorded, as they were sent."""

from __future__ import annotations

from collections.abc import Sequence

from clickhouse_connect.driver.client import Client

from playhead.lanes.sink import Record
from playhead_collector.read.chunk import Chunk
from playhead_collector.read.together import Question, ask_together

# Ids in one question: over HTTP they are in its address.
_AT_ONCE = 100


def processes_of(client: Client, run_id: str) -> list[str]:
    """The processes that recorded something of this run, in the order in which they did."""
    (rows,) = ask_together(client, Question("processes_of_run", {"run": run_id}))
    return [str(row["process_id"]) for row in rows]


def recording_of(client: Client, process: str) -> list[Chunk]:
    """Of all its runs, and of none."""
    (rows,) = ask_together(client, Question("recording_of_process", {"process": process}, columns={"content": "bytes"}))
    return [
        Chunk(process, str(row["run_id"]), int(row["sequence"]), int(row["time_ns"]), bytes(row["content"]))
        for row in rows
    ]


def erased_of(client: Client, records: Sequence[Record]) -> dict[str, int]:
    """The runs of a process that were erased, and their records with them: when, in milliseconds."""
    owners = {record[1] for record in records if record[0] in ("f", "b")}
    # Most of these were never more than an id: a span of a framework's, say.
    runs = [
        str(record[6][1])
        for record in records
        if record[0] == "f" and record[3] == "run" and record[6][0] == "=" and record[6][1] not in owners
    ]
    found: dict[str, int] = {}
    for start in range(0, len(runs), _AT_ONCE):
        (rows,) = ask_together(client, Question("erased_runs", {"runs": runs[start : start + _AT_ONCE]}))
        found |= {str(row["run"]): int(row["at_ms"]) for row in rows}
    return found


def size_of(client: Client, process: str) -> int:
    """How many bytes it recorded."""
    (rows,) = ask_together(client, Question("size_of_recording", {"process": process}))
    return int(rows[0]["bytes"])


def chunks_of(client: Client, process: str) -> list[bytes]:
    """The same, without the keys."""
    return [chunk.content for chunk in recording_of(client, process)]
