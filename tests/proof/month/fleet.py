"""Who runs in the generated month: agents with habits of their own.

The figures are drawn from what agents are like (a researcher takes many turns, a classifier one; people work by day).
Nothing here is computed from a rule of Playhead's, and no figure of one is used.
"""

from __future__ import annotations

from dataclasses import dataclass

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
_SMALL, _LARGE = "ft:gpt-4o-mini-2024-07-18:acme::r-001", "ft:gpt-4o-2024-08-06:acme::r-001"
_SONNET = "claude-3-5-sonnet-20240620"
AGENTS = (
    Habit("support", "desk", 0.36, _SMALL, _DESK, 2.2, 1400, 350, machine=True,
          scores=(("resolved", 0.92, 0.06),)),
    Habit("triage", "desk", 0.2, _SMALL, (), 0, 600, 0, "always", 0.7),
    Habit("translator", "language", 0.14, _SMALL, (Tool("glossary", 0.1),), 0.6, 900, 300, "always", 3.0,
          scores=(("fluency", 4.4, 0.3),)),
    Habit("billing", "finance", 0.08, _LARGE, _FINANCE, 2.5, 1800, 400, machine=True, errors=0.02),
    Habit("researcher", "research", 0.06, _SONNET, _RESEARCH, 9, 4000, 2200, prompt_s=6, errors=0.03,
          scores=(("grounded", 0.8, 0.08), ("toxicity", 0.02, 0.02))),
    Habit("coder", "code", 0.05, _SONNET, _CODE, 12, 9000, 1800, prompt_s=7, errors=0.05, machine=True),
    Habit("scraper", "research", 0.04, _SMALL, (Tool("crawl", 4, 0.3), Tool("extract", 0.4)), 4, 2000, 900,
          "always", errors=0.08, scores=(("coverage", 0.42, 0.12),)),
    Habit("notifier", "platform", 0.03, _SMALL, (Tool("send_email", 0.6, 0.01, side_effect=True),), 1, 700, 200,
          "always", silent=True),
    Habit("deployer", "platform", 0.01, _LARGE, _PLATFORM, 4, 3000, 600, machine=True, errors=0.04),
    Habit("indexer", "nightly", 0.015, "llama-local-70b", (Tool("list_documents", 1), Tool("embed_documents", 30)), 5,
          2500, 800, "night"),
    Habit("analyst", "finance", 0.012, _LARGE, (Tool("read_report", 0.6), Tool("compare", 1.0)), 1.5, 50_000, 2500,
          prompt_s=9),
    Habit("trainer", "lab", 0.003, "gpt-4o", (Tool("train_model", 5400, 0.02), Tool("evaluate_model", 600)), 2, 2500,
          700, "always", errors=0.05),
    Habit("reporter", "weekly", 0.002, "gpt-4o", (Tool("query_sales", 8), Tool("draw_chart", 2)), 5, 3500, 900,
          "monday"),
    *(Habit(f"worker-{n}", f"side-{n}", 0.003, "gpt-4o-mini", (Tool(f"task_{n}", 0.5 + n / 10),), 1.5, 900, 250, hours)
      for n, hours in enumerate(("always", "always", "always", "office", "office", "always", "night", "office") * 3)),
)  # fmt: skip
# What models take, as published.
WINDOWS = {
    "claude-3-5-sonnet-20240620": 200_000, "claude-3-5-sonnet-20241022": 200_000, "claude-3-7-sonnet-20250219": 200_000,
    "claude-sonnet-4-20250514": 200_000, "claude-sonnet-4-5-20250929": 200_000, "claude-sonnet-4-6": 1_000_000,
    "gpt-4.1": 1_000_000, "gpt-4.1-2025-04-14": 1_000_000, "gpt-5": 400_000, "gpt-5-2025-08-07": 400_000,
    "gpt-4o": 128_000, "gpt-4o-2024-08-06": 128_000, "gpt-4o-mini": 128_000, "gpt-4o-mini-2024-07-18": 128_000,
    "llama-local-70b": 128_000,
}  # fmt: skip


# USD for a million tokens of what is read, which is most of what agents pay for.
_PRICES = {"claude": 3.0, "gpt-4.1": 2.0, "gpt-5": 1.25, "gpt-4o-mini": 0.15, "gpt-4o": 2.5}


def price_of(model: str) -> float:
    """Of what it was tuned from, for one that was tuned: its own are all alike."""
    return next((price for name, price in _PRICES.items() if model.removeprefix("ft:").startswith(name)), 1.0)


def window_of(model: str) -> int:
    """A model that was tuned takes what it was tuned from takes."""
    return WINDOWS[model.removeprefix("ft:").split(":")[0]]


def models_after(model: str) -> list[str]:
    """Those that a team has in its place, one after the other: tuned anew, or the makers' next. None is dearer."""
    if ":acme:" in model:
        tuned, _, first = model.rpartition("-")
        return [f"{tuned}-{number:03}" for number in range(int(first) + 1, 100)]
    published = list(WINDOWS)
    return published[published.index(model) + 1 : published.index("gpt-4o")]


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
