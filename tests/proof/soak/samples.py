"""What is looked at every few seconds while the soak goes on: the process, the store, and people's questions.

Each figure is a series of moments (seconds since the beginning) and values. Three threads: one looks at the process and
the disk, one sends a run that offends and waits for its row and for the webhook, one asks what people ask.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from tests.collector.alerts.receiving import Receiving
from tests.e2e.running import Up, get
from tests.proof.soak.sending import export
from tests.proof.soak.traffic import offending

EVERY_S = 10.0
RULE, REPEATS = "repeated_call", 6
# A machine that is overloaded by others takes its time; how much, the figures say.
_PATIENCE_S = 900.0
_SUMS = (
    "SELECT agent, count() AS runs, countIf(status = 'error') AS failed, sum(input_tokens + output_tokens) AS tokens, "
    "quantile(0.95)(cost_usd) AS cost FROM runs WHERE start_time > now() - INTERVAL 5 MINUTE GROUP BY agent"
)
_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    at_s: float
    value: float


@dataclass
class Series:
    """By name of the figure."""

    began: float = field(default_factory=time.monotonic)
    of: dict[str, list[Sample]] = field(default_factory=dict)
    failures: list[BaseException] = field(default_factory=list)

    def add(self, name: str, value: float) -> None:
        self.of.setdefault(name, []).append(Sample(round(time.monotonic() - self.began, 1), round(value, 4)))


@dataclass(frozen=True, slots=True)
class Watched:
    up: Up
    ingest_token: str
    read_token: str
    webhook: Receiving
    seed: int

    def client(self, database: str = "playhead") -> Client:
        return clickhouse_connect.get_client(
            host="127.0.0.1", port=self.up.ports[2], database=database, username="soak", password=self.read_token
        )


@contextmanager
def watching(watched: Watched, series: Series) -> Iterator[None]:
    """Until the end of the block. What failed in a thread is in the series."""
    enough = threading.Event()

    def again_and_again(every_s: float, once: Callable[[int], None]) -> None:
        number = 0
        try:
            while not enough.is_set():
                began = time.monotonic()
                once(number)
                number += 1
                enough.wait(max(0.0, began + every_s - time.monotonic()))
        except BaseException as error:
            series.failures.append(error)

    with watched.client() as looker, watched.client() as waiter, watched.client() as asker:
        process = _Process(watched, series, looker)
        probe = _Probe(watched, series, waiter)
        people = _People(watched, series, asker)
        turns: tuple[tuple[float, Callable[[int], None]], ...] = (
            (EVERY_S, process.look), (EVERY_S, probe.send_one), (2.0, people.ask),
        )  # fmt: skip
        threads = [threading.Thread(target=again_and_again, args=turn) for turn in turns]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            enough.set()
            for thread in threads:
                thread.join(_PATIENCE_S + 60)


class _Process:
    """Memory, parts, disk; and how busy the machine is, without which no latency can be judged."""

    def __init__(self, watched: Watched, series: Series, client: Client) -> None:
        self._watched, self._series, self._client = watched, series, client

    def look(self, _: int) -> None:
        status = Path(f"/proc/{self._watched.up.process.pid}/status").read_text(encoding="ascii")
        found = dict(re.findall(r"^(VmRSS|RssAnon):\s+(\d+) kB", status, re.MULTILINE))
        self._series.add("memory_mb", int(found["VmRSS"]) / 1024)
        self._series.add("anonymous_mb", int(found["RssAnon"]) / 1024)
        parts = "SELECT sum(active_parts) FROM system.tables WHERE database = currentDatabase()"
        self._series.add("parts", int(self._client.query(parts).result_rows[0][0]))
        metrics = get(f"{self._watched.up.url}/metrics").decode()
        self._series.add("spool_lag_s", float(re.findall(r"^playhead_lag_seconds (\S+)", metrics, re.MULTILINE)[0]))
        folder = self._watched.up.folder
        self._series.add("disk_mb", _size(folder / "store") / _MB)
        self._series.add("spool_mb", _size(folder / "spool") / _MB)
        self._series.add("machine_load", os.getloadavg()[0])


class _Probe:
    """A run that offends: how long from its acknowledgement to its row, and to the webhook that is told of it."""

    def __init__(self, watched: Watched, series: Series, client: Client) -> None:
        self._watched, self._series, self._client = watched, series, client
        said = {"authorization": f"Bearer {watched.ingest_token}"}
        self._exporter = OTLPSpanExporter(f"{watched.up.url}/v1/traces", headers=said, timeout=60)
        self._seen = 0
        self._told: set[str] = set()

    def send_one(self, number: int) -> None:
        run = offending(number, self._watched.seed, time.time_ns() - 10**10, REPEATS)
        context = run[0].context
        assert context is not None
        run_id = f"{context.trace_id:032x}"
        began = time.monotonic()
        export(self._exporter, run)
        self._series.add("answer_s", time.monotonic() - began)
        acknowledged = time.monotonic()
        row = {"run": run_id}
        there = "SELECT count() FROM runs WHERE run_id = {run:String}"
        until(lambda: self._client.query(there, parameters=row).result_rows[0][0] == 1, f"the row of run {run_id}")
        self._series.add("ingest_lag_s", time.monotonic() - acknowledged)
        until(lambda: self._is_told(run_id), f"the webhook to be told of run {run_id}")
        self._series.add("alert_lag_s", time.monotonic() - acknowledged)

    def _is_told(self, run_id: str) -> bool:
        told = self._watched.webhook.told
        for one in told[self._seen :]:
            self._seen += 1
            said = json.loads(one.body)
            if said["rule"] == RULE and said["status"] == "firing":
                self._told |= {str(run["run_id"]) for run in said["runs"]}
        return run_id in self._told


class _People:
    """The questions of a terminal and of dashboards, in turn; each is checked to have an answer."""

    def __init__(self, watched: Watched, series: Series, client: Client) -> None:
        self._watched, self._series, self._client = watched, series, client
        self._run_id = ""
        """The newest that is none of those that retention takes."""

    def ask(self, number: int) -> None:
        turns: tuple[tuple[str, Callable[[], bool]], ...] = (
            ("list_s", self._list),
            ("search_s", lambda: bool(self._command("runs", "--json", "--text", "order"))),
            ("open_s", lambda: len(self._command("show", self._run_id, "--json")) > 1),
            ("sums_s", lambda: bool(self._client.query(_SUMS).result_rows)),
            ("metrics_s", lambda: b"playhead_lag_seconds" in get(f"{self._watched.up.url}/metrics")),
        )
        name, question = turns[number % len(turns)]
        began = time.monotonic()
        answered = question()
        took = time.monotonic() - began
        # At the very beginning there is nothing of the last minutes yet.
        if self._run_id:
            assert answered, f"nothing was found: {name}"
            self._series.add(name, took)

    def _list(self) -> bool:
        rows = [str(json.loads(line)["run_id"]) for line in self._command("runs", "--json")]
        self._run_id = next((run_id for run_id in rows if run_id < "8"), "")
        return bool(rows)

    def _command(self, *words: str) -> list[str]:
        said = self._watched.up.playhead(*words, PLAYHEAD_TOKEN=self._watched.read_token)
        assert said.status == 0 or not self._run_id, said.err
        return said.out.splitlines()


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {_PATIENCE_S:.0f} s for {what} in vain")
        time.sleep(0.05)


def _size(folder: Path) -> int:
    """What it takes, replaced parts included; files come and go meanwhile."""
    total, waiting = 0, [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue
    return total
