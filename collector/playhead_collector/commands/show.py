"""`playhead show RUN`: one run in the terminal: its steps as a tree, with messages, tokens, cost and timing."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console
from rich.text import Text

from playhead.printable import printable, several
from playhead_collector.commands.common import (
    add_json_argument,
    add_store_arguments,
    console,
    one_line,
    source_of,
    write_json,
)
from playhead_collector.read.acting import acting
from playhead_collector.read.export import json_steps
from playhead_collector.read.feedback import feedback_of
from playhead_collector.read.messages import Conversation, Message, Part, conversation
from playhead_collector.read.notes import notes_on
from playhead_collector.read.redacted import redacted_in
from playhead_collector.read.remarks import Remark, remarks_on, says_failure
from playhead_collector.read.run import Node, Run, find_run, read_run
from playhead_collector.read.signs import LETTERS, SIGNS
from playhead_collector.read.telling import losses_of, problems_of, text_of_part, title_of, values_of
from playhead_collector.read.words import cost, count, duration, tokens

# More than any screen is wide: nothing is cut.
WHOLE = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_store_arguments(parser)
    add_json_argument(parser)
    parser.add_argument("run", metavar="RUN", help="run id, the beginning of one, or 'last'")
    parser.add_argument(
        "--full", action="store_true", help="messages, arguments and results whole, not their beginnings"
    )
    parser.add_argument("--no-messages", action="store_true", help="the tree alone")
    parser.add_argument("--ids", action="store_true", help="each step's id at the end of its line, as 'score' takes it")


def run(arguments: argparse.Namespace) -> int:
    with source_of(arguments) as source:
        run_id = find_run(source.client, arguments.run)
        if arguments.json:
            write_json(json_steps(source.client, run_id))
            return 0
        found = read_run(source.client, run_id)
        remarks = remarks_on(source.client, [found.row]).get(run_id, [])
    out = console()
    _header(out, found, remarks)
    width = 0 if arguments.no_messages else (WHOLE if arguments.full else max(40, out.width - 24))
    page = _Page(out, found.row.start_time, width, arguments.ids)
    for node in found.nodes:
        page.step(node)
    if found.loose_records:
        out.print(Text(f"{len(found.loose_records)} log records belong to no step of this run", style="dim"))
    return 0


def _header(out: Console, found: Run, remarks: list[Remark]) -> None:
    row = found.row
    sign, colour = SIGNS[row.status]
    line = Text(sign + " ", style=colour)
    line.append(one_line(row.agent or row.service or row.name, 120), style="bold")
    if row.version:
        line.append(f" {one_line(row.version, 60)}")
    facts = [
        row.start_time.strftime("%Y-%m-%d %H:%M:%S UTC"), duration(row.seconds), several(row.steps, "step"),
        f"{tokens(row.tokens, row.calls_without_usage)} tokens", cost(row.cost_usd, row.unpriced_calls),
    ]  # fmt: skip
    line.append(" · " + " · ".join(facts))
    out.print(line)
    who = [f"{name} {one_line(value, 120)}" for name, value in (("session", row.session), ("user", row.user)) if value]
    if row.models:
        who.append("models " + ", ".join(one_line(model, 60) for model in row.models))
    out.print(Text(f"  run {row.run_id}" + "".join(f" · {entry}" for entry in who), style="dim"))
    for remark in remarks:
        out.print(Text(f"  {one_line(remark.text, 300)}", style="red" if remark.grave else "yellow"))
    for remark in acting(found) + redacted_in(found):
        out.print(Text(f"  {one_line(remark.text, 300)}", style="dim"))
    for problem in problems_of(row):
        out.print(Text(f"  {problem}", style="yellow"))
    for said in feedback_of(found.nodes):
        out.print(Text(f"  {one_line(said.words, 300)} · {said.at:%Y-%m-%d %H:%M}", style="bright_green"))
    out.print()


# Where a tree goes deeper, its lines say how deep: a screen has an end.
_DEEPEST = 24
# Wide enough for most names in most trees; a longer one pushes its own figures aside.
_TITLE = 52


@dataclass(slots=True)
class _Page:
    """Where steps are written, one after the other, and what was on it before."""

    out: Console
    began: datetime
    width: int
    ids: bool
    _calls: Counter[tuple[str, str]] = field(default_factory=Counter)

    def step(self, node: Node) -> None:
        step = node.step
        letter, colour = LETTERS[step.kind]
        sign, sign_colour = SIGNS[step.status]
        indent = "│ " * min(node.depth, _DEEPEST)
        if node.depth > _DEEPEST:
            indent += f"({node.depth}) "
        line = Text(indent, style="dim")
        line.append(letter, style=colour)
        line.append(f" {one_line(title_of(node), 70)}")
        if step.status != "ok":
            line.append(f" {sign}", style=sign_colour)
        told = conversation(node.stored.span, node.records) if node.stored is not None else None
        line.pad_right(max(0, _TITLE - line.cell_len))
        offset = (step.start_time - self.began).total_seconds()
        if step.from_outside:
            line.append(f" {step.start_time:%Y-%m-%d %H:%M}", style="dim")
        else:
            line.append(f" {'+' + duration(offset):>8} {duration(step.seconds):>7}", style="dim")
        self._figures(line, node, told)
        self.out.print(line, soft_wrap=True)
        inner = indent + "    "
        if step.error:
            self.out.print(Text(f"{inner}error: {one_line(step.error, 300)}", style="red"), soft_wrap=True)
        for lost in losses_of(node):
            self.out.print(Text(f"{inner}{lost}", style="magenta"), soft_wrap=True)
        for note in notes_on(node.stored.span) if node.stored is not None else ():
            style = "yellow" if note.grave else "dim"
            self.out.print(Text(f"{inner}{_cut(note.text, max(300, self.width))}", style=style), soft_wrap=True)
        if self.width and told is not None:
            _conversation(self.out, inner, told, step.kind, self.width)
            if step.kind not in ("prompt", "tool"):
                _handed(self.out, inner, node, told, self.width)

    def _figures(self, line: Text, node: Node, told: Conversation | None) -> None:
        step = node.step
        if step.kind == "prompt" or (step.kind == "retrieval" and step.input_tokens is not None):
            line.append(f"  {count(step.input_tokens)}→{count(step.output_tokens)} tok", style="dim")
            if step.counted:
                line.append(f"  {cost(step.cost_usd, step.cost_usd is None)}", style="dim")
            elif step.kind == "prompt":
                line.append("  (told twice; counted elsewhere)", style="dim")
        if step.kind == "tool" and told is not None and told.arguments is not None:
            same = (step.tool, told.arguments.text)
            self._calls[same] += 1
            if self._calls[same] > 1:
                line.append(f"  same call, time {self._calls[same]}", style="yellow")
        is_green = step.kind == "tool" and step.status == "ok"
        if is_green and told is not None and told.result is not None and says_failure(told.result.text):
            line.append("  answered with an error", style="yellow")
        if step.status == "open":
            line.append("  has not ended", style="yellow")
        if node.orphan:
            line.append(f"  parent {step.parent_id} not here", style="magenta")
        if self.ids:
            line.append(f"  {step.step_id}", style="dim")


def _conversation(out: Console, indent: str, told: Conversation, kind: str, width: int) -> None:
    if kind == "prompt":
        if not told.captured:
            out.print(Text(f"{indent}messages not captured", style="dim"))
            return
        # A prompt repeats the whole conversation; what is new in it are its last messages.
        hidden = len(told.input) - 2
        if hidden > 0 and width < WHOLE:
            out.print(Text(f"{indent}… {hidden} earlier messages", style="dim"))
        for message in told.input if width >= WHOLE else told.input[-2:]:
            _message(out, indent, message, "→", width)
        for message in told.output:
            _message(out, indent, message, "←", width)
    elif kind == "tool":
        if told.arguments is not None:
            out.print(Text(f"{indent}( {_cut(told.arguments.text, width)} )", style="dim"), soft_wrap=True)
        if told.result is not None:
            out.print(Text(f"{indent}= {_cut(told.result.text, width)}", style="dim"), soft_wrap=True)


def _handed(out: Console, indent: str, node: Node, told: Conversation, width: int) -> None:
    """What an agent, or what else is neither prompt nor tool, was given and gave back."""
    values = values_of(node)
    for value, messages, arrow, own in zip(values, (told.input, told.output), "→←", ("user", "assistant"), strict=True):
        if value:
            out.print(Text(f"{indent}{arrow} {_cut(value, width)}", style="dim"), soft_wrap=True)
            continue
        # Where it is a conversation, its last message is what was asked, or answered.
        hidden = len(messages) - 1
        if hidden > 0 and width < WHOLE:
            out.print(Text(f"{indent}… {several(hidden, 'earlier message')}", style="dim"))
        for message in messages if width >= WHOLE else messages[-1:]:
            _message(out, indent, message, arrow, width, own=own)


def _message(out: Console, indent: str, message: Message, arrow: str, width: int, *, own: str = "") -> None:
    """`own` is the role of which nothing need be said."""
    who = "" if own and message.role == own else f"{message.role or '?'}: "
    for part in message.parts or (Part(kind="text", text=""),):
        out.print(Text(f"{indent}{arrow} {who}{_cut(text_of_part(part), width)}", style="dim"), soft_wrap=True)


def _cut(text: str, width: int) -> str:
    return printable(text) if width >= WHOLE else one_line(text, width)
