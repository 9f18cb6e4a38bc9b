"""`make bench-imports`: an export of Langfuse of a gigabyte through `playhead import`, with the memory that it took.

The file is a table of observations as JSON lines, a conversation of some turns a trace. It is read through a collector,
so the command's memory is that of reading the file alone. Then every observation has to be there once, with the input
and output that its record had. PLAYHEAD_BENCH_MB=50 gives a quick look; memory has to be about the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from clickhouse_connect.driver.client import Client
from tests.bench.command import playhead
from tests.bench.folder import measure
from tests.bench.recent import START_NS
from tests.bench.subject import running
from tests.bench.words import prose

from playhead_collector.read.spans import spans_of

_MB = int(os.environ.get("PLAYHEAD_BENCH_MB", "1000"))
_TURNS = 10
_DAY = f"{datetime.fromtimestamp(START_NS // 1_000_000_000, UTC):%Y-%m-%d}"
_AT_ONCE = 200
Record = dict[str, object]


def main() -> None:
    measure(_run)


def _run(folder: Path) -> dict[str, object]:
    file = folder / "observations.jsonl"
    traces, records = _write(file, _MB * 1_000_000)
    with running(folder) as subject:
        before = round(subject.peak_rss_mb())
        took = playhead("import", str(file), "--store", f"chdb://{folder / 'store'}")
        subject.wait_for_steps(records)
        subject.settle()
        collector_mb = round(subject.peak_rss_mb())
        on_disk = sum(subject.bytes_on_disk().values())
        _compare(subject.client, traces)
    return {
        "file_mb": round(file.stat().st_size / 1e6), "observations": records, "traces": traces,
        "import": asdict(took), "collector_peak_rss_mb": collector_mb, "collector_before_mb": before,
        "store_mb": round(on_disk / 1e6, 1), "all_equal": True,
    }  # fmt: skip


def _write(file: Path, size: int) -> tuple[int, int]:
    traces = records = 0
    with file.open("w", encoding="utf-8") as out:
        while out.tell() < size:
            for record in _trace(traces):
                out.write(json.dumps(record) + "\n")
                records += 1
            traces += 1
    return traces, records


def _trace_id(number: int) -> str:
    return f"{Random(f'trace {number}').getrandbits(128):032x}"


def _trace(number: int) -> Iterator[Record]:
    """Each call has all that was said before it, as agents send it."""
    rng = Random(number)
    said = [{"role": "system", "content": prose(rng, 200)}]
    for turn in range(_TURNS):
        said.append({"role": "user", "content": prose(rng, 80)})
        answer = {"role": "assistant", "content": prose(rng, 120)}
        yield {
            "id": f"{number + 1:08x}{turn:08x}", "trace_id": _trace_id(number), "type": "GENERATION", "name": "ask",
            "start_time": f"{_DAY} 10:{turn:02}:00.000000", "end_time": f"{_DAY} 10:{turn:02}:03.000000",
            "provided_model_name": "gpt-4o-mini", "user_id": f"user-{number % 500}", "session_id": f"s-{number}",
            "input": json.dumps(said), "output": json.dumps(answer), "usage_details": {"input": 1000, "output": 40},
        }  # fmt: skip
        said.append(answer)


def _compare(client: Client, traces: int) -> None:
    """Every observation once, with its texts byte for byte."""
    for start in range(0, traces, _AT_ONCE):
        numbers = range(start, min(traces, start + _AT_ONCE))
        wanted = {one["id"]: (one["input"], one["output"]) for number in numbers for one in _trace(number)}
        for stored in spans_of(client, [_trace_id(number) for number in numbers]):
            texts = {one.key: one.value.string_value for one in stored.span.attributes}
            there = (texts["langfuse.observation.input"], texts["langfuse.observation.output"])
            if wanted.pop(stored.step_id, None) != there:
                raise RuntimeError(f"observation {stored.step_id} is not as it was in the file, or there twice")
        if wanted:
            raise RuntimeError(f"{len(wanted)} observations are missing")


if __name__ == "__main__":
    main()
