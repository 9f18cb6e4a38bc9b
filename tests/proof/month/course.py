"""The ordinary course of a run: turns of prompts and tools, with the small mishaps that every agent recovers from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

from tests.proof.month.fleet import Habit, Tool, window_of
from tests.proof.month.plan import Plan
from tests.proof.month.telling import Telling, Told, message

SYSTEM = "You are the {agent} agent of a company. Work step by step and be brief."


@dataclass(slots=True)
class Scene:
    """What a course is told with: the run so far, and how its agent is doing at that time."""

    rng: Random
    habit: Habit
    telling: Telling
    second: float
    plan: Plan
    slow: float = 1.0
    dear: float = 1.0
    longer: float = 1.0
    tokens: int = 0

    def prompt(self, answer: str | None = None, **more: object) -> None:
        """One turn of the model; the context grows."""
        rng = self.rng
        self.tokens = self.tokens or int(self.habit.tokens * rng.triangular(0.6, 1.6, 0.9))
        # However much dearer: a model takes no more than it takes.
        used = (
            min(int(self.tokens * self.dear), max(self.tokens, int(0.8 * window_of(self.telling.model)))),
            int(rng.lognormvariate(4.6, 0.5)),
        )
        seconds = self.habit.prompt_s * rng.lognormvariate(0, 0.35) * self.slow
        self.telling.prompt(used, seconds, answer=answer, **more)  # type: ignore[arg-type]
        self.tokens += int(self.habit.growth * rng.gammavariate(2, 0.5)) + used[1]

    def call(self, tool: Tool, arguments: object | None = None, result: object | None = None, **more: object) -> None:
        rng = self.rng
        given = {"id": rng.getrandbits(40), "note": self.telling.words(2)} if arguments is None else arguments
        answer = {"found": self.telling.words(4), "number": rng.getrandbits(30)} if result is None else result
        factor = self.plan.on("tool_latency", tool.name, self.second) or 1.0
        seconds = tool.seconds * rng.lognormvariate(0, 0.3) * factor * self.slow
        if not more.pop("unasked", False) and tool.approved:
            self.approve(tool.name)
        texts = [one if isinstance(one, str) else json.dumps(one) for one in (given, answer)]
        self.telling.tool(tool.name, texts[0], texts[1], seconds, side_effect=tool.side_effect, **more)  # type: ignore[arg-type]

    def approve(self, action: str) -> None:
        """By a policy at once, or by a person who may be at lunch."""
        if self.rng.random() < 0.4:
            self.telling.approval(action, "approved", 0.05, by="policy")
        else:
            self.telling.approval(action, "approved", self.rng.lognormvariate(5.2, 1.0))


def scene(rng: Random, habit: Habit, plan: Plan, second: float, at_ns: int) -> Scene:
    release = plan.release(habit.name, second)
    user = f"{rng.choice(habit.segments)}-{rng.randrange(900)}"
    telling = Telling(rng, habit.service, habit.name, release.version, release.model, at_ns, user)
    telling.system = f"{SYSTEM.format(agent=habit.name)} Wording {release.prompt}."
    telling.asked = telling.words(10)
    telling.messages.append(message("user", telling.asked))
    made = Scene(rng, habit, telling, second, plan)
    made.slow = plan.on("agent_latency", habit.name, second) or 1.0
    made.dear = plan.on("agent_cost", habit.name, second) or 1.0
    if release.worse == "latency":
        made.slow = release.strength
    elif release.worse == "cost":
        made.dear = release.strength * release.saves
    elif release.worse == "steps":
        made.longer = release.strength
    return made


def turns_of(it: Scene) -> int:
    """Most runs are short, some are long; none goes beyond what its agent is allowed."""
    mean = it.habit.turns * it.longer
    if mean == 0:
        return 0
    return min(int(it.rng.gammavariate(2.0, mean / 2.0) + 0.5), most_turns(it))


def most_turns(it: Scene) -> int:
    """What its agent is allowed."""
    return int(it.habit.turns * it.longer * 5) + 2


def ordinary(it: Scene) -> Told:
    """A run in which nothing is wrong but what is wrong with its agent at the time."""
    rng, habit, telling = it.rng, it.habit, it.telling
    release = it.plan.release(habit.name, it.second)
    if habit.machine:
        telling.state("new")
        telling.state("working")
    fails = it.plan.on("agent_errors", habit.name, it.second) or habit.errors
    if release.worse == "success":
        fails += release.strength
    error = ""
    skipping = release.worse == "pattern" and rng.random() < release.strength
    for _ in range(0 if skipping else turns_of(it)):
        it.prompt(finish="tool_calls")
        if not turn(it, rng.choice(habit.tools)):
            error = "ToolError: gave up"
            break
    if skipping:
        # What it looked up before, it now makes up.
        telling.decision("look it up?", "no")
        it.prompt()
        telling.step("guardrail", 0.2, {"playhead.kind": "guardrail"})
    if not error and rng.random() < fails:
        error = rng.choice(("ModelError: overloaded", "ValueError: no such order", "TimeoutError: took too long"))
    if not error:
        closing(it)
    if habit.machine:
        telling.state("failed" if error else "done", terminal=True)
    if not error:
        scores(it)
    return telling.told(output='""' if habit.silent else json.dumps(telling.words(6)), error=error)


def turn(it: Scene, tool: Tool) -> bool:
    """A call, and what is done about it when it fails: again, at most twice. False where it is given up."""
    rng = it.rng
    fails = it.plan.on("tool_failures", tool.name, it.second) or tool.fails
    arguments = {"id": rng.getrandbits(40)}
    if tool.approved:
        it.approve(tool.name)
    for attempt in range(3):
        if rng.random() >= fails:
            it.call(tool, arguments, unasked=True)
            return True
        it.call(tool, arguments, error="ConnectionError: no answer", unasked=True)
        if attempt == 2 or rng.random() < 0.3:
            return False
        it.prompt(finish="tool_calls")
    return False


def closing(it: Scene) -> None:
    """The answer. A classifier says one word, cut off on purpose."""
    if it.habit.name == "triage":
        word = it.rng.choice(("billing", "delivery", "other", "No"))
        finish = "length" if it.rng.random() < 0.3 else "stop"
        it.prompt(answer=word, finish=finish, max_tokens=4)
    else:
        it.prompt()


def scores(it: Scene) -> None:
    for name, usual, spread in it.habit.scores:
        if it.rng.random() < 0.3:
            top = 5.0 if usual > 1 else 1.0
            # The mean of several judges: scattered, and never far off.
            it.telling.score(
                name, round(min(top, max(0.0, it.rng.triangular(usual - 2 * spread, usual + 2 * spread))), 3)
            )
