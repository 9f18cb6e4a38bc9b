"""Rules asked about the generated month, hour by hour, and what they said held against its labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from clickhouse_connect.driver.client import Client
from tests.proof.month.fleet import AGENTS, BEGIN_S, DAYS, Incident, Plan
from tests.proof.month.stored import Labels

from playhead_collector.alerts.admission import Admitted
from playhead_collector.alerts.ask import LONG_AGO
from playhead_collector.alerts.sieve import sift

_RUNS_AT_ONCE = 20_000
OVER_HISTORY = "end_time"
# The label of what a rule is for, where it has another name.
FAULT = {
    "runaway_cost": "run_cost", "runaway_tokens": "run_tokens", "unread_finish_reason": "unread_finish",
    "low_score": "score_low", "unapproved_tool": "unapproved", "stalled_run": "stalled",
    "agent_latency_p95": "agent_latency", "agent_latency_p99": "agent_latency", "agent_tokens": "agent_cost",
    "new_version": "release", "new_model": "release", "new_prompt": "release",
}  # fmt: skip
# What an incident does beside: the faults that it rightly shows as, by how the runs are made while it lasts. A slow
# tool makes its agent slow; an agent whose model is slow waits for its tools, too; and what befalls a new release in
# its first days is in what is said of it.
_SHOWS_AS: Mapping[str, tuple[str, ...]] = {
    "tool_failures": ("agent_errors", "release"), "tool_latency": ("agent_latency", "release"),
    "agent_errors": ("release",), "agent_latency": ("tool_latency", "release"),
    "agent_cost": ("run_cost", "run_tokens", "context_limit", "release"),
    "success": ("agent_errors",), "cost": ("agent_cost", "run_cost", "run_tokens", "context_limit"),
    "steps": ("agent_cost", "agent_latency", "run_cost", "run_tokens", "context_limit"),
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


def moment(hour: float) -> datetime:
    return datetime.fromtimestamp(BEGIN_S, UTC) + timedelta(hours=hour)


@dataclass(frozen=True, slots=True)
class Ran:
    run_id: str
    agent: str
    hour: float
    """Of the month, in which it began."""
    end: datetime


def about_runs(client: Client, rule: Admitted, runs: Sequence[Ran], labels: Labels, plan: Plan) -> Verdict:
    """`runs` in the order of their beginning. A past reaches up to the end of a batch."""
    fault = FAULT.get(rule.rule.name, rule.rule.name)
    wanted = labels.of_fault.get(fault, set())
    fired: set[str] = set()
    for start in range(0, len(runs), _RUNS_AT_ONCE):
        batch = runs[start : start + _RUNS_AT_ONCE]
        until = max(run.end for run in batch)
        # As the collector does: only about the runs of which its condition holds.
        asked = sift(client, [(rule.rule, {})], [run.run_id for run in batch])[rule.rule.name]
        fired |= {str(row["run_id"]) for row in _asked(client, rule, until, asked)}
    # What is wrong with all runs of an agent is wrong with this one.
    hit = {
        run.run_id for run in runs
        if run.run_id in fired and any(_follows(one, fault, run.agent) for one in _under_way(plan, run.hour))
    }  # fmt: skip
    return _of_runs(rule.rule.name, fired, wanted, labels, hit)


def of_open_runs(client: Client, rule: Admitted, labels: Labels) -> Verdict:
    """About what is open, which history does not keep: asked twice a day, and at the end of the month."""
    fired = {
        str(row["run_id"])
        for hour in (*range(12, DAYS * 24, 12), DAYS * 24)
        for row in _asked(client, rule, moment(hour))
    }
    fault = FAULT.get(rule.rule.name, rule.rule.name)
    return _of_runs(rule.rule.name, fired, labels.of_fault.get(fault, set()), labels)


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


def hour_by_hour(client: Client, rule: Admitted, plan: Plan, first_day: int = 8) -> Verdict:
    """A rule about a window. An alert is a subject that it names in hours that follow one another."""
    fault = FAULT.get(rule.rule.name, rule.rule.name)
    wanted = [one for one in plan.incidents if one.fault == fault and _may_be_told(rule.rule.name, one, plan)]
    verdict = Verdict(rule.rule.name, frozenset(map(_told, wanted)))
    going: dict[str, int] = {}
    for hour in range(first_day * 24, DAYS * 24):
        for row in _asked(client, rule, moment(hour)):
            subject = " ".join(str(row[name]) for name in rule.rule.group_by)
            again = going.get(subject) == hour - 1
            going[subject] = hour
            if again:
                continue
            # Incidents that befall a release are in what is said of its first day, too.
            under_way = list(_under_way(plan, hour, 24 if fault == "release" else 2))
            right = [one for one in under_way if one in wanted and _concerns(one, subject)]
            if right:
                verdict.right += 1
                verdict.found |= set(map(_told, right))
            elif any(_follows(one, fault, subject) for one in under_way):
                verdict.beside += 1
            else:
                verdict.wrong.append(f"{moment(hour):%d %H} {row['summary']}")
    return verdict


def _told(one: Incident) -> str:
    days = f"{moment(one.begin_s / 3600):%d %H:%M} to {moment(one.end_s / 3600):%d %H:%M}"
    return f"{one.fault} {one.subject} {days}, by {one.strength:.2f}"


def _may_be_told(rule: str, incident: Incident, plan: Plan) -> bool:
    """A release is a version always, and sometimes a model or a prompt that its agent never had before."""
    if incident.fault != "release" or rule == "new_version":
        return True
    agent, version = incident.subject.split()
    releases = plan.releases[agent]
    place = next(number for number, one in enumerate(releases) if one.version == version)
    this, before = releases[place], releases[:place]
    if rule == "new_model":
        return this.model not in [one.model for one in before]
    return this.prompt not in [one.prompt for one in before]


def _under_way(plan: Plan, hour: float, held: int = 2) -> Iterator[Incident]:
    """For some hours after its end what looks back still holds an incident; what is new is looked back on for a day."""
    second = hour * 3600
    for one in plan.incidents:
        if one.begin_s <= second < one.end_s + 3600 * (24 if one.fault == "release" else held):
            yield one


def _concerns(incident: Incident, subject: str) -> bool:
    return incident.subject == subject or incident.subject.split()[0] == subject.split(maxsplit=1)[0]


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
    client: Client, rule: Admitted, until: datetime, runs: Sequence[str] | None = None
) -> Iterator[Mapping[str, object]]:
    offered: dict[str, object] = {
        "since": _time(until - rule.rule.lookback), "until": _time(until), "at": OVER_HISTORY, "runs": list(runs or ()),
        "began": _time(LONG_AGO),
    }  # fmt: skip
    values = rule.rule.values({}) | {name: value for name, value in offered.items() if name in rule.rule.bound}
    result = client.query(rule.statement, parameters=values)
    return iter([dict(zip(result.column_names, row, strict=True)) for row in result.result_rows])


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.000")
