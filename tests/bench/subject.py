"""What is measured: a real `playhead up` in a process of its own, and what the system says of that process.

It is read through its own ClickHouse port, as users read it. Nothing here looks into the store's folder while it runs,
except at the sizes that the store itself reports.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clickhouse_connect.driver.client import Client

from playhead_collector.read.source import open_source
from playhead_collector.store.address import parse_address

_TICKS = os.sysconf("SC_CLK_TCK")
_READY = re.compile(r"OTLP/gRPC ([\d.]+:\d+), OTLP/HTTP (http://[\d.]+:\d+)")
# A background merge starts within a second or so of what made it worthwhile.
_QUIET_S = 3.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A collector that runs."""

    process: subprocess.Popen[str]
    folder: Path
    grpc: str
    http: str
    client: Client

    def cpu_s(self) -> float:
        """All threads: receiving, inserting, merging."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def peak_rss_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024

    def count(self, query: str) -> int:
        return int(self.client.query(query).result_rows[0][0])

    def steps(self) -> int:
        """Rows of steps that are there to be read. Counting parts' rows costs nothing."""
        return self.count("SELECT count() FROM step_rows")

    def wait_for_more_steps(self, timeout_s: float = 60.0) -> int:
        """How many there are as soon as they become more."""
        before, deadline = self.steps(), time.monotonic() + timeout_s
        while (now := self.steps()) <= before:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing arrives, after {timeout_s:.0f} s")
            time.sleep(0.02)
        return now

    def wait_for_steps(self, wanted: int, timeout_s: float = 300.0) -> float:
        """The moment (monotonic) at which so many rows of steps were there to be read."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            # That they are different steps is checked afterwards.
            if self.steps() >= wanted:
                return time.monotonic()
            time.sleep(0.02)
        raise TimeoutError(f"{wanted} steps were sent, and are not all there after {timeout_s:.0f} s")

    def settle(self, timeout_s: float = 120.0) -> None:
        """Waits until background merges have nothing more to do of their own accord. Nothing is forced."""
        deadline = time.monotonic() + timeout_s
        quiet_since, before = time.monotonic(), (-1, -1.0)
        while time.monotonic() < deadline:
            parts = self.count("SELECT sum(active_parts) FROM system.tables WHERE database = currentDatabase()")
            cpu = self.cpu_s()
            if parts != before[0] or cpu - before[1] > 0.15:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > _QUIET_S and not self._lag():
                return
            before = (parts, cpu)
            time.sleep(0.5)

    def bytes_on_disk(self) -> dict[str, int]:
        """Of active parts, by table: data, indexes, marks and all."""
        rows = self.client.query(
            "SELECT name, total_bytes FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%Tree'"
        ).result_rows
        return {str(name): int(size) for name, size in rows}

    def segments(self) -> list[list[bytes]]:
        """The hashes of the bodies in each segment that was stored: the batches as the store saw them."""
        from playhead_collector.spool.segment import read_index

        kept = sorted((self.folder / "spool").glob("*/*.done"))
        return [[digest for _, digest in read_index(path)] for path in kept]

    def _lag(self) -> int:
        with urllib.request.urlopen(f"{self.http}/metrics", timeout=10) as answer:
            found = re.search(rb"playhead_spool_segments ([\d.]+)", answer.read())
        return int(float(found[1])) if found else 0


@contextmanager
def running(folder: Path, flags: Sequence[str] = ()) -> Iterator[Subject]:
    """A collector on free ports with its store in `folder`; with the settings of the product but for `flags`."""
    folder.mkdir(parents=True, exist_ok=True)
    store = f"chdb://{folder / 'store'}"
    command = [sys.executable, "-m", "playhead", "up", "--store", store, "--log-level", "warning"]
    command += ["--grpc-port", "0", "--http-port", "0", "--clickhouse-port", "0", *flags]
    with (folder / "collector.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=_environment())
    try:
        assert process.stdout is not None
        found = _READY.search(process.stdout.readline())
        if found is None:
            raise RuntimeError(f"the collector did not start: {(folder / 'collector.log').read_text()[-2000:]}")
        with open_source(parse_address(store)) as source:
            yield Subject(process, folder, found[1], found[2], source.client)
    finally:
        process.terminate()
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()


def _environment() -> dict[str, str]:
    """Without settings of whoever runs the bench."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")}
