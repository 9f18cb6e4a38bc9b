"""What the pane beside the tree says of a step: content, context, state or all of it raw. Called in a worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from playhead.printable import several
from playhead_collector.read.context import changes, prompt_before, text_of
from playhead_collector.read.conversation import Conversation
from playhead_collector.read.notes import notes_on
from playhead_collector.read.remarks import says_failure
from playhead_collector.read.run import Node
from playhead_collector.read.telling import losses_of, text_of_part, title_of
from playhead_collector.read.value import of_any_value, of_attributes
from playhead_collector.read.words import cost, count, duration
from playhead_tui.run.contents import write_message, write_value
from playhead_tui.run.opened import OpenedRun, told_by
from playhead_tui.run.sheet import Line, Sheet

Tab = Literal["output", "context", "state", "raw"]
TABS: tuple[Tab, ...] = ("output", "context", "state", "raw")
# Of the messages that a prompt was given, so many are open at first.
_LATEST = 2
_MARKS = {"added": ("+", "green"), "dropped": ("−", "red"), "cut": ("~", "yellow")}


def sheet_of(opened: OpenedRun, place: int, tab: Tab, width: int) -> list[Line]:
    sheet = Sheet(width)
    node = opened.nodes[place]
    writers: dict[Tab, Callable[[Sheet, OpenedRun, int, Node], None]] = {
        "output": _output,
        "context": _context,
        "state": _state,
        "raw": _raw,
    }
    _what_it_is(sheet, node)
    writers[tab](sheet, opened, place, node)
    return sheet.lines


def places_told(opened: OpenedRun, place: int, tab: Tab) -> list[int]:
    """The steps of which a sheet shows what they said."""
    before = prompt_before(opened.nodes, place) if tab == "context" else None
    return [place] if before is None else [place, before]


def plain_text(node: Node) -> str:
    """All of a step's content, for $PAGER and the clipboard: as it was sent, not made harmless."""
    told = told_by(node)
    parts = [title_of(node), *([f"error: {node.step.error}"] if node.step.error else [])]
    if told is None:
        return "\n".join(parts)
    for name, value in (("arguments", told.arguments), ("result", told.result)):
        if value is not None:
            parts.append(f"── {name}\n{value.text}")
    if told.system:
        parts.append(f"── system\n{told.system}")
    parts += [f"── {message.role}\n{text_of(message)}" for message in (*told.input, *told.output)]
    return "\n\n".join(parts)


def _what_it_is(sheet: Sheet, node: Node) -> None:
    step = node.step
    facts = [step.kind, duration(step.seconds)]
    if step.input_tokens is not None or step.output_tokens is not None:
        facts.append(f"{count(step.input_tokens)}→{count(step.output_tokens)} tok")
    if step.kind == "prompt":
        facts.append(cost(step.cost_usd, step.cost_usd is None) if step.counted else "told twice; counted elsewhere")
    if step.first_token_seconds is not None:
        facts.append(f"first token {duration(step.first_token_seconds)}")
    sheet.text(title_of(node), "bold")
    sheet.text(" · ".join(facts), "dim")
    if step.error:
        sheet.text(f"✗ {step.error}", "bold red")
    if step.status == "open":
        sheet.text("… has not ended: still running, or the process died", "yellow")
    if node.orphan:
        sheet.text(f"? its parent {step.parent_id} has not arrived", "magenta")
    for lost in losses_of(node):
        sheet.text(lost, "magenta")
    for note in notes_on(node.stored.span) if node.stored is not None else ():
        sheet.text(note.text, "yellow" if note.grave else "")


