"""Half an hour of everything at once, before one collector: `make proof-soak`.

Steady traffic, questions, alerts with all shipped rules, retention that takes old runs and old payloads, and a backup.
Asserted is that all that was acknowledged and is not due is stored once and as it was sent, that what was due is
gone, and that memory, parts, lag and latencies are flat. PROOF_SOAK_MINUTES (30) and PROOF_SOAK_RATE (1,000 spans a
second) make it shorter or lighter; PROOF_SOAK_INTO=docs writes docs/soak.md and its pictures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from clickhouse_connect.driver.client import Client
from tests.collector.alerts.receiving import Receiving, receiving
from tests.e2e.running import Up, clean_environment, up
from tests.proof.soak import cohorts
from tests.proof.soak.account import Account, account
from tests.proof.soak.cohorts import COHORTS, DEFAULT, FIELDS, Cohort, runs_of
from tests.proof.soak.page import Soak, write
from tests.proof.soak.samples import REPEATS, RULE, Series, Watched, until, watching
from tests.proof.soak.sending import SPANS_A_REQUEST, Sending, export, exporters, read_ledger
from tests.proof.soak.steady import FIGURES, verdict
from tests.proof.soak.traffic import STEPS, Told, spans

MINUTES = float(os.environ.get("PROOF_SOAK_MINUTES", "30"))
RATE = float(os.environ.get("PROOF_SOAK_RATE", "1000"))
INTO = os.environ.get("PROOF_SOAK_INTO")
_SEND, _SEND_FIELDS, _READ, _READ_FIELDS, _ADMIN = (
    f"soak-{n}-token" for n in ("send", "send-f", "read", "read-f", "a")
)
_TOKENS = (
    "--ingest-token", _SEND, "--ingest-token", f"fields={_SEND_FIELDS}", "--read-token", _READ,
    "--read-token", f"fields={_READ_FIELDS}", "--admin-token", _ADMIN,
)  # fmt: skip
_ALERTS = """
[receivers.default]
type = "webhook"
url = "{url}"

