"""Each shipped rule against a run that has its failure, and against one that nearly has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.collector.alerts.asking import MadeRun, findings, shipped, store
from tests.collector.database import StoreDatabase


def test_the_same_call_five_times_is_found_and_four_times_or_with_other_arguments_is_not(
    store_database: StoreDatabase,
) -> None:
    looping, four, other = (MadeRun(number).root() for number in (1, 2, 3))
    for number in range(5):
        looping.tool("get_order", '{"id":"A-1"}')
        other.tool("get_order", f'{{"id":"A-{number}"}}')
    for _ in range(4):
        four.tool("get_order", '{"id":"A-1"}')
    store(store_database, looping, four, other)
    (found,) = findings(store_database, shipped("repeated_call"))
    assert found.group == (("run_id", looping.run_id), ("tool", "get_order"))
    assert (found.step_id, found.value) == (looping.steps[-1].span_id.hex(), 5)
    assert found.summary == "get_order was called 5 times with the same arguments"
    assert len(findings(store_database, shipped("repeated_call"), {"repeats": "4"})) == 2


def test_a_run_that_costs_more_than_its_limit_is_found_with_its_dearest_call(store_database: StoreDatabase) -> None:
    dear, cheap = MadeRun(1).root(), MadeRun(2, "billing").root()
    for cost in (1.0, 4.5):
        dear.prompt({"gen_ai.request.model": "m", "gen_ai.usage.cost": cost})
    cheap.prompt({"gen_ai.request.model": "m", "gen_ai.usage.cost": 4.9})
    store(store_database, dear, cheap)
    (found,) = findings(store_database, shipped("runaway_cost"))
    assert (found.run_id, found.step_id, found.value) == (dear.run_id, dear.steps[-1].span_id.hex(), 5.5)


def test_an_open_run_is_stalled_after_its_silence_and_one_that_ended_never_is(store_database: StoreDatabase) -> None:
    silent = MadeRun(1).step("invoke_agent", {"gen_ai.operation.name": "invoke_agent"}, ended=False)
    store(store_database, silent, MadeRun(2).root())
    rule = shipped("stalled_run")
    (row,) = store_database.rows("SELECT arrived_at FROM runs WHERE run_id = {run:String}", run=silent.run_id)
    arrived: datetime = row["arrived_at"].replace(tzinfo=UTC)
    assert findings(store_database, rule, until=arrived + timedelta(seconds=299)) == []
    (found,) = findings(store_database, rule, until=arrived + timedelta(seconds=300))
    assert (found.run_id, found.value) == (silent.run_id, 300)


WORLD = {"playhead.side_effect": True}


def test_a_tool_that_runs_after_its_refusal_is_found_and_one_that_asks_for_itself_or_was_not_asked_about_is_not(
    store_database: StoreDatabase,
) -> None:
    defiant = MadeRun(1).root().approval("refund above 200 EUR", "rejected").tool("refund", "{}", WORLD)
    asks_itself = MadeRun(2).root().tool("refund", "{}", WORLD).approval("refund above 200 EUR", "rejected", under=1)
    asks_deeper = MadeRun(3).root().tool("refund", "{}", WORLD).step("guard", under=1)
    asks_deeper.approval("money", "rejected", under=2)
    another = MadeRun(4).root().approval("refund", "rejected").tool("send_mail", "{}", WORLD)
    asks_again = MadeRun(5).root().approval("refund", "rejected").approval("refund", "approved")
    asks_again.tool("refund", "{}", WORLD)
    store(store_database, defiant, asks_itself, asks_deeper, another, asks_again)
    (found,) = findings(store_database, shipped("unapproved_tool"))
    assert (found.run_id, found.step_id) == (defiant.run_id, defiant.steps[-1].span_id.hex())
    assert found.summary == "refund ran after its approval was refused"


def test_a_tool_that_always_asks_is_found_when_it_forgets_to_and_when_it_asks_only_afterwards(
    store_database: StoreDatabase,
) -> None:
    past = [MadeRun(number).root().approval("pay", "approved").tool("wire", "{}", WORLD) for number in range(1, 30)]
    for one in past[:5]:
        one.tool("wire", "{}", WORLD)  # once asked for, used again
    forgot = MadeRun(41).root().tool("wire", "{}", WORLD)
    late = MadeRun(42).root().tool("wire", "{}", WORLD).approval("wire", "approved")
    within = MadeRun(43).root().tool("wire", "{}", WORLD).approval("wire", "approved", under=1)
    store(store_database, *past, forgot, late, within)
    found = findings(store_database, shipped("unapproved_tool"))
    assert sorted(one.run_id for one in found) == [forgot.run_id, late.run_id]
    assert {one.summary for one in found} == {"wire ran without an approval; 97% of the runs with it have one"}


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize(("asked", "is_habit"), [(8, False), (9, True)])
def test_a_tool_that_always_asked_has_to_be_asked_for_from_its_tenth_run_on(
    store_database: StoreDatabase, asked: int, is_habit: bool, ended: bool
) -> None:
    past = [MadeRun(one).root().approval("pay", "approved").tool("wire", "{}", WORLD) for one in range(1, asked + 1)]
    forgot = MadeRun(41).root(ended=ended).tool("wire", "{}", WORLD)
    store(store_database, *past, forgot)
    assert [one.run_id for one in findings(store_database, shipped("unapproved_tool"))] == [forgot.run_id] * is_habit
