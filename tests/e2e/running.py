"""Real collectors for tests: `playhead up` in a process of its own, on ports that the system chose, ended by its id.

And the commands as a user types them: in this process where a collector runs (they speak HTTP to it then), in one of
their own where they open the store's folder, of which a process may open one only.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from playhead.cli import main
from playhead_collector.running import Running, running
from playhead_collector.send import send
from playhead_collector.store.address import Embedded, parse_address

_READY = re.compile(r"OTLP/gRPC \S+:(\d+), OTLP/HTTP \S+:(\d+)(?:, ClickHouse \S+:(\d+))?; store")
_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    status: int
    out: str
    err: str

    def rows(self) -> list[dict[str, Any]]:
        """Of `--json`."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Up:
    """A collector that runs."""

    process: subprocess.Popen[str]
    folder: Path
    store: str
    ready_line: str

    @property
    def ports(self) -> tuple[int, int, int]:
        """gRPC, HTTP, ClickHouse (0 where the store is a server)."""
        found = _READY.search(self.ready_line)
        assert found is not None, self.ready_line
        return int(found[1]), int(found[2]), int(found[3] or 0)

    @property
    def grpc(self) -> str:
        return f"127.0.0.1:{self.ports[0]}"

    @property
    def url(self) -> str:
        return f"{'https' if 'https://' in self.ready_line else 'http'}://127.0.0.1:{self.ports[1]}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def itself(self) -> Running:
        """What commands learn of it."""
        address = parse_address(self.store)
        assert isinstance(address, Embedded)
        found = running(address.path)
        assert found is not None
        return found

    def get(self, path: str) -> bytes:
        with self.itself().opener().open(self.url + path, timeout=_PATIENCE_S) as answer:
            return bytes(answer.read())

    def send(self, request: ExportTraceServiceRequest, token: str | None = None) -> int:
        """Over OTLP/HTTP; returns when it is stored."""
        accepted = send([request], self.url, token, opener=self.itself().opener())
        self.wait_until_stored()
        return accepted

    def wait_until_stored(self) -> None:
        """Until nothing that was acknowledged waits for the store."""
        wait_for(lambda: json.loads(self.get("/readyz"))["spool_bytes"] == 0, "the spool to be empty")

    def playhead(self, *words: str, **environment: str) -> Said:
        """A command against this collector's store, in this process."""
        return playhead_here(*words, PLAYHEAD_STORE=self.store, **environment)

    def end(self, how: int = signal.SIGTERM) -> int:
        """Ends it, and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(_PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


@contextmanager
def up(folder: Path, *flags: str, store: str | None = None, **environment: str) -> Iterator[Up]:
    """A collector on a store in the folder (or the one given), until the end of the block."""
    collector = start(folder, *flags, store=store, **environment)
    try:
        yield collector
    finally:
        collector.end()


def start(folder: Path, *flags: str, store: str | None = None, **environment: str) -> Up:
    """As `up`, to be ended by the caller."""
    folder.mkdir(parents=True, exist_ok=True)
    store = store or f"chdb://{folder / 'store'}"
    ports = [word for name in ("grpc", "http", "clickhouse") for word in (f"--{name}-port", "0")]
    with (folder / "log").open("a", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "playhead", "up", "--store", store, *ports, *flags],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=clean_environment(folder, environment),
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        status = process.wait(_PATIENCE_S)
        process.stdout.close()
        raise AssertionError(f"the collector ended with {status}: {(folder / 'log').read_text(encoding='utf-8')}")
    return Up(process, folder, store, line)


def again(up: Up, *flags: str, **environment: str) -> Up:
    """The same collector, started anew on the same folder and ports."""
    names = ("--grpc-port", "--http-port", "--clickhouse-port")
    ports = [word for name, port in zip(names, up.ports, strict=True) for word in (name, str(port))]
    return start(up.folder, *ports, *flags, store=up.store, **environment)


def playhead_alone(folder: Path, *words: str, stdin: str | None = None, **environment: str) -> Said:
    """A command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "playhead", *words],
        capture_output=True,
        text=True,
        input=stdin,
        env=clean_environment(folder, environment),
        timeout=_PATIENCE_S * 2,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def playhead_here(*words: str, **environment: str) -> Said:
    """A command in this process, which must not open a store's folder."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, environment),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            status = main(words)
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else 2
    return Said(status, out.getvalue(), err.getvalue())


def clean_environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """This process's, without any setting of Playhead's, and with a data directory of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLAYHEAD_", "OTEL_"))}
    # What this user wants of alerts is nothing to a test; their rules are asked where a test is about them.
    own = {"XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config"), "PLAYHEAD_NO_ALERTS": "1"}
    return {**kept, **own, **more}


def wait_for(condition: Any, what: str) -> None:
    """Looks again and again until it is so; rests as long as a look took, as what it waits for has the same cores."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        began = time.monotonic()
        if condition():
            return
        looked = time.monotonic()
        if looked > deadline:
            raise AssertionError(f"waited for {what} in vain")
        time.sleep(max(0.02, looked - began))


def get(url: str) -> bytes:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=_PATIENCE_S) as answer:
        return bytes(answer.read())
