"""`make bench-alerts`: how soon somebody is told of what arrived, and what rules cost in a store fifty times as large.

`lag_p99_s`: a real `playhead up` with all shipped rules and a webhook on loopback takes traffic at a steady rate, and
now and then a run that offends in its last span. From the moment before that span is sent to the moment in which the
webhook has been told of its run.

`growth_ratio`: two databases of one embedded engine, one with 100,000 steps of the last day, the other with the same
and with 49 days before it, as many each. Both get the same new runs, and all shipped rules are asked about them, in
turns. What older days hold of messages is left out; steps and rows of runs are all there.

PLAYHEAD_BENCH_STEPS=200000 gives a quick look at the larger store; words after the command name the only parts wanted.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

from clickhouse_connect.driver.client import Client
from tests.bench.sender import send_http
from tests.bench.subject import Subject, running
from tests.bench.traffic import light
from tests.bench.wire import Batch
from tests.collector.alerts.asking import MadeRun
from tests.collector.alerts.receiving import Receiving, receiving

from playhead_collector.alerts.ask import Moment, ask
from playhead_collector.alerts.changed import store_time
from playhead_collector.alerts.evaluator import Evaluator
from playhead_collector.alerts.rule_folder import read_rules
from playhead_collector.alerts.ruling import Ruling
from playhead_collector.alerts.watch import ASKING
from playhead_collector.store.address import parse_address
from playhead_collector.store.ddl import Form
from playhead_collector.store.engine import Engine
from playhead_collector.store.migrations import migrate
from playhead_collector.store.runs import recompute
from playhead_collector.store.store import insert_settings

_STEPS = int(os.environ.get("PLAYHEAD_BENCH_STEPS", "5000000"))
_SMALL = 100_000
_NEW_RUNS, _LOOKS, _WINDOW_LOOKS = 50, 15, 5
# Spans a second beside the offenders, and how long.
_RATE, _SECONDS = 2_000, 60
_OFFENDS_EVERY_S = 0.5
_A_SEGMENT = 100
_DAY_NS = 86_400 * 1_000_000_000


def main() -> None:
    wanted = sys.argv[1:] or ["lag", "growth"]
    folder = Path(tempfile.mkdtemp(prefix="playhead-bench-"))
    found: dict[str, object] = {}
    try:
        if "lag" in wanted:
            found |= _lag(folder / "lag")
        if "growth" in wanted:
            found |= _growth(folder / "growth")
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
        for batch in light(10**9, seed=9, start_ns=_now_ns(), run_every_ns=10_000_000):
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


def _growth(folder: Path) -> dict[str, object]:
    engine = Engine(parse_address(f"chdb://{folder / 'store'}"))
    small, large = _database(engine, "small"), _database(engine, "large")
    today = list(light(_SMALL // 20, start_ns=_now_ns() - _DAY_NS, run_every_ns=_DAY_NS // (_SMALL // 20)))
    for client in (small, large):
        _store(engine, client, folder, today)
    _older_days(engine.connect(str(large.database)), _STEPS // _SMALL - 1)
    rules = read_rules(_no_rules(folder)).rules
    about_runs = [rule for rule in rules if rule.about_runs]
    windows = [Ruling(rule) for rule in rules if not rule.about_runs]
    asked = [
        (client, Evaluator(client, [Ruling(rule) for rule in about_runs], alone=True)) for client in (small, large)
    ]
    looks: list[list[float]] = [[], []]
    window_times: list[list[float]] = [[], []]
    for number in range(_LOOKS + 1):
        new = list(light(_NEW_RUNS, seed=100 + number, start_ns=_now_ns(), run_every_ns=1_000_000))
        for place, (client, evaluator) in enumerate(asked):
            _store(engine, client, folder, new)
            look = evaluator.look()
            # The first one goes on from an hour ago.
            if number:
                looks[place].append(look.seconds)
                if look.runs < _NEW_RUNS or evaluator.failures:
                    raise RuntimeError(f"{look.runs} runs were judged; {evaluator.failures}")
            if number and number <= _WINDOW_LOOKS:
                began, moment = time.perf_counter(), Moment(store_time(client))
                for ruling in windows:
                    ask(client, ruling.admitted(client), moment)
                window_times[place].append(time.perf_counter() - began)
    steps = [int(client.query("SELECT count() FROM step_rows").result_rows[0][0]) for client in (small, large)]
    look_s, windows_s = ([statistics.median(one) for one in both] for both in (looks, window_times))
    cost = [sum(both) for both in zip(look_s, windows_s, strict=True)]
    print(
        f"{len(about_runs)} rules about {_NEW_RUNS} new runs: {look_s[0] * 1000:.0f} ms at {steps[0]:,} steps, "
        f"{look_s[1] * 1000:.0f} ms at {steps[1]:,}; {len(windows)} about windows: {windows_s[0] * 1000:.0f} and "
        f"{windows_s[1] * 1000:.0f} ms",
        flush=True,
    )
    engine.close()
    return {
        "growth_ratio": round(cost[1] / cost[0], 2),
        "growth_ratio_of_looks": round(look_s[1] / look_s[0], 2),
        "look_small_ms": round(look_s[0] * 1000, 1),
        "look_large_ms": round(look_s[1] * 1000, 1),
        "windows_small_ms": round(windows_s[0] * 1000, 1),
        "windows_large_ms": round(windows_s[1] * 1000, 1),
        "rules": len(rules),
    }


def _database(engine: Engine, name: str) -> Client:
    client = engine.connect(settings=ASKING)
    migrate(client, name, Form(retention_days=3650), "bench")
    return client


def _store(engine: Engine, client: Client, folder: Path, batches: list[Batch]) -> None:
    writer = engine.connect(str(client.database), insert_settings())
    for start in range(0, len(batches), _A_SEGMENT):
        path = folder / f"{uuid.uuid4().hex}.bin"
        # Requests one after the other are a request.
        path.write_bytes(b"".join(batch.body for batch in batches[start : start + _A_SEGMENT]))
        engine.insert_otlp(writer, "otlp_traces", "ExportTraceServiceRequest", path, path.stem)
        path.unlink()
    recompute(client, {run_id for batch in batches for run_id in batch.run_ids})
    writer.close()


def _older_days(client: Client, days: int) -> None:
    """The day that is there, again and again, each under other ids and further back, in time and in arrival."""
    for day in range(1, days + 1):
        back = f"toIntervalDay({day})"
        other = f"lower(hex(MD5(concat(run_id, '{day}')))) AS run_id"
        for table, more in (
            ("step_rows", ""),
            ("run_rows", f", computed_at - {day * 86_400_000_000} AS computed_at"),
        ):
            times = ", ".join(f"{name} - {back} AS {name}" for name in ("start_time", "end_time", "arrived_at"))
            client.command(
                f"INSERT INTO {table} SELECT * REPLACE ({other}, {times}{more}) "
                f"FROM (SELECT * FROM {table} WHERE arrived_at > now() - toIntervalHour(20))"
            )


def _no_rules(folder: Path) -> Path:
    """A folder of rules with none in it: those of whoever runs the bench are not meant."""
    empty = folder / "rules"
    empty.mkdir(parents=True, exist_ok=True)
    return empty


def _now_ns() -> int:
    return time.time_ns()


if __name__ == "__main__":
    main()
