"""The shipped rules on a generated month of 200,000 runs with labelled faults: `make proof-alerts`.

Prints what each found. Rules about runs are asked about every run of the month; rules about a window hour by hour from
the ninth day on (there has to be a past); rules about what is open twice a day, since a store keeps no history of what
was open once. PROOF_SEED repeats a month; PROOF_MONTH=FOLDER keeps it there, and takes it from there the next time;
PROOF_RULES=a,b asks some rules alone; PROOF_RUNS=4000 for a look, with too little of a past for most rules.
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
from tests.proof.month.fleet import BEGIN_S
from tests.proof.month.month import LOOK_ALIKES_EACH, Month, month
from tests.proof.month.stored import Labels, stored
from tests.proof.month.watching import Ran, Verdict, about_runs, hour_by_hour, of_open_runs

from playhead_collector.alerts.admission import Admission
from playhead_collector.alerts.rule_folder import read_rules
from playhead_collector.store.address import parse_address
from playhead_collector.store.engine import Engine

RUNS = int(os.environ.get("PROOF_RUNS", "200000"))
KEPT = os.environ.get("PROOF_MONTH", "")
CHOSEN = [name for name in os.environ.get("PROOF_RULES", "").split(",") if name]
_RUNS = """
    SELECT run_id, agent, toUnixTimestamp64Milli(start_time) / 1e3, toDateTime(end_time, 'UTC')
    FROM runs ORDER BY start_time
"""
SHOWN = int(os.environ.get("PROOF_SHOWN", "3"))
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
    faulty = sum(map(len, labels.of_fault.values()))
    print(f"    seed {made.seed}: {labels.runs} runs, {labels.steps} steps; {faulty} labels of {len(labels.of_fault)}")
    print(
        f"    faults, {len(made.plan.incidents)} incidents; {LOOK_ALIKES_EACH} look-alikes of each fault of single runs"
    )
    admission = Admission(client)
    runs = [
        Ran(str(run), str(agent), (float(start) - BEGIN_S) / 3600, end.replace(tzinfo=UTC))
        for run, agent, start, end in client.query(_RUNS).result_rows
    ]
    verdicts: list[Verdict] = []
    print(f"    {'rule':24} labelled  recall  right  wrong beside precision  strict seconds")
    rules = [rule for rule in read_rules(tmp_path).rules if not CHOSEN or rule.name in CHOSEN]
    for rule in rules:
        began = perf_counter()
        admitted = admission.admit(rule)
        if rule.about_runs:
            verdict = about_runs(client, admitted, runs, labels, made.plan)
        elif rule.name in _OF_WHAT_IS_OPEN:
            verdict = of_open_runs(client, admitted, labels)
        else:
            verdict = hour_by_hour(client, admitted, made.plan)
        print(
            f"    {rule.name:24} {verdict.labelled:8} {verdict.recall:7.3f} {verdict.right:6} {len(verdict.wrong):6}"
            f" {verdict.beside:6} {verdict.precision:9.3f} {verdict.strict:7.3f} {perf_counter() - began:7.0f}",
            flush=True,
        )
        for kind, which in (("missed", verdict.missed), ("wrong", verdict.wrong)):
            for one in which[:SHOWN]:
                print(f"        {kind}: {one}", flush=True)
        verdicts.append(verdict)
    assert [one.rule for one in verdicts if one.recall < 1.0] == []
    assert [one.rule for one in verdicts if one.precision < 0.95] == []
