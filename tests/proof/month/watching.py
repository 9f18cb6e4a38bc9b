"""Rules asked about the generated month, hour by hour, and what they said held against its labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from time import perf_counter

from clickhouse_connect.driver.client import Client
from tests.proof.month.fleet import AGENTS, BEGIN_S, DAY_S, DAYS
from tests.proof.month.plan import FIRST_DAY, Incident, Plan, Release, work, work_of_a_day
from tests.proof.month.stored import Labels

from playhead_collector.alerts.admission import Admitted
from playhead_collector.alerts.ask import LONG_AGO
from playhead_collector.alerts.backtest import together
from playhead_collector.alerts.sieve import sift

_RUNS_AT_ONCE = 20_000
_NEWS_H = 72
"""A release of before a weekend is new until after it."""
_WITHIN = timedelta(hours=6)
"""Runs that ended within this are held against the same past; an hour would take twice the time of the proof."""
OVER_HISTORY = "end_time"
# The label of what a rule is for, where it has another name.
_FAULT = {
    "runaway_cost": "run_cost", "runaway_tokens": "run_tokens", "unread_finish_reason": "unread_finish",
    "low_score": "score_low", "unapproved_tool": "unapproved", "stalled_run": "stalled",
    "agent_latency_p95": "agent_latency", "agent_latency_p99": "agent_latency", "agent_tokens": "agent_cost",
    "new_version": "release", "new_model": "release", "new_prompt": "release",
}  # fmt: skip
# What an incident does beside: the faults that it rightly shows as, by how the runs are made while it lasts. A slow
# tool makes its agent slow, and so does one that fails and is tried again; an agent whose model is slow waits for its
# tools, too; and what befalls a new release in its first days is in what is said of it.
_SHOWS_AS: Mapping[str, tuple[str, ...]] = {
    "tool_failures": ("agent_errors", "agent_latency", "release"), "tool_latency": ("agent_latency", "release"),
    "agent_errors": ("release",), "agent_latency": ("tool_latency", "release"),
    "agent_cost": ("run_cost", "run_tokens", "context_limit", "release"),
    "success": ("agent_errors",), "cost": ("agent_cost", "run_cost", "run_tokens", "context_limit"),
    # Each turn may fail: four times as many fail more often, and more runs have a call that did.
    "steps": (
        "agent_cost", "agent_latency", "agent_errors", "tool_failures", "run_cost", "run_tokens", "context_limit",
    ),
    "latency": ("agent_latency", "tool_latency"), "pattern": (),
}  # fmt: skip


@dataclass(slots=True)
class Verdict:
    """Of one rule. `beside` are alerts about what another fault does, too: neither right nor wrong."""

    rule: str
    wanted: frozenset[str]
    found: set[str] = field(default_factory=set)
    right: int = 0
    beside: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def labelled(self) -> int:
        return len(self.wanted)

    @property
    def missed(self) -> list[str]:
        return sorted(self.wanted - self.found)

    @property
    def recall(self) -> float:
        return len(self.found) / self.labelled if self.labelled else 1.0

    @property
    def precision(self) -> float:
        told = self.right + len(self.wrong)
        return self.right / told if told else 1.0

    @property
    def strict(self) -> float:
        """With what is beside counted as wrong."""
        told = self.right + self.beside + len(self.wrong)
        return self.right / told if told else 1.0


def fault_of(rule: str) -> str:
    return _FAULT.get(rule, rule)


def moment(hour: float) -> datetime:
    return datetime.fromtimestamp(BEGIN_S, UTC) + timedelta(hours=hour)


@dataclass(frozen=True, slots=True)
class Ran:
    run_id: str
    agent: str
    version: str
    hour: float
    """Of the month, in which it began."""
    end: datetime


def about_runs(
    client: Client, rules: Sequence[Admitted], runs: Sequence[Ran], labels: Labels, plan: Plan
) -> Iterator[tuple[Verdict, float]]:
    """With the seconds of each. `runs` in the order of their beginning; each is held against the past that it had."""
    fired: dict[str, set[str]] = {rule.rule.name: set() for rule in rules}
    took = dict.fromkeys(fired, 0.0)
    for start in range(0, len(runs), _RUNS_AT_ONCE):
        batch = runs[start : start + _RUNS_AT_ONCE]
        ends = {run.run_id: run.end for run in batch}
        # As the collector does: of all rules at once, only about the runs of which their conditions hold.
        begun = moment(batch[0].hour)
        asked = sift(client, [(rule.rule, {}) for rule in rules], [run.run_id for run in batch], begun)
        for rule in rules:
            began = perf_counter()
            ended = sorted(((run, ends[run]) for run in asked[rule.rule.name]), key=lambda one: one[1])
            for part in together(rule.rule, ended, len(batch), _WITHIN):
                rows = _asked(client, rule, max(part.values()), list(part), begun)
                fired[rule.rule.name] |= {str(row["run_id"]) for row in rows}
            took[rule.rule.name] += perf_counter() - began
    for name, found in fired.items():
        fault = fault_of(name)
        # What is wrong with all runs of an agent is wrong with this one.
        hit = {
            run.run_id for run in runs
            if run.run_id in found and any(_follows(one, fault, run.agent) for one in _under_way(plan, run.hour))
        }  # fmt: skip
        yield _of_runs(name, found, labels.of_fault.get(fault, set()), labels, hit), took[name]


def of_open_runs(client: Client, rule: Admitted, labels: Labels) -> Verdict:
    """About what is open, which history does not keep: asked twice a day, and at the end of the month."""
    fired = {
        str(row["run_id"])
        for hour in (*range(12, DAYS * 24, 12), DAYS * 24)
        for row in _asked(client, rule, moment(hour))
    }
    return _of_runs(rule.rule.name, fired, labels.of_fault.get(fault_of(rule.rule.name), set()), labels)


def _of_runs(
    name: str, fired: set[str], wanted: set[str], labels: Labels, hit: AbstractSet[str] = frozenset()
) -> Verdict:
    verdict = Verdict(name, frozenset(wanted), fired & wanted, len(fired & wanted))
    for run in fired - wanted:
        if run in labels.of_run or run in hit:
            verdict.beside += 1
        else:
            verdict.wrong.append(f"{run} {labels.looks_like.get(run, 'ordinary')}")
    return verdict


def hour_by_hour(client: Client, rule: Admitted, plan: Plan, versions: Mapping[str, str]) -> Verdict:
    """A rule about a window. An alert is a subject that it names in hours that follow one another."""
    fault = fault_of(rule.rule.name)
    wanted = [one for one in plan.incidents if one.fault == fault and is_news_to(rule.rule.name, one.subject, plan)]
    verdict = Verdict(rule.rule.name, frozenset(map(_told, wanted)))
    going: dict[str, int] = {}
    for hour in range(FIRST_DAY * 24, DAYS * 24):
        for row in _asked(client, rule, moment(hour)):
            group = " ".join(str(row[name]) for name in rule.rule.group_by)
            again = going.get(group) == hour - 1
            going[group] = hour
            if again:
                continue
            # What is new in an agent came with the release of the first run that has it.
            subject = f"{row['agent']} {versions[str(row['run_id'])]}" if fault == "release" else group
            # Incidents that befall a release are in what is said of it while it is new, too.
            under_way = list(_under_way(plan, hour, _NEWS_H if fault == "release" else 2))
            right = [one for one in under_way if one in wanted and one.subject == subject]
            if right:
                verdict.right += 1
                verdict.found |= set(map(_told, right))
            elif any(
                befell(one, subject, plan) if fault == "release" else _follows(one, fault, subject) for one in under_way
            ):
                verdict.beside += 1
            else:
                verdict.wrong.append(f"{moment(hour):%d %H} {row['summary']}")
    return verdict


def _told(one: Incident) -> str:
    days = f"{moment(one.begin_s / 3600):%d %H:%M} to {moment(one.end_s / 3600):%d %H:%M}"
    return f"{one.fault} {one.subject} {days}, by {one.strength:.2f}"


def is_news_to(rule: str, release: str, plan: Plan) -> bool:
    """A release is a version always, and mostly a model or a prompt, too, that its agent never had before."""
    if rule not in ("new_model", "new_prompt"):
        return True
    agent, version = release.split()
    this = plan.released(agent, version)
    before = [one for one in plan.releases[agent] if one.at_s < this.at_s]
    if rule == "new_model":
        return this.model not in [one.model for one in before]
    return this.prompt not in [one.prompt for one in before]


def _under_way(plan: Plan, hour: float, held: int = 2) -> Iterator[Incident]:
    """For some hours after its end what looks back still holds an incident; what is new is looked back on longer."""
    second = hour * 3600
    for one in plan.incidents:
        if one.begin_s <= second < one.end_s + 3600 * (_NEWS_H if one.fault == "release" else held):
            yield one


def befell(incident: Incident, release: str, plan: Plan) -> bool:
    """Whether an incident, or a release that was worse, fell into the time in which another release was new."""
    this = plan.released(*release.split())
    # A worse one that was taken back before makes what follows look better.
    is_since = this.at_s < (incident.begin_s if incident.fault == "release" else incident.end_s)
    return is_since and incident.begin_s < is_new_until(this) and _follows(incident, "release", release)


@cache
def is_new_until(release: Release) -> float:
    """A day; over a weekend, until as much was done with it as on a usual day."""
    habit = next(one for one in AGENTS if one.name == release.agent)
    end = release.at_s + DAY_S
    while work(habit, release.at_s, end) < work_of_a_day(habit):
        end += 3600
    return end


def _follows(incident: Incident, fault: str, subject: str) -> bool:
    """Whether an incident shows as that fault there: at the same agent, or between it and its tools."""
    if fault != incident.fault and fault not in _SHOWS_AS.get(incident.worse or incident.fault, ()):
        return False
    for habit in AGENTS:
        names = {habit.name, *(tool.name for tool in habit.tools)}
        if subject.split(maxsplit=1)[0] in names and incident.subject.split()[0] in names:
            return True
    return False


def _asked(
    client: Client, rule: Admitted, until: datetime, runs: Sequence[str] = (), begun: datetime = LONG_AGO
) -> Iterator[Mapping[str, object]]:
    offered: dict[str, object] = {
        "since": _time(until - rule.rule.lookback), "until": _time(until), "at": OVER_HISTORY, "runs": list(runs),
        "began": _time(begun),
    }  # fmt: skip
    values = rule.rule.values({}) | {name: value for name, value in offered.items() if name in rule.rule.bound}
    result = client.query(rule.statement, parameters=values)
    return iter([dict(zip(result.column_names, row, strict=True)) for row in result.result_rows])


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.000")
