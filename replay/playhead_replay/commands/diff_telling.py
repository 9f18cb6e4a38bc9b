"""What is told of a diff of two runs in the same words wherever it is shown: on a page, or on a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich.text import Text

from playhead.printable import several
from playhead_collector.commands.common import one_line
from playhead_collector.read.run import Step
from playhead_collector.read.signs import LETTERS, SIGNS
from playhead_collector.read.telling import problems_of
from playhead_collector.read.words import cost, count, duration
from playhead_replay.commands.diff_values import Room
from playhead_replay.diff.changes import Change, words_of
from playhead_replay.diff.content import Content
from playhead_replay.diff.outline import Folded
from playhead_replay.diff.run import Figure, Pair, RunDiff, Verdict

MARKS: dict[Verdict, tuple[str, str]] = {
    "equal": ("=", "dim"), "handed on": ("↳", "dim"), "changed": ("≠", "yellow"),
    "only a": ("-", "red"), "only b": ("+", "green"),
}  # fmt: skip
FIRST = "← first divergence"
_DEEPEST = 24
# Of one change; the rest is counted.
MOST_LINES = 12


def problems(diff: RunDiff) -> Iterator[tuple[str, str]]:
    """What a reader must not overlook, by the side that it is of: A, B, or neither."""
    for side, row in (("A", diff.a), ("B", diff.b)):
        for problem in [*([f"error: {row.error}"] if row.error else []), *problems_of(row)]:
            yield side, problem
    if diff.a.run_id == diff.b.run_id:
        yield "", "both are the same run"


def not_captured(diff: RunDiff) -> Iterator[str]:
    for side, lost in (("A", diff.not_captured[0]), ("B", diff.not_captured[1])):
        if lost:
            words = (
                f"of {side}, {several(lost, 'prompt or tool call')} came without content: what was said is not known"
            )
            yield words.replace("prompt or tool calls", "prompts or tool calls")


def code(diff: RunDiff) -> Iterator[str]:
    """What the runs came from, but for their versions."""
    for what, one, other in diff.code:
        if what != "version":
            yield f"{what}: {one_line(one, 100) or '?'} → {one_line(other, 100) or '?'}"


def said(figure: Figure, value: float | None, at_least: bool) -> str:
    if figure.name == "cost":
        return cost(value, at_least)
    if figure.name == "time":
        return duration(value) if value is not None else "?"
    return count(None if value is None else int(value)) + ("+" if at_least and value is not None else "")


def delta_of(figure: Figure) -> str:
    """How much more B has; a share where it says something."""
    delta = figure.delta
    if delta is None:
        return "unknown"
    if delta == 0:
        return "="
    part = abs(delta) / figure.a if figure.a else 0
    share = f" ({'+' if delta > 0 else '-'}{part:.0%})" if part >= 0.005 else " (under 1%)" if part else ""
    unsure = ", as far as known" if figure.at_least_a or figure.at_least_b else ""
    return f"{amount(figure, delta)}{share}{unsure}"


def amount(figure: Figure, delta: float) -> str:
    """A difference, in the words of its figure."""
    size = abs(delta)
    if figure.name == "cost":
        text = cost(size) if size >= 0.00005 else "$0.0000…"
    else:
        text = duration(size) if figure.name == "time" else count(int(size))
    return f"{'+' if delta > 0 else '-'}{text}"


def tally(diff: RunDiff) -> str:
    """How many steps are equal, and how the others are not."""
    verdicts = [pair.verdict for pair in diff.pairs]
    moved = sum(pair.out_of_order for pair in diff.pairs)
    beside = f"{several(moved, 'step')} beside others in another order, which is no difference" if moved else ""
    if diff.equal:
        return f"equal: {several(len(verdicts), 'step')}{'; ' + beside if beside else ''}"
    told = {
        "equal": "equal", "changed": "changed", "handed on": "carrying on what differs before",
        "only a": "only in A", "only b": "only in B",
    }  # fmt: skip
    counts = [f"{verdicts.count(key)} {words}" for key, words in told.items() if key in verdicts]
    return f"steps: {', '.join([*counts, *([beside] if beside else [])])}"


def parting(diff: RunDiff) -> str:
    """Where the runs part first, and in what."""
    if diff.first is None:
        return "nothing else differs that is not carried on from there"
    pair = diff.pairs[diff.first.place]
    if pair.a is None or pair.b is None:
        what = f"only in {'B' if pair.a is None else 'A'}"
    else:
        changes = pair.answered if diff.first.answered else pair.asked
        names = list(dict.fromkeys(named(change) for change in changes if not change.handed_on))
        listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        words = f"{listed} {'differ' if names[1:] else 'differs'}"
        what = f"asked the same, but {words}" if diff.first.answered and not pair.asked else words
    return f"first divergence: {where(pair)} {title(pair.content, indent=False)}: {what}"


def named(change: Change) -> str:
    return f"{change.what}{f' ({change.role})' if change.role else ''}"


def where(pair: Pair) -> str:
    """By the numbers of the step in either run."""
    numbers = {side: number for side, number in (("A", pair.number_a), ("B", pair.number_b)) if number is not None}
    if len(set(numbers.values())) == 1 and len(numbers) == 2:
        return f"step {pair.number_a}"
    return "step " + ", ".join(f"{number} of {side}" for side, number in numbers.items())


def folded(fold: Folded) -> str:
    number = len(fold.places)
    return {
        "equal": f"= {several(number, 'equal step')}",
        "handed on": f"↳ {several(number, 'step')} carrying on what differs above",
        "only a": f"- … {number} more steps only in A",
        "only b": f"+ … {number} more steps only in B",
        "changed": f"≠ {several(number, 'changed step')}",
    }[fold.verdict]


def title(content: Content, indent: bool = True) -> Text:
    step = content.step
    letter, colour = LETTERS[step.kind]
    line = Text("│ " * min(content.node.depth, _DEEPEST) if indent else "", style="dim")
    line.append(letter, style=colour)
    name = (
        step.tool
        if step.kind == "tool" and step.tool
        else step.model
        if step.kind == "prompt" and step.model
        else step.name
    )
    line.append(f" {one_line(name, 70)}")
    if step.status != "ok":
        sign, sign_colour = SIGNS[step.status]
        line.append(f" {sign}", style=sign_colour)
    return line


def figures_of(*steps: Step) -> str:
    """Time, tokens and cost of a step, on both sides where they are not the same."""
    told = [_each(steps, lambda step: duration(step.seconds))]
    if steps[-1].kind == "prompt":
        told.append(_each(steps, lambda step: f"{count(step.input_tokens)}→{count(step.output_tokens)}") + " tok")
        told.append(_each(steps, lambda step: cost(step.cost_usd, step.cost_usd is None)))
    return "  ".join(told)


def _each(steps: Sequence[Step], words: Callable[[Step], str]) -> str:
    return " | ".join(dict.fromkeys(words(step) for step in steps))


def changes_of(pair: Pair, *, ended: bool) -> tuple[Change, ...]:
    """What is told of a pair where it began, or where it ended after all below it."""
    return pair.answered if ended else (*pair.asked, *(() if pair.below else pair.answered))


def carried_on(changes: Sequence[Change], news: Sequence[Change]) -> str:
    """Of changes that are not told here how many there are; empty where there are none, or nothing else."""
    carried = len(changes) - len(news)
    return f"(and {several(carried, 'difference')} carried on from above)" if carried and news else ""


def alone(content: Content, room: Room) -> Iterator[str]:
    """What a step said that has no partner."""
    return (text if room.whole else one_line(text, room.width) for text in words_of(content))
