"""What is told of runs and steps in the same words wherever they are shown."""

from __future__ import annotations

from playhead.printable import several
from playhead_collector.read.conversation import Part
from playhead_collector.read.run import Node
from playhead_collector.read.runs import RunRow
from playhead_collector.read.value import as_text, decoded, of_attributes


def problems_of(row: RunRow) -> list[str]:
    """What a reader must not overlook."""
    found = []
    if row.missing_parents:
        found.append(f"incomplete: {_have(row.missing_parents, 'parent')} not arrived that other steps name as theirs")
    elif row.status == "incomplete":
        found.append("incomplete: the step that it began with has not arrived, or its steps name each other as parents")
    if row.open_steps:
        found.append(f"{_have(row.open_steps, 'step')} not ended: still running, or the process died")
    if row.unpriced_calls:
        known = "the cost is at least what is shown" if row.cost_usd is not None else "the cost is not known"
        found.append(f"{_have(row.unpriced_calls, 'call')} no known price: {known}")
    if row.calls_without_usage:
        found.append(f"{several(row.calls_without_usage, 'call')} told no tokens: the sum is at least what is shown")
    return found


def _have(number: int, what: str) -> str:
    return f"{several(number, what)} {'has' if number == 1 else 'have'}"


def title_of(node: Node) -> str:
    step = node.step
    if step.kind == "tool" and step.tool:
        return step.tool
    if step.kind == "prompt" and step.model:
        return f"{step.model}" + (f" · {step.finish_reason}" if step.finish_reason else "")
    return step.name


def values_of(node: Node) -> tuple[str, str]:
    """What one of the SDK's own steps was called with and returned: values of code, also where they look like messages.

    Read as messages, `{"text": …, "language": …}` would be its text alone.
    """
    attributes = of_attributes(node.stored.span.attributes) if node.stored is not None else {}
    if "playhead.kind" not in attributes:
        return "", ""
    return as_text(decoded(attributes.get("input.value"))), as_text(decoded(attributes.get("output.value")))


def losses_of(node: Node) -> list[str]:
    """What its emitter says that it left out."""
    if node.stored is None:
        return ["its attributes are not here"]
    span = node.stored.span
    counts = (
        ("attributes", span.dropped_attributes_count),
        ("events", span.dropped_events_count),
        ("links", span.dropped_links_count),
    )
    return [f"{lost} {what} were dropped by the emitter" for what, lost in counts if lost]


def text_of_part(part: Part) -> str:
    match part.kind:
        case "tool_call":
            return f"{part.name}({part.text or '' if part.value is None else as_text(part.value)})"
        case "tool_result":
            return f"result {part.text or as_text(part.value)}"
        case "media":
            return f"[{part.name or 'media'}{' at ' + part.uri if part.uri else ''}]"
        case "reasoning":
            return f"(thinking) {part.text}"
        case _:
            return part.text or (str(part.value) if part.value is not None else "")
