"""How many things in a month look like a rule's fault and are none: those that were made, and those that come about.

Nights and weekends of a service look like its silence; a release that is no worse looks like one that is.
"""

from __future__ import annotations

from clickhouse_connect.driver.client import Client
from tests.proof.month.fleet import BEGIN_S, DAY_S
from tests.proof.month.plan import FIRST_DAY, Plan
from tests.proof.month.spells import RUNS_A_SPELL, SPELLS
from tests.proof.month.stored import Labels
from tests.proof.month.watching import befell, fault_of, is_news_to

_QUIET_S = 3 * 3600
_FEW_RUNS = 30
_SILENCES = """
    SELECT service, toUnixTimestamp64Milli(before) / 1e3 AS begin_s, toUnixTimestamp64Milli(start_time) / 1e3 AS end_s
    FROM
    (
        SELECT service, start_time, lagInFrame(start_time, 1, start_time) OVER of_service AS before
        FROM runs
        WINDOW of_service AS (PARTITION BY service ORDER BY start_time)
    )
    WHERE end_s - begin_s >= {quiet:UInt32} AND begin_s >= {from:Float64}
"""
_RELEASED = "SELECT agent, version, count() FROM runs GROUP BY agent, version"


def look_alikes(client: Client, rule: str, labels: Labels, plan: Plan) -> int:
    """Of what the rule is for, in the days in which rules are asked."""
    fault = fault_of(rule)
    if fault == "release":
        return _releases(client, rule, plan)
    if fault == "service_silent":
        return _silences(client, plan)
    runs = sum(1 for one in labels.looks_like.values() if one == fault)
    return runs // RUNS_A_SPELL if fault in SPELLS else runs


def _silences(client: Client, plan: Plan) -> int:
    """Hours in which nothing comes from a service with which nothing is wrong."""
    asked = {"quiet": _QUIET_S, "from": BEGIN_S + FIRST_DAY * DAY_S}
    return sum(
        not any(
            one.fault == "service_silent" and one.subject == service
            and one.begin_s < end_s - BEGIN_S and begin_s - BEGIN_S < one.end_s
            for one in plan.incidents
        )
        for service, begin_s, end_s in client.query(_SILENCES, parameters=asked).result_rows
    )  # fmt: skip


def _releases(client: Client, rule: str, plan: Plan) -> int:
    """Those that are no worse, were much in use, and while they were new nothing else befell their agent."""
    used = {(agent, version): int(runs) for agent, version, runs in client.query(_RELEASED).result_rows}
    harmless = {
        f"{one.agent} {one.version}" for row in plan.releases.values() for one in row
        if not one.worse and one is plan.released(one.agent, one.version) and one.at_s >= FIRST_DAY * DAY_S
        and used.get((one.agent, one.version), 0) >= _FEW_RUNS
    }  # fmt: skip
    return sum(
        is_news_to(rule, release, plan) and not any(befell(one, release, plan) for one in plan.incidents)
        for release in harmless
    )
