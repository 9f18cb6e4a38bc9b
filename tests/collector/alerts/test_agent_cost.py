"""What a run of an agent takes is held against the middle day of the agent's past."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from tests.collector.alerts.asking import MadeRun, shipped, store
from tests.collector.alerts.test_backtest import at
from tests.collector.database import StoreDatabase

from playhead_collector.alerts.admission import Admission
from playhead_collector.alerts.ask import Moment, ask
from playhead_collector.alerts.backtest import HISTORY

END = datetime(2026, 3, 8, tzinfo=UTC)
NUMBERS = count(100_000)


def runs(agent: str, tokens: int, ago: timedelta) -> Iterator[MadeRun]:
    """Twenty runs within half an hour that ended so long before END, each a little dearer than the one before."""
    for number in range(20):
        used = {"gen_ai.usage.input_tokens": tokens + number, "gen_ai.usage.output_tokens": 10}
        yield at(MadeRun(next(NUMBERS), agent).root().prompt(used), END - ago - timedelta(minutes=number + 1))


def test_a_dear_day_does_not_hide_a_dear_hour_days_later(store_database: StoreDatabase) -> None:
    for agent, now in (("dear", 2600), ("as usual", 1100)):
        for day in range(1, 7):
            store(store_database, *runs(agent, 9000 if day == 4 else 1000, timedelta(days=day)))
        store(store_database, *runs(agent, now, timedelta()))
    rule = Admission(store_database.client).admit(shipped("agent_tokens"))
    found = ask(store_database.client, rule, Moment(END, [], HISTORY), {})
    assert [dict(one.group)["agent"] for one in found] == ["dear"]
