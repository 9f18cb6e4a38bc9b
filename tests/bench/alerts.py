"""`make bench-alerts`: how soon somebody is told of what arrived, and what rules cost in a store fifty times as large.

`lag_p99_s`: a real `playhead up` with all shipped rules and a webhook on loopback takes traffic at a steady rate, and
now and then a run that offends in its last span. From the moment before that span is sent to the moment in which the
webhook has been told of its run.

`growth_ratio` is measured by alerts_growth.py. Words after the command name the only parts wanted: `lag`, `growth`.
"""

from __future__ import annotations

import json
import secrets
import shutil
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from clickhouse_connect.driver.client import Client
from tests.bench.alerts_growth import growth
from tests.bench.sender import send_http
from tests.bench.subject import Subject, running
from tests.bench.traffic import light
from tests.collector.alerts.asking import MadeRun
from tests.collector.alerts.receiving import Receiving, receiving

from playhead_collector.alerts.rule_folder import read_rules

# Spans a second beside the offenders, and how long.
_RATE, _SECONDS = 2_000, 60
_OFFENDS_EVERY_S = 0.5


def main() -> None:
    wanted = sys.argv[1:] or ["lag", "growth"]
    folder = Path(tempfile.mkdtemp(prefix="playhead-bench-"))
    found: dict[str, object] = {}
    try:
        if "lag" in wanted:
            found |= _lag(folder / "lag")
        if "growth" in wanted:
            found |= growth(folder / "growth", read_rules(_no_rules(folder)).rules)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found))


def _lag(folder: Path) -> dict[str, object]:
    folder.mkdir()
    settings = folder / "alerts.toml"
    with receiving() as there:
        settings.write_text(f'[receivers.default]\ntype = "webhook"\nurl = "{there.url}"\n')
        with running(folder, ["--alert-settings", str(settings), "--alert-rules", str(_no_rules(folder))]) as subject:
            sent_at, spans = _send(subject.http)
            missing = _wait_for(there, sent_at)
            cpu = subject.cpu_s()
            stages = _stages(subject, sent_at)
            trouble = (folder / "collector.log").read_text()[-2000:]
    if missing:
        raise RuntimeError(f"nobody was told of {len(missing)} of {len(sent_at)} offending runs: {stages}; {trouble}")
    lags = sorted(told - sent_at[run] for run, told in _told(there).items() if run in sent_at)
    print(
        f"{spans} spans in {_SECONDS} s, {len(lags)} of their runs offend: told after {statistics.median(lags):.2f} s "
        f"(median), {lags[-1]:.2f} s (slowest); {cpu:.0f} s of CPU; {stages}",
        flush=True,
    )
    return {
        "lag_p50_s": round(statistics.median(lags), 2),
        "lag_p99_s": round(lags[min(len(lags) - 1, int(len(lags) * 0.99))], 2),
        "lag_offences": len(lags),
        "lag_spans_per_s": round(spans / _SECONDS),
    }


def _send(address: str) -> tuple[dict[str, float], int]:
    """Traffic at its rate from one thread, and offenders from this one; the moments before those were sent."""
    stop = threading.Event()
    spans = 0

    def traffic() -> Iterator[bytes]:
        nonlocal spans
        began = time.monotonic()
        for batch in light(10**9, seed=9, start_ns=time.time_ns(), run_every_ns=10_000_000):
            if stop.is_set():
                return
            time.sleep(max(0.0, began + spans / _RATE - time.monotonic()))
            spans += batch.spans
            yield batch.body

    thread = threading.Thread(target=send_http, args=(address, traffic()))
    thread.start()
    sent_at: dict[str, float] = {}
    began = time.monotonic()
    try:
        while time.monotonic() - began < _SECONDS:
            run = _offender(secrets.randbits(50))
            sent_at[run.run_id] = time.time()
            send_http(address, [run.request().SerializeToString()])
            time.sleep(_OFFENDS_EVERY_S)
    finally:
        stop.set()
        thread.join()
    return sent_at, spans


def _offender(number: int) -> MadeRun:
    run = MadeRun(number).root()
    for _ in range(6):
        run.tool("get_order", '{"id":"A-1"}')
    return run


def _told(there: Receiving) -> dict[str, float]:
    """When each run was told of first."""
    first: dict[str, float] = {}
    for told in there.told:
        for one in told.json["runs"]:
            first.setdefault(str(one["run_id"]), told.at)
    return first


def _stages(subject: Subject, sent_at: dict[str, float]) -> str:
    """Where the time goes: until the run's row is there, and from there until the event is written."""
    client = subject.client
    computed = _moments(client, "SELECT run_id, computed_at / 1e6 FROM run_rows FINAL")
    noticed = _moments(client, "SELECT arrayJoin(run_ids) AS run, min(version) / 1e6 FROM alert_events GROUP BY run")
    stored = [computed[run] - at for run, at in sent_at.items() if run in computed]
    seen = [noticed[run] - computed[run] for run in sent_at if run in computed and run in noticed]
    metrics = urllib.request.urlopen(f"{subject.http}/metrics", timeout=10).read().decode()
    count, took = (_figure(metrics, f"playhead_alert_look_seconds_{of}") for of in ("count", "sum"))
    stages = f"stored after {_spread(stored)}, looked at {_spread(seen)} later"
    return f"{stages}; {count:.0f} looks that asked, of {took / max(1, count):.2f} s"


def _moments(client: Client, query: str) -> dict[str, float]:
    return {str(run): float(at) for run, at in client.query(query).result_rows}


def _figure(metrics: str, name: str) -> float:
    return sum(float(line.rpartition(" ")[2]) for line in metrics.splitlines() if line.startswith(name))


def _spread(seconds: list[float]) -> str:
    if not seconds:
        return "never"
    return f"{statistics.median(seconds):.2f} s (slowest {max(seconds):.2f})"


def _wait_for(there: Receiving, sent_at: dict[str, float], patience_s: float = 60.0) -> set[str]:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and set(sent_at) - set(_told(there)):
        time.sleep(0.2)
    return set(sent_at) - set(_told(there))


def _no_rules(folder: Path) -> Path:
    """A folder of rules with none in it: those of whoever runs the bench are not meant."""
    empty = folder / "rules"
    empty.mkdir(parents=True, exist_ok=True)
    return empty


if __name__ == "__main__":
    main()
