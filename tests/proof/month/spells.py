"""Spells that look like an incident and are none: a few runs within half an hour, of one agent, that have bad luck.

An incident befalls all that an agent or a tool does for hours; a spell is what some users do, or one call. For a
service that falls silent the look-alikes are its nights and weekends, and for a release those that are no worse.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.proof.month.course import Scene, closing, ordinary
from tests.proof.month.faults import Course, begun, done
from tests.proof.month.look_alikes import worth_it
from tests.proof.month.telling import Told

RUNS_A_SPELL = 3
LENGTH_S = 1800
# By the fault that they look like, with the agents that have them.
SPELLS: dict[str, tuple[Course, tuple[str, ...]]] = {}


def _looks_like(fault: str, *agents: str) -> Callable[[Course], Course]:
    def mark(course: Course) -> Course:
        SPELLS[fault] = course, agents
        return course

    return mark


@_looks_like("tool_failures", "support", "billing", "researcher", "coder")
def asks_for_what_is_not_there(it: Scene) -> Told:
    """One call after another fails, each with other arguments, and the run gives up."""
    begun(it)
    tool = it.rng.choice([one for one in it.habit.tools if not one.approved])
    for _ in range(it.rng.randint(3, 9)):
        it.prompt(finish="tool_calls")
        it.call(tool, error="ValueError: no such thing")
    if it.habit.machine:
        it.telling.state("failed", terminal=True)
    return it.telling.told(error="ToolError: gave up")


@_looks_like("tool_latency", "support", "billing", "researcher", "coder")
def one_call_took_long(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="tool_calls")
    tool = it.rng.choice([one for one in it.habit.tools if not one.approved])
    it.call(tool)
    it.telling.now_ns += int(tool.seconds * it.rng.uniform(10, 60) * 1e9)
    it.telling.spans[-1].end_ns = it.telling.now_ns
    closing(it)
    return done(it)


@_looks_like("agent_errors", "support", "billing", "researcher", "coder", "translator", "triage")
def asked_the_impossible(it: Scene) -> Told:
    """Somebody tries again, and fails again; or several ask for what is not there any more."""
    begun(it)
    it.prompt(finish="tool_calls")
    if it.habit.machine:
        it.telling.state("failed", terminal=True)
    return it.telling.told(error="ValueError: not in this shop")


@_looks_like("agent_latency", "support", "billing", "researcher", "coder", "translator", "triage")
def waits_on_one_answer(it: Scene) -> Told:
    """One answer of the model takes as long as all else."""
    told = ordinary(it)
    late = int(it.habit.prompt_s * it.rng.uniform(5, 40) * 1e9)
    told.spans[-1].end_ns += late
    return told


@_looks_like("agent_cost", "support", "billing", "researcher", "coder", "translator")
def dear_questions(it: Scene) -> Told:
    """As dear as the dearest of this agent are, three times in a row."""
    return worth_it(it)