def _output(sheet: Sheet, opened: OpenedRun, place: int, node: Node) -> None:
    told = told_by(node)
    if told is None:
        return
    if told.arguments is not None:
        write_value(sheet, "arguments", told.arguments)
    if told.result is not None:
        if node.step.status == "ok" and says_failure(told.result.text[:100_000]):
            sheet.text("answered with an error", "yellow")
        write_value(sheet, "result", told.result)
    same = opened.equal_calls.get(node.step.step_id)
    if same is not None:
        others = ", ".join(str(other + 1) for other in same if other != place)
        sheet.note(f"same call as {'steps' if len(same) > 2 else 'step'} {others}", "yellow")
    for message in told.output:
        write_message(sheet, message, "←")
    hidden = len(told.input) - _LATEST
    for number, message in enumerate(told.input[-_LATEST:]):
        write_message(sheet, message, "→", number + max(0, hidden) + 1)
    if hidden > 0 or told.system:
        heading = sheet.heading(f"▾ {several(max(0, hidden) + bool(told.system), 'earlier message')}")
        if told.system:
            sheet.text("system", "bold magenta")
            sheet.markdown(told.system, 1)
        for number, message in enumerate(told.input[: max(0, hidden)]):
            write_message(sheet, message, "→", number + 1)
        sheet.close(heading, folded=True)
    if told.tools:
        heading = sheet.heading(f"▾ {several(len(told.tools), 'tool')} offered")
        sheet.text(", ".join(told.tools), indent=1)
        sheet.close(heading, folded=True)
    if not told.captured and node.step.kind in ("prompt", "tool"):
        sheet.note("its content was not captured")


def _context(sheet: Sheet, opened: OpenedRun, place: int, node: Node) -> None:
    """Against the prompt before, in the same conversation."""
    told = told_by(node)
    if node.step.kind != "prompt" or told is None:
        sheet.note("what a model is given changes at prompts; p goes to the next one")
        return
    before = prompt_before(opened.nodes, place)
    last = told_by(opened.nodes[before]) if before is not None else None
    earlier = opened.nodes[before].step.input_tokens if before is not None else None
    found = changes(last or Conversation(), told, earlier, node.step.input_tokens)
    since = f"since step {before + 1}" if before is not None else "it is the first prompt of its conversation"
    tokens = f"{count(earlier)} → {count(node.step.input_tokens)} tokens" if before is not None else ""
    sheet.text(" · ".join(filter(None, [f"context {since}", tokens])), "bold")
    if not found:
        sheet.note("nothing changed")
    for change in found:
        mark, colour = _MARKS[change.kind]
        about = f" · about {count(abs(change.tokens))} tok" if change.tokens is not None else ""
        grave = change.kind == "dropped" and change.message.role in ("system", "developer")
        words = {"added": "", "dropped": " DROPPED" if grave else " dropped", "cut": " cut short"}[change.kind]
        heading = sheet.heading(f"▾ {mark} {change.message.role}{words}{about}", f"bold {colour}")
        for part in change.message.parts:
            sheet.text(text_of_part(part), indent=2)
        sheet.close(heading, folded=len(found) > 6)


def _state(sheet: Sheet, opened: OpenedRun, place: int, node: Node) -> None:
    """Where the agent stood when the step began, and what happened during it."""
    began = node.step.start_time
    states = [
        (other.step.start_time, number, other.step)
        for number, other in enumerate(opened.nodes)
        if other.step.kind == "state" and other.step.start_time <= began
    ]
    sheet.text("state", "bold")
    for _, number, step in sorted(states, key=lambda one: one[:2])[-8:]:
        sheet.text(f"step {number + 1}  {step.state or step.name}", indent=1)
    if not states:
        sheet.note("no state was told up to here")
    if node.stored is not None and node.stored.span.events:
        sheet.text("events", "bold")
        for event in node.stored.span.events:
            heading = sheet.heading(f"▾ {event.name}")
            sheet.members(of_attributes(event.attributes), 1)
            sheet.close(heading)
    if node.records:
        sheet.text("log records", "bold")
        for record in node.records:
            heading = sheet.heading(f"▾ {record.event_name or record.severity_text or 'record'}")
            sheet.json(of_any_value(record.body), "body", 1)
            sheet.json(of_attributes(record.attributes), "attributes", 1)
            sheet.close(heading)


def _raw(sheet: Sheet, opened: OpenedRun, place: int, node: Node) -> None:
    step = node.step
    sheet.text(f"step {step.step_id} · parent {step.parent_id or 'none'} · run {step.run_id}", "dim")
    sheet.text(f"began {step.start_time.isoformat()}", "dim")
    if node.stored is None:
        return
    for name, held in (
        ("attributes", of_attributes(node.stored.span.attributes)),
        ("scope", of_attributes(node.stored.scope.scope.attributes) if node.stored.scope.scope is not None else {}),
        ("resource", of_attributes(node.stored.scope.resource.attributes) if node.stored.scope.resource else {}),
    ):
        heading = sheet.heading(f"▾ {name} {len(held)}")
        sheet.members(held, 1)
        sheet.close(heading)
