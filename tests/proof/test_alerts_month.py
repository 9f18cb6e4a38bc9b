"""The shipped rules on a generated month of 200,000 runs with labelled faults: `make proof-alerts`.

Prints what each found. Rules about runs are asked about every run of the month; rules about a window hour by hour from
the ninth day on (there has to be a past); rules about what is open twice a day, since a store keeps no history of what
was open once. Of each fault there are ten labels at the least, and ten look-alikes of each label.

PROOF_SEED repeats a month; PROOF_MONTH=FOLDER keeps it there, and takes it from there the next time; PROOF_RULES=a,b
asks some rules alone; PROOF_RUNS=4000 for a look, with too little of a past for most rules.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path
from time import perf_counter

import pytest
from clickhouse_connect.driver.client import Client
from tests.proof.month.counted import look_alikes
from tests.proof.month.fleet import BEGIN_S
from tests.proof.month.month import LOOK_ALIKES_EACH, Month, month
from tests.proof.month.stored import Labels, stored
from tests.proof.month.watching import Ran, Verdict, about_runs, hour_by_hour, of_open_runs

from playhead_collector.alerts.admission import Admission, Admitted
from playhead_collector.alerts.rule_folder import read_rules
from playhead_collector.store.address import parse_address
from playhead_collector.store.engine import Engine

RUNS = int(os.environ.get("PROOF_RUNS", "200000"))
KEPT = os.environ.get("PROOF_MONTH", "")
CHOSEN = [name for name in os.environ.get("PROOF_RULES", "").split(",") if name]
_RUNS = """
    SELECT run_id, agent, version, toUnixTimestamp64Milli(start_time) / 1e3, toDateTime(end_time, 'UTC')
    FROM runs ORDER BY start_time
"""
SHOWN = int(os.environ.get("PROOF_SHOWN", "3"))
LABELS_EACH = 10
"""Of each fault, at the least."""
_OF_WHAT_IS_OPEN = ("stalled_run", "approval_waiting")


@pytest.fixture
def told(seed: int, tmp_path: Path) -> Iterator[tuple[Client, Month, Labels]]:
    folder = Path(KEPT).absolute() if KEPT else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    made = month(seed, RUNS)
    engine = Engine(parse_address(f"chdb://{folder / 'store'}"))
    with closing(engine), stored(made, engine, folder) as (client, labels):
        yield client, made, labels


def test_every_labelled_fault_is_found_and_hardly_anything_else(
    told: tuple[Client, Month, Labels], tmp_path: Path
) -> None:
    client, made, labels = told
    print(f"    seed {made.seed}: {labels.runs} runs, {labels.steps} steps, {len(made.plan.incidents)} incidents")
    runs = [
        Ran(str(run), str(agent), str(version), (float(start) - BEGIN_S) / 3600, end.replace(tzinfo=UTC))
        for run, agent, version, start, end in client.query(_RUNS).result_rows
    ]
    print(f"    {'rule':24} labelled alike  recall  right  wrong beside precision  strict seconds")
    verdicts: list[Verdict] = []
    too_few: list[str] = []
    for verdict, seconds in _verdicts(client, _rules(client, tmp_path), runs, labels, made):
        verdicts.append(verdict)
        alike = look_alikes(client, verdict.rule, labels, made.plan)
        if verdict.labelled < LABELS_EACH or alike < LOOK_ALIKES_EACH * verdict.labelled:
            too_few.append(verdict.rule)
        print(
            f"    {verdict.rule:24} {verdict.labelled:8} {alike:5} {verdict.recall:7.3f} {verdict.right:6}"
            f" {len(verdict.wrong):6} {verdict.beside:6} {verdict.precision:9.3f} {verdict.strict:7.3f} {seconds:7.0f}",
            flush=True,
        )
        for kind, which in (("missed", verdict.missed), ("wrong", verdict.wrong)):
            for one in which[:SHOWN]:
                print(f"        {kind}: {one}", flush=True)
    assert too_few == [] or RUNS < 200_000
    assert [one.rule for one in verdicts if one.recall < 1.0] == []
    assert [one.rule for one in verdicts if one.precision < 0.95] == []


def _rules(client: Client, folder: Path) -> list[Admitted]:
    admission = Admission(client)
    return [admission.admit(rule) for rule in read_rules(folder).rules if not CHOSEN or rule.name in CHOSEN]


def _verdicts(
    client: Client, rules: list[Admitted], runs: list[Ran], labels: Labels, made: Month
) -> Iterator[tuple[Verdict, float]]:
    yield from about_runs(client, [one for one in rules if one.rule.about_runs], runs, labels, made.plan)
    versions = {run.run_id: run.version for run in runs}
    for rule in rules:
        began = perf_counter()
        if rule.rule.name in _OF_WHAT_IS_OPEN:
            yield of_open_runs(client, rule, labels), perf_counter() - began
        elif not rule.rule.about_runs:
            yield hour_by_hour(client, rule, made.plan, versions), perf_counter() - began
