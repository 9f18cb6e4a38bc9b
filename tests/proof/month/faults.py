"""Single runs that went wrong, each with its label. How badly is drawn; what makes it wrong is its course."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.proof.month.course import Scene, closing, most_turns
from tests.proof.month.fleet import Tool, window_of
from tests.proof.month.telling import Told

Course = Callable[[Scene], Told]
# By fault, with the agents that it happens to.
FAULTS: dict[str, tuple[Course, tuple[str, ...]]] = {}
ALSO = {"run_cost": ("run_tokens",)}
"""What else is wrong with such a run."""
OF_A_HABIT = frozenset({"unapproved", "score_low"})
"""What is wrong only beside what was usual before, which nobody knows on the first day."""

_ERRORS: tuple[object, ...] = (
    {"error": "no such order"}, {"ok": False, "why": "locked"}, "Error: upstream timed out", {"status": "failed"},
)  # fmt: skip


def _happens(fault: str, *agents: str) -> Callable[[Course], Course]:
    def mark(course: Course) -> Course:
        FAULTS[fault] = course, agents
        return course

    return mark


def _many(it: Scene, mean: float) -> int:
    """How often somebody does a thing who does not notice: never once or twice, sometimes very often."""
    return 5 + int(it.rng.expovariate(1 / mean))


def done(it: Scene, output: str | None = None, **more: object) -> Told:
    if it.habit.machine:
        it.telling.state("done", terminal=True)
    return it.telling.told(output=json.dumps(it.telling.words(6)) if output is None else output, **more)  # type: ignore[arg-type]


def begun(it: Scene) -> None:
    if it.habit.machine:
        it.telling.state("new")
        it.telling.state("working")


@_happens("repeated_call", "support", "billing", "researcher", "coder")
def repeated(it: Scene) -> Told:
    begun(it)
    tool, asked, got = it.rng.choice([one for one in it.habit.tools if not one.approved]), {"id": 7}, {"found": 0}
    for _ in range(_many(it, 8)):
        it.prompt(finish="tool_calls")
        it.call(tool, asked, got)
    closing(it)
    return done(it)


@_happens("alternating_calls", "support", "billing", "researcher", "coder")
def alternating(it: Scene) -> Told:
    begun(it)
    pair = it.rng.sample([one for one in it.habit.tools if not one.approved], 2)
    for _ in range(_many(it, 4)):
        for tool in pair:
            it.prompt(finish="tool_calls")
            it.call(tool, {"of": tool.name}, {"see": tool.name})
    closing(it)
    return done(it)


@_happens("no_state_progress", "support", "billing", "coder", "deployer")
def no_progress(it: Scene) -> Told:
    it.telling.state("new")
    for _ in range(_many(it, 5)):
        it.telling.state("planning")
        it.prompt(finish="tool_calls")
        it.telling.state("acting")
        it.call(it.rng.choice([one for one in it.habit.tools if not one.approved]))
    closing(it)
    return done(it)


@_happens("silent_retries", "support", "translator", "researcher", "scraper", "billing")
def retries(it: Scene) -> Told:
    begun(it)
    asked, tool = {"id": it.rng.getrandbits(40)}, it.rng.choice([one for one in it.habit.tools if not one.approved])
    model = it.rng.random() < 0.5
    for _ in range(_many(it, 3)):
        if model:
            it.telling.prompt((0, 0), 1.0, error="429: too many requests")
        else:
            it.call(tool, asked, error="ConnectionError: no answer")
    if not model:
        it.call(tool, asked)
    closing(it)
    return done(it)


@_happens("run_cost", "support", "researcher", "coder", "billing")
def costly(it: Scene) -> Told:
    begun(it)
    for _ in range(int(most_turns(it) * it.rng.uniform(1.5, 4))):
        it.prompt(finish="tool_calls")
        it.call(it.rng.choice([one for one in it.habit.tools if not one.approved]))
        it.tokens += int(it.habit.growth * it.rng.uniform(1, 3))
        # What does not fit is left out of the middle: it goes on for as long as somebody pays.
        it.tokens = min(it.tokens, 100_000)
    closing(it)
    return done(it)


@_happens("run_tokens", "indexer")
def hungry(it: Scene) -> Told:
    for _ in range(int(most_turns(it) * it.rng.uniform(1.5, 4))):
        it.prompt(finish="tool_calls")
        it.call(it.rng.choice(it.habit.tools))
        it.tokens += int(it.habit.growth * it.rng.uniform(1, 3))
        it.tokens = min(it.tokens, 100_000)
    closing(it)
    return done(it)


@_happens("context_limit", "researcher", "coder", "support", "billing")
def full_context(it: Scene) -> Told:
    """Each turn fits, the one after the last would not."""
    begun(it)
    window = window_of(it.telling.model)
    turns = it.rng.randint(8, 16)
    growth = window / turns
    it.tokens = it.habit.tokens
    for _ in range(turns):
        it.prompt(finish="tool_calls")
        it.call(it.rng.choice([one for one in it.habit.tools if not one.approved]))
        it.tokens = int(min(it.tokens + growth, window - it.rng.uniform(0.01, 0.9) * growth))
    closing(it)
    return done(it)


@_happens("instructions_dropped", "support", "researcher", "coder", "billing")
def dropped(it: Scene) -> Told:
    begun(it)
    in_messages = it.rng.random() < 0.5
    system = it.telling.system
    for _ in range(it.rng.randint(3, 6)):
        it.prompt(finish="tool_calls")
        it.call(it.rng.choice([one for one in it.habit.tools if not one.approved]))
    if in_messages:
        # The question is gone, its answers are still there.
        del it.telling.messages[: it.rng.randint(1, 3)]
    else:
        it.telling.system = ""
    it.prompt(finish="tool_calls")
    it.call(it.rng.choice([one for one in it.habit.tools if not one.approved]))
    closing(it)
    it.telling.system = system
    return done(it)


@_happens("stalled", "support", "billing", "researcher", "coder", "translator")
def stalled(it: Scene) -> Told:
    begun(it)
    for _ in range(it.rng.randint(0, 4)):
        it.prompt(finish="tool_calls")
        it.call(it.rng.choice([one for one in it.habit.tools if not one.approved]))
    it.prompt(finish="tool_calls")
    return it.telling.told(is_open=True)


@_happens("no_terminal_state", "support", "billing", "coder", "deployer")
def no_end(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="tool_calls")
    it.call(it.habit.tools[0])
    closing(it)
    return it.telling.told()


@_happens("contract_violated", "support", "billing", "researcher")
def violated(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="tool_calls")
    it.call(it.habit.tools[0], violation="result is None, not dict[str, str]", result="null")
    closing(it)
    return done(it)


@_happens("empty_answer", "support", "researcher", "translator", "billing")
def empty(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="tool_calls")
    it.call(it.habit.tools[0])
    it.prompt(answer="")
    return done(it, output=it.rng.choice(('""', "null", '" "', "[]", "{}")))


@_happens("unread_finish", "support", "researcher", "translator", "coder")
def cut_off(it: Scene) -> Told:
    begun(it)
    for _ in range(it.rng.randint(0, 3)):
        it.prompt(finish="tool_calls")
        it.call(it.habit.tools[0])
    it.prompt(finish=it.rng.choice(("length", "length", "content_filter")), max_tokens=it.rng.choice((0, 1024, 4096)))
    return done(it)


@_happens("tool_error_swallowed", "support", "researcher", "billing", "coder")
def swallowed(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="tool_calls")
    if it.rng.random() < 0.5:
        it.call(it.habit.tools[0], error="ConnectionError: no answer")
    else:
        it.call(it.habit.tools[0], result=it.rng.choice(_ERRORS))
    closing(it)
    return done(it)


@_happens("score_low", "support", "translator", "researcher")
def low_score(it: Scene) -> Told:
    name, usual, _ = it.habit.scores[0]
    begun(it)
    it.prompt(finish="tool_calls")
    it.call(it.habit.tools[0])
    closing(it)
    it.telling.score(name, round(usual * it.rng.uniform(0.02, 0.35), 3))
    return done(it)


@_happens("approval_waiting", "billing", "deployer")
def waiting(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="tool_calls")
    it.telling.approval(next(one.name for one in it.habit.tools if one.approved), "", 1, is_open=True)
    return it.telling.told(is_open=True)


@_happens("unapproved", "billing", "deployer")
def unapproved(it: Scene) -> Told:
    begun(it)
    it.prompt(finish="tool_calls")
    tool: Tool = next(one for one in it.habit.tools if one.approved)
    if it.rng.random() < 0.3:
        it.telling.approval(tool.name, "rejected", it.rng.lognormvariate(5, 1))
    it.call(tool, unasked=True)
    closing(it)
    return done(it)


@_happens("spans_missing", "support", "researcher", "coder", "translator")
def missing(it: Scene) -> Told:
    begun(it)
    for _ in range(it.rng.randint(1, 4)):
        it.prompt(finish="tool_calls")
        it.call(it.rng.choice([one for one in it.habit.tools if not one.approved]))
    closing(it)
    return done(it, drop=it.rng.choice((1, 1, 2, 3)))