[rules.{rule}]
parameters = {{ repeats = {repeats} }}
"""
_HALFWAY = 0.5


def test_half_an_hour_of_everything_at_once(tmp_path: Path, seed: int) -> None:
    folder, length_s = tmp_path / "collector", MINUTES * 60
    old = {one.mark: runs_of(one, time.time_ns()) for one in COHORTS}
    with up(folder, *_TOKENS, *cohorts.FLAGS) as collector:
        _send_old(collector, seed, old)
    begins_at = time.time()
    cohorts.make_older(collector.store, begins_at, length_s)
    with receiving() as webhook, _collector(folder, webhook) as collector:
        watched = Watched(collector, _SEND, _READ, webhook, seed)
        ledger = tmp_path / "acknowledged"
        sending = Sending((collector.grpc, collector.url), _SEND, seed, RATE, ledger)
        with ThreadPoolExecutor(1) as beside:
            try:
                series = Series()
                with watching(watched, series):
                    _wait(series, sending, length_s * _HALFWAY)
                    backup = beside.submit(_back_up, tmp_path, collector)
                    _wait(series, sending, length_s)
                sent = sending.end()
            finally:
                sending.kill()
            backup_s = backup.result()
        print(f"{sent}; the backup took {backup_s:.0f} s", flush=True)
        _until_stored(collector)
        assert not series.failures, series.failures[0]
        retired = _what_retention_did(collector, seed, old)
        found = _account(watched, seed, read_ledger(ledger))
        log = collector.log
    due = {one: one.due(begins_at, length_s) - begins_at for one in COHORTS if one.goes}
    events = [
        (max(0, at_s), "old runs due" if one.database == DEFAULT else "payloads due") for one, at_s in due.items()
    ]
    payloads_due_s = next(at_s for one, at_s in due.items() if one.database == FIELDS)
    soak = Soak(
        _machine(), f"{datetime.now(UTC):%Y-%m-%d}", length_s, sent, found,
        tuple(verdict(one, series.of[one.name], length_s) for one in FIGURES), series.of,
        tuple(sorted([*events, (length_s * _HALFWAY, f"backup, {backup_s:.0f} s")])), retired.taken, payloads_due_s,
        Counter(json.loads(one.body)["rule"] for one in webhook.told),
    )  # fmt: skip
    print(json.dumps(soak.figures()))
    if INTO:
        write(soak, Path(INTO))
    assert retired.wrong == []
    assert "Traceback" not in log
    assert found.exact
    assert (found.runs, found.spans) == (sent.runs, sent.spans)
    assert not soak.judged or [one for one in soak.verdicts if one.flat is False] == []


@contextmanager
def _collector(folder: Path, webhook: Receiving) -> Iterator[Up]:
    settings = folder / "alerts.toml"
    settings.write_text(_ALERTS.format(url=webhook.url, rule=RULE, repeats=REPEATS))
    flags = (*_TOKENS, *cohorts.FLAGS, "--alert-settings", str(settings))
    with up(folder, *flags, PLAYHEAD_NO_ALERTS="") as collector:
        yield collector


def _send_old(collector: Up, seed: int, old: dict[str, list[Told]]) -> None:
    for cohort in COHORTS:
        token = _SEND if cohort.database == DEFAULT else _SEND_FIELDS
        exporter = exporters(collector.grpc, collector.url, token)[0]
        made = [span for told in old[cohort.mark] for span in spans(seed, told)]
        for at in range(0, len(made), SPANS_A_REQUEST):
            export(exporter, made[at : at + SPANS_A_REQUEST])
    _until_stored(collector)


def _until_stored(collector: Up) -> None:
    until(lambda: json.loads(collector.get("/readyz"))["spool_bytes"] == 0, "the spool to be empty")


def _wait(series: Series, sending: Sending, until_s: float) -> None:
    while time.monotonic() - series.began < until_s:
        assert not series.failures, series.failures[0]
        assert sending.alive, "the sender ended"
        time.sleep(0.5)


def _back_up(folder: Path, collector: Up) -> float:
    """While everything goes on; returns how long it took. Its checksums are looked at, too."""
    began = time.monotonic()
    _command(collector, "backup", str(folder / "backup"), "--store", collector.store, "--token", _ADMIN)
    took = time.monotonic() - began
    _command(collector, "restore", str(folder / "backup"), "--check")
    return took


def _command(collector: Up, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "playhead", *words],
        capture_output=True,
        text=True,
        env=clean_environment(collector.folder, {}),
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@dataclass
class Retired:
    """What retention took, and where it took too much or too little."""

    taken: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def judge(self, client: Client, seed: int, cohort: Cohort, told: list[Told]) -> None:
        of_cohort = f"startsWith(run_id, '{cohort.mark}')"
        all_steps = len(told) * STEPS

        def count(question: str) -> int:
            return int(client.query(f"SELECT count() FROM {question} {of_cohort}").result_rows[0][0])

        steps, runs = count("steps WHERE"), count("runs WHERE")
        if not cohort.goes:
            whole = account(client, seed, told)
            if not whole.exact or whole.spans != all_steps:
                self.wrong.append(f"{cohort.mark} was not due: {whole}")
        elif cohort.database == FIELDS:
            payloads = count("steps WHERE arrayExists(text -> startsWith(text, 'session-'), attribute_texts) AND")
            self.taken["payloads"] += all_steps - payloads
            if (steps, runs, payloads) != (all_steps, len(told), 0):
                self.wrong.append(
                    f"payloads of {cohort.mark} were due: {steps} steps, {payloads} of them with payloads"
                )
        else:
            self.taken["steps"] += all_steps - steps
            self.taken["rows of runs"] += len(told) - runs
            if (steps, runs) != (0, 0):
                self.wrong.append(f"{cohort.mark} was due: there are {steps} steps, {runs} rows of runs")


def _what_retention_did(collector: Up, seed: int, old: dict[str, list[Told]]) -> Retired:
    retired = Retired()
    for cohort in COHORTS:
        token = _READ if cohort.database == DEFAULT else _READ_FIELDS
        with Watched(collector, "", token, Receiving(0), seed).client(cohort.database) as client:
            retired.judge(client, seed, cohort, old[cohort.mark])
    return retired


def _account(watched: Watched, seed: int, told: Iterator[Told]) -> Account:
    with watched.client() as client:
        return account(client, seed, told)


def _machine() -> str:
    found = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{os.cpu_count()} cores of {found[0].partition(': ')[2].strip() if found else 'this machine'}"
