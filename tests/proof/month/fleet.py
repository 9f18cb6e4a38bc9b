"""Who runs in the generated month: agents with habits of their own, what goes wrong for all of them, and releases.

The figures are drawn from what agents are like (a researcher takes many turns, a classifier one; people work by day).
Nothing here is computed from a rule of Playhead's, and no figure of one is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

DAYS = 30
DAY_S = 86_400
# A Thursday; it ends with a Saturday.
BEGIN_S = 1_790_812_800
END_NS = (BEGIN_S + DAYS * DAY_S) * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    seconds: float
    """The median; single calls spread around it."""
    fails: float = 0.01
    side_effect: bool = False
    approved: bool = False


@dataclass(frozen=True, slots=True)
class Habit:
    """How an agent usually goes about its work."""

    name: str
    service: str
    share: float
    model: str
    tools: tuple[Tool, ...]
    turns: float
    """The mean number of tool turns."""
    tokens: int
    """Of the first prompt."""
    growth: int
    """Tokens that a turn adds to the context."""
    hours: str = "office"
    prompt_s: float = 2.0
    errors: float = 0.01
    machine: bool = False
    silent: bool = False
    """It says nothing at its end, by design."""
    scores: tuple[tuple[str, float, float], ...] = ()
    """Name, usual value, spread."""
    segments: tuple[str, ...] = ("free", "team", "enterprise")


_DESK = (
    Tool("get_order", 0.3), Tool("track_parcel", 0.8), Tool("search_help", 0.5),
    Tool("add_note", 0.2, side_effect=True),
)  # fmt: skip
_FINANCE = (Tool("get_invoice", 0.4), Tool("get_account", 0.3), Tool("refund", 1.2, side_effect=True, approved=True))
_RESEARCH = (Tool("web_search", 1.5, 0.03), Tool("fetch_page", 1.8, 0.08), Tool("summarise", 2.5))
_CODE = (
    Tool("read_file", 0.05), Tool("edit_file", 0.05, side_effect=True), Tool("run_tests", 25, 0.02), Tool("grep", 0.2),
)  # fmt: skip
_PLATFORM = (Tool("plan_release", 3), Tool("job_status", 0.3), Tool("deploy", 40, side_effect=True, approved=True))
AGENTS = (
    Habit("support", "desk", 0.36, "gpt-4o-mini", _DESK, 2.2, 1400, 350, machine=True,
          scores=(("resolved", 0.92, 0.06),)),
    Habit("triage", "desk", 0.2, "gpt-4o-mini", (), 0, 600, 0, "always", 0.7),
    Habit("translator", "language", 0.14, "gpt-4o-mini", (Tool("glossary", 0.1),), 0.6, 900, 300, "always", 3.0,
          scores=(("fluency", 4.4, 0.3),)),
    Habit("billing", "finance", 0.08, "gpt-4o", _FINANCE, 2.5, 1800, 400, machine=True, errors=0.02),
    Habit("researcher", "research", 0.06, "claude-sonnet-4-5", _RESEARCH, 9, 4000, 2200, prompt_s=6, errors=0.03,
          scores=(("grounded", 0.8, 0.08), ("toxicity", 0.02, 0.02))),
    Habit("coder", "code", 0.05, "claude-sonnet-4-5", _CODE, 12, 9000, 1800, prompt_s=7, errors=0.05, machine=True),
    Habit("scraper", "research", 0.04, "gpt-4o-mini", (Tool("crawl", 4, 0.3), Tool("extract", 0.4)), 4, 2000, 900,
          "always", errors=0.08, scores=(("coverage", 0.42, 0.12),)),
    Habit("notifier", "platform", 0.03, "gpt-4o-mini", (Tool("send_email", 0.6, 0.01, side_effect=True),), 1, 700, 200,
          "always", silent=True),
    Habit("deployer", "platform", 0.01, "gpt-4o", _PLATFORM, 4, 3000, 600, machine=True, errors=0.04),
    Habit("indexer", "nightly", 0.015, "llama-local-70b", (Tool("list_documents", 1), Tool("embed_documents", 30)), 5,
          2500, 800, "night"),
    Habit("analyst", "finance", 0.012, "gpt-4o", (Tool("read_report", 0.6), Tool("compare", 1.0)), 1.5, 50_000, 2500,
          prompt_s=9),
    Habit("trainer", "lab", 0.003, "gpt-4o", (Tool("train_model", 5400, 0.02), Tool("evaluate_model", 600)), 2, 2500,
          700, "always", errors=0.05),
    Habit("reporter", "weekly", 0.002, "gpt-4o", (Tool("query_sales", 8), Tool("draw_chart", 2)), 5, 3500, 900,
          "monday"),
    *(Habit(f"worker-{n}", f"side-{n}", 0.003, "gpt-4o-mini", (Tool(f"task_{n}", 0.5 + n / 10),), 1.5, 900, 250, hours)
      for n, hours in enumerate(("always", "always", "always", "office", "office", "always", "night", "office"))),
)  # fmt: skip
_OTHER_MODEL = {
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18", "gpt-4o-mini-2024-07-18": "gpt-4o-mini", "gpt-4o": "gpt-4.1",
    "gpt-4.1": "gpt-4o", "claude-sonnet-4-5": "claude-sonnet-4-6", "claude-sonnet-4-6": "claude-sonnet-4-5",
}  # fmt: skip


# What models take, as published.
WINDOWS = {"gpt-4o": 128_000, "gpt-4o-mini": 128_000, "claude-sonnet-4-5": 200_000, "gpt-4.1": 1_000_000,
           "gpt-4o-mini-2024-07-18": 128_000, "claude-sonnet-4-6": 1_000_000, "llama-local-70b": 128_000}  # fmt: skip


def wanted_at(habit: Habit, second: float) -> float:
    """How busy an agent is then, between 0 and 1."""
    day, hour = int(second // DAY_S) % 7, (second % DAY_S) / 3600
    weekend = day in (2, 3)
    if habit.hours == "always":
        return 0.6 + (0.4 if 7 <= hour < 22 else 0.0)
    if habit.hours == "night":
        return 1.0 if 1 <= hour < 5 else 0.0
    if habit.hours == "monday":
        return 1.0 if day == 4 and 6 <= hour < 9 else 0.0
    daytime = 1.0 if 8 <= hour < 18 else 0.45 if 6 <= hour < 22 else 0.04
    return daytime * (0.2 if weekend else 1.0)


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


@dataclass(frozen=True, slots=True)
class Plan:
    incidents: list[Incident] = field(default_factory=list)
    releases: dict[str, list[Release]] = field(default_factory=dict)

    def on(self, fault: str, subject: str, second: float) -> float:
        """The strength of what is wrong with a subject at a time; 0 where nothing is."""
        for one in self.incidents:
            if one.fault == fault and one.subject == subject and one.begin_s <= second < one.end_s:
                return one.strength
        return 0.0

    def release(self, agent: str, second: float) -> Release:
        return [one for one in self.releases[agent] if one.at_s <= second][-1]


_OFTEN = ("support", "translator", "billing", "researcher", "coder", "scraper")
_WORSE = ("success", "cost", "steps", "latency", "pattern")


def plan(rng: Random) -> Plan:
    """Incidents never overlap for one agent, so what an alert is about can be told."""
    made = Plan()
    habits = {habit.name: habit for habit in AGENTS}
    taken: dict[str, list[tuple[float, float]]] = {}

    def free(agent: str, begin: float, end: float) -> bool:
        spans = taken.setdefault(agent, [])
        if any(begin < other_end + 6 * 3600 and other_begin < end + 6 * 3600 for other_begin, other_end in spans):
            return False
        spans.append((begin, end))
        return True

    def place(fault: str, agent: str, subject: str, strength: float) -> None:
        for _ in range(500):
            # After a week, so that there is a past; in the morning, when there is work.
            begin = (rng.randrange(8, DAYS - 1) * DAY_S) + rng.uniform(8.5, 13) * 3600
            length = rng.uniform(2, 5) * 3600
            if wanted_at(habits[agent], begin) < 0.9 or not free(agent, begin, begin + length):
                continue
            made.incidents.append(Incident(fault, subject, begin, begin + length, strength))
            return

    _releases(rng, made, habits, free)
    for agent in ("support", "billing", "researcher", "coder", "translator"):
        for _ in range(2):
            tool = rng.choice(habits[agent].tools)
            place("tool_failures", agent, tool.name, rng.uniform(0.4, 0.95))
            tool = rng.choice(habits[agent].tools)
            place("tool_latency", agent, tool.name, rng.uniform(4, 12))
            place("agent_errors", agent, agent, rng.uniform(0.3, 0.9))
            place("agent_latency", agent, agent, rng.uniform(3, 8))
            place("agent_cost", agent, agent, rng.uniform(4, 10))
    for number in (0, 1, 3, 5):
        begin = rng.uniform(14, 26) * DAY_S
        made.incidents.append(Incident("service_silent", f"side-{number}", begin, DAYS * DAY_S, 1.0))
    return made


def _releases(rng: Random, made: Plan, habits: dict[str, Habit], free: Callable[[str, float, float], bool]) -> None:
    for name, habit in habits.items():
        releases = [Release(name, "1.0.0", 0.0, habit.model, 0)]
        made.releases[name] = releases
        if name not in _OFTEN:
            continue
        bad_days = (
            dict(zip(rng.sample(range(9, DAYS - 3, 3), len(_WORSE)), _WORSE, strict=True)) if name in _OFTEN[:4] else {}
        )
        for day in range(3, DAYS - 1, 3):
            at = day * DAY_S + rng.uniform(8, 10) * 3600
            last = releases[-1]
            changed = rng.choice(("version", "model", "prompt"))
            worse = bad_days.get(day, "")
            strength = {"success": rng.uniform(0.12, 0.4), "cost": rng.uniform(2, 5), "steps": rng.uniform(2, 4),
                        "latency": rng.uniform(2, 4), "pattern": rng.uniform(0.5, 1)}.get(worse, 1.0)  # fmt: skip
            release = Release(
                name, f"1.{day}.0", at, _OTHER_MODEL[last.model] if changed == "model" else last.model,
                last.prompt + (changed == "prompt"), worse, strength,
            )  # fmt: skip
            releases.append(release)
            if worse:
                end = (day + 1 + (rng.random() < 0.5)) * DAY_S
                made.incidents.append(Incident("release", f"{name} {release.version}", at, end, strength, worse))
                free(name, at, end)
                # Taken back: the version before runs on.
                releases.append(Release(name, last.version, end, last.model, last.prompt))
