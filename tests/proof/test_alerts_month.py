"""The shipped rules on a generated month of 200,000 runs with labelled faults: `make proof-alerts`.

Prints what each found. Rules about runs are asked about every run of the month; rules about a window hour by hour from
the ninth day on (there has to be a past); rules about what is open twice a day, since a store keeps no history of what
was open once. PROOF_RUNS=4000 for a look, with too little of a past for most rules.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from tests.collector.database import StoreDatabase, fresh_database
from tests.proof.month.fleet import BEGIN_S
from tests.proof.month.month import LOOK_ALIKES_EACH, Month, month
from tests.proof.month.stored import Labels, store
from tests.proof.month.watching import Ran, Verdict, about_runs, hour_by_hour, of_open_runs

from playhead_collector.alerts.admission import Admission
from playhead_collector.alerts.rule_folder import read_rules
from playhead_collector.store.engine import Engine

RUNS = int(os.environ.get("PROOF_RUNS", "200000"))
_RUNS = "SELECT run_id, toDateTime(end_time, 'UTC') FROM runs ORDER BY start_time"
_OF_WHAT_IS_OPEN = ("stalled_run", "approval_waiting")


@pytest.fixture(scope="module")
def stored(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StoreDatabase, Month, Labels]]:
    folder = tmp_path_factory.mktemp("month")
    made = month(1, RUNS)
    with fresh_database(engine, folder) as database:
        labels = store(made, database)
        for segment in folder.glob("*.bin"):
            segment.unlink()
        yield database, made, labels


def test_every_labelled_fault_is_found_and_hardly_anything_else(
    stored: tuple[StoreDatabase, Month, Labels], tmp_path: Path
) -> None:
    database, made, labels = stored
    faulty = sum(map(len, labels.of_fault.values()))
    print(f"    {labels.runs} runs, {labels.steps} steps; {faulty} labels of {len(labels.of_fault)} faults of runs,")
    print(f"    {len(made.plan.incidents)} incidents; {LOOK_ALIKES_EACH} look-alikes of each fault of single runs")
    client = database.engine.connect(database.name, {"max_query_size": 50_000_000})
    admission = Admission(client)
    runs = [
        Ran(
            str(run),
            str(agent),
            int((start.replace(tzinfo=UTC).timestamp() - BEGIN_S) // 3600),
            end.replace(tzinfo=UTC),
        )
        for run, agent, start, end in client.query(_RUNS).result_rows
    ]
    verdicts: list[Verdict] = []
    print(f"    {'rule':24} labelled  recall  right  wrong beside precision  strict")
    for rule in read_rules(tmp_path).rules:
        admitted = admission.admit(rule)
        if rule.about_runs:
            verdict = about_runs(client, admitted, runs, labels, made.plan)
        elif rule.name in _OF_WHAT_IS_OPEN:
            verdict = of_open_runs(client, admitted, labels)
        else:
            verdict = hour_by_hour(client, admitted, made.plan)
        print(
            f"    {rule.name:24} {verdict.labelled:8} {verdict.recall:7.3f} {verdict.right:6} {len(verdict.wrong):6}"
            f" {verdict.beside:6} {verdict.precision:9.3f} {verdict.strict:7.3f}", *verdict.wrong[:2], flush=True,
        )  # fmt: skip
        verdicts.append(verdict)
    assert [one.rule for one in verdicts if one.recall < 1.0] == []
    assert [one.rule for one in verdicts if one.precision < 0.95] == []
