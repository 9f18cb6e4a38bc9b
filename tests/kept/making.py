"""Makes what is kept of a schema: a small store as this checkout leaves it, and what it answers about its runs.

    python -m tests.kept.making

writes `tests/kept/schema-NNNN.tar.xz`, which is committed and never made anew: it stands for the stores that users
have. Whoever begins a schema makes the one of the schema before it first, in a checkout that has none later
(`git worktree add ../before main`). `test_kept.py` opens each of them with today's code. Nothing of the machine that
makes one may be in it.
"""

from __future__ import annotations

import io
import json
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path

from clickhouse_connect.driver.client import Client
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from tests.bench.traffic import light
from tests.collector.alerts.asking import MadeRun
from tests.collector.receive.messages import START, logs
from tests.e2e.running import Up, up

from playhead_collector.read.source import open_source
from playhead_collector.store import ddl
from playhead_collector.store.address import parse_address

HERE = Path(__file__).parent
STORE, ANSWERS = "store", "answers.json"
_VIEWS = ("runs", "steps", "messages", "calls", "usage", "log_records", "recordings")
# Retention counts from arrival, and what is kept is to be there for as long as the project is.
_DAYS = 36_500


def kept() -> dict[int, Path]:
    """What is kept, by the number of its schema."""
    return {int(path.name.removesuffix(".tar.xz")[-4:]): path for path in sorted(HERE.glob("schema-*.tar.xz"))}


def answers(client: Client, questions: list[str]) -> dict[str, list[str]]:
    """By question, the rows in JSON."""
    return {
        question: client.raw_query(question, fmt="JSONEachRow").decode("utf-8").splitlines() for question in questions
    }


def questions(client: Client) -> list[str]:
    """Every column that the views of this schema have, by name: those of a later one may have more."""
    return [f"SELECT DISTINCT {', '.join(_columns(client, view))} FROM {view} ORDER BY ALL" for view in _VIEWS]


def _columns(client: Client, view: str) -> list[str]:
    """What is no text, as text."""
    forms = {"FixedString(16)": "hex({})", "Array(FixedString(16))": "arrayMap(x -> hex(x), {})"}
    described = client.query(f"DESCRIBE {view}").result_rows
    return [forms.get(str(kind), "{}").format(f"{view}.{name}") for name, kind, *_ in described]


def make(number: int) -> Path:
    """A store with runs of every status, sent in pieces; returns the file that it is kept in."""
    path = HERE / f"schema-{number:04}.tar.xz"
    with tempfile.TemporaryDirectory() as folder:
        with up(Path(folder), "--retention", str(_DAYS)) as collector:
            _send(collector)
            client = open_source(parse_address(collector.store)).client
            said = json.dumps(answers(client, questions(client)), indent=1)
        with tarfile.open(path, "w:xz") as archive:
            archive.add(Path(folder) / "store", STORE, filter=_anonymous)
            entry = tarfile.TarInfo(ANSWERS)
            entry.size = len(said.encode())
            archive.addfile(entry, io.BytesIO(said.encode()))
    return path


def _send(collector: Up) -> None:
    begun = MadeRun(1, agent="planner").root(ended=False).tool("get_order", '{"id":"A-1"}', ended=False)
    failed = MadeRun(2).root(failed=True).tool("refund", '{"id":"A-2"}', failed=True).prompt()
    for request in (begun.request(), failed.request()):
        collector.send(request)
    # Again, and beside others: a step is there once.
    collector.send(failed.request())
    for batch in light(4, seed=11):
        collector.send(ExportTraceServiceRequest.FromString(batch.body))
    told = LogRecord(trace_id=bytes.fromhex(failed.run_id), time_unix_nano=START, event_name="refused")
    recorded = LogRecord(
        trace_id=bytes.fromhex(failed.run_id), time_unix_nano=START, event_name="playhead.recording",
        body=AnyValue(bytes_value=b"what a replay needs"),
        attributes=[
            KeyValue(key="playhead.process", value=AnyValue(string_value="desk-1")),
            KeyValue(key="playhead.sequence", value=AnyValue(int_value=1)),
        ],
    )  # fmt: skip
    body, kind = logs(told, recorded).SerializeToString(), {"Content-Type": "application/x-protobuf"}
    collector.itself().opener().open(urllib.request.Request(f"{collector.url}/v1/logs", body, kind), timeout=60).close()
    collector.wait_until_stored()


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    newest = ddl.latest()
    if newest in kept():
        sys.exit(f"{kept()[newest]} is there, and stands for stores that users have: it is never made anew")
    made = make(newest)
    print(f"{made}: {made.stat().st_size:,} bytes")
