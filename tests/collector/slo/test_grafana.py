"""The dashboard's queries, asked as Grafana would, with its macros filled in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.collector.alerts.asking import MadeRun, store
from tests.collector.database import StoreDatabase, folder_of

from playhead_collector.facade import ChdbEngine
from playhead_collector.facade.guard import Guard
from playhead_collector.facade.limits import Limits

DASHBOARD: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[3] / "deploy" / "grafana" / "playhead.json").read_text(encoding="utf-8")
)
# As the ClickHouse data source writes them, for all time.
_MACROS = (
    (r"\$__timeFilter\((\w+)\)", r"\1 >= toDateTime(0) AND \1 <= toDateTime(4000000000)"),
    (r"\$__timeInterval\((\w+)\)", r"toStartOfInterval(toDateTime(\1), INTERVAL 60 second)"),
    (r"\$\{agent:singlequote\}", "'support','billing'"),
)


def filled(query: str) -> str:
    for macro, text in _MACROS:
        query = re.sub(macro, text, query)
    assert "$" not in query, "a macro that this test does not know"
    return query


def test_every_panel_has_an_answer(store_database: StoreDatabase) -> None:
    store(
        store_database,
        MadeRun(1).root().tool("get_order", "1").prompt({"gen_ai.request.model": "m", "gen_ai.usage.cost": 0.1}),
        MadeRun(2, agent="billing").root(failed=True).tool("refund", "1", failed=True),
    )
    unanswered = [
        panel["title"]
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
        if not store_database.client.query(filled(target["rawSql"])).result_rows
    ]
    assert unanswered == []
    (variable,) = [one for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]
    assert store_database.client.query(filled(variable["query"])).result_rows == [("billing",), ("support",)]


def test_every_query_is_one_that_a_reader_may_ask(store_database: StoreDatabase) -> None:
    guard = Guard(ChdbEngine(str(folder_of(store_database.engine))), Limits())
    asked = [target["rawSql"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    asked += [one["query"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]
    assert len(asked) > 15
    for query in asked:
        assert not guard.admit(filled(query), store_database.name, {}).writes


@pytest.mark.parametrize("panel", DASHBOARD["panels"], ids=lambda panel: panel["title"])
def test_a_panel_is_within_the_grid_and_asks_the_store_that_was_chosen(panel: dict[str, Any]) -> None:
    place = panel["gridPos"]
    assert place["x"] + place["w"] <= 24
    assert panel["datasource"] == {"type": "grafana-clickhouse-datasource", "uid": "${store}"}
