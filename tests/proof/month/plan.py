"""What befalls agents, tools and services in the generated month: incidents, each at its own time, and releases.

Nothing here is computed from a rule of Playhead's, and no figure of one is used.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from random import Random

from tests.proof.month.fleet import AGENTS, DAY_S, DAYS, Habit, wanted_at

FIRST_DAY = 8
"""After a week, so that there is a past."""
INCIDENTS_EACH = 10
"""Of each fault of an agent, a tool or a service."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that went wrong for a subject from then to then."""

    fault: str
    subject: str
    begin_s: float
    end_s: float
    strength: float
    worse: str = ""
    """With a release, what got worse."""


@dataclass(frozen=True, slots=True)
class Release:
    agent: str
    version: str
    at_s: float
    model: str
    prompt: int
    """Which wording of the system prompt."""
    worse: str = ""
    strength: float = 1.0
    saves: float = 1.0
    """How many times less its model asks for than the one before it did."""


@dataclass(frozen=True, slots=True)
class Plan:
    incidents: list[Incident] = field(default_factory=list)
    releases: dict[str, list[Release]] = field(default_factory=dict)
    """By agent, in their order; that of before a bad one comes again after it."""
    _of_subject: dict[tuple[str, str], list[Incident]] = field(default_factory=dict)

    def add(self, incident: Incident) -> None:
        self.incidents.append(incident)
        self._of_subject.setdefault((incident.fault, incident.subject), []).append(incident)

    def on(self, fault: str, subject: str, second: float) -> float:
        """The strength of what is wrong with a subject at a time; 0 where nothing is."""
        for one in self._of_subject.get((fault, subject), ()):
            if one.begin_s <= second < one.end_s:
                return one.strength
        return 0.0

    def release(self, agent: str, second: float) -> Release:
        releases = self.releases[agent]
        return releases[bisect_right(releases, second, key=lambda one: one.at_s) - 1]

    def released(self, agent: str, version: str) -> Release:
        return next(one for one in self.releases[agent] if one.version == version)


class Calendar:
    """When agents are taken. Incidents never overlap for one agent, so what an alert is about can be told."""

    def __init__(self) -> None:
        self._taken: dict[str, list[tuple[float, float]]] = {}

    def take(self, agent: str, begin: float, end: float) -> bool:
        if not self.is_free(agent, begin, end):
            return False
        self._taken.setdefault(agent, []).append((begin, end))
        return True

    def is_free(self, agent: str, begin: float, end: float) -> bool:
        apart = 6 * 3600
        spans = self._taken.get(agent, [])
        return not any(begin < other_end + apart and other_begin < end + apart for other_begin, other_end in spans)


# By fault, the agents that it befalls, and how badly.
_BEFALLS: dict[str, tuple[tuple[str, ...], tuple[float, float]]] = {
    "tool_failures": (("support", "billing", "researcher", "coder", "translator"), (0.4, 0.95)),
    "tool_latency": (("support", "billing", "researcher", "coder", "translator"), (4, 12)),
    "agent_errors": (("support", "billing", "researcher", "coder", "translator", "triage"), (0.3, 0.9)),
    "agent_latency": (("support", "billing", "researcher", "coder", "translator", "triage"), (3, 8)),
    "agent_cost": (("support", "billing", "researcher", "coder", "translator", "triage"), (4, 10)),
}


def incidents(rng: Random, made: Plan, calendar: Calendar) -> None:
    habits = {habit.name: habit for habit in AGENTS}
    for fault, (agents, strengths) in _BEFALLS.items():
        for number in range(INCIDENTS_EACH):
            # Each in its turn, and another where there is no time left.
            turn = [*agents[number % len(agents) :], *agents[: number % len(agents)]]
            mornings = (_some_morning(rng, habits[agent], fault, strengths, calendar) for agent in turn)
            made.add(next(filter(None, mornings)))
    _silences(rng, made)


def _some_morning(
    rng: Random, habit: Habit, fault: str, strengths: tuple[float, float], calendar: Calendar
) -> Incident | None:
    for _ in range(200):
        # In the morning, when there is work.
        begin = rng.randrange(FIRST_DAY, DAYS - 1) * DAY_S + rng.uniform(8.5, 13) * 3600
        end = begin + rng.uniform(2, 5) * 3600
        if wanted_at(habit, begin) < 0.9 or not calendar.take(habit.name, begin, end):
            continue
        subject = rng.choice(habit.tools).name if fault.startswith("tool_") else habit.name
        return Incident(fault, subject, begin, end, rng.uniform(*strengths))
    return None


def _silences(rng: Random, made: Plan) -> None:
    """A service dies, or its exporter does. Some are mended, after days with more than one day's work to do."""
    small = [habit for habit in AGENTS if habit.service.startswith("side-")]
    for number, habit in enumerate(rng.sample(small, INCIDENTS_EACH)):
        while True:
            begin = rng.uniform(14, 26) * DAY_S
            end = begin + rng.uniform(2, 4) * DAY_S if number % 2 else DAYS * DAY_S
            if end <= DAYS * DAY_S and work(habit, begin, end) > 1.5 * work_of_a_day(habit):
                break
        made.add(Incident("service_silent", habit.service, begin, end, 1.0))


def work_of_a_day(habit: Habit) -> float:
    """Of a week's days, weekends among them."""
    return work(habit, 0, 7 * DAY_S) / 7


def work(habit: Habit, begin: float, end: float) -> float:
    hours = int((end - begin) / 3600)
    return sum(wanted_at(habit, begin + hour * 3600) for hour in range(hours))
