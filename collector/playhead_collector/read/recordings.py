"""What a replay needs, out of the store: the chunks that processes recorded, as they were sent."""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from playhead_collector.read.chunk import Chunk
from playhead_collector.read.together import Question, ask_together


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


def size_of(client: Client, process: str) -> int:
    """How many bytes it recorded."""
    (rows,) = ask_together(client, Question("size_of_recording", {"process": process}))
    return int(rows[0]["bytes"])


def chunks_of(client: Client, process: str) -> list[bytes]:
    """The same, without the keys."""
    return [chunk.content for chunk in recording_of(client, process)]
