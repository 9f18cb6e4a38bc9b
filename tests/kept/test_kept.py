"""A store that was made with an earlier schema is opened by today's collector, which brings it up to date: what it held
is answered as it was, and it takes what is new.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from tests.collector.alerts.asking import MadeRun
from tests.e2e.running import up
from tests.kept.making import ANSWERS, answers, kept

from playhead_collector.read.source import open_source
from playhead_collector.store import ddl
from playhead_collector.store.address import parse_address


def test_a_store_is_kept_of_every_schema_before_the_newest() -> None:
    missing = set(range(1, ddl.latest())) - set(kept())
    assert not missing, f"nothing is kept of {missing}: tests/kept/making.py says how it is made"


@pytest.mark.parametrize("schema", sorted(kept()))
def test_a_store_of_an_earlier_schema_is_brought_up_to_date_and_answers_as_before(schema: int, tmp_path: Path) -> None:
    with tarfile.open(kept()[schema]) as archive:
        archive.extractall(tmp_path, filter="data")
    before = json.loads((tmp_path / ANSWERS).read_text(encoding="utf-8"))
    assert all(before.values()), "what nothing is kept of proves nothing"
    with up(tmp_path) as collector:
        client = open_source(parse_address(collector.store)).client
        assert client.query("SELECT max(number) FROM migrations").result_rows == [(ddl.latest(),)]
        assert answers(client, list(before)) == before

        # An open run that goes on, and a new one.
        begun, new = MadeRun(1, agent="planner").root().tool("get_order", '{"id":"A-1"}'), MadeRun(7).root()
        for run in (begun, new):
            collector.send(run.request())
        rows = client.query(
            "SELECT run_id, toString(status), steps FROM runs WHERE run_id IN {runs:Array(String)} ORDER BY run_id",
            parameters={"runs": [begun.run_id, new.run_id]},
        ).result_rows
        assert rows == [(begun.run_id, "ok", 2), (new.run_id, "ok", 1)]
    # And what was changed at that start was so once: the next one changes nothing.
    with up(tmp_path) as collector:
        client = open_source(parse_address(collector.store)).client
        applied = client.query("SELECT number, count() FROM migrations GROUP BY number ORDER BY number").result_rows
        assert applied == [(number, 1) for number in range(1, ddl.latest() + 1)]
        assert client.query("SELECT count() FROM runs").result_rows == [(len(before[next(iter(before))]) + 1,)]
