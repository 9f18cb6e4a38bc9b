"""Messages, arguments and results as parts of a sheet that fold."""

from __future__ import annotations

from playhead_collector.read.conversation import Message, Value
from playhead_collector.read.telling import text_of_part
from playhead_collector.read.value import decoded
from playhead_tui.run.sheet import Sheet


def write_value(sheet: Sheet, name: str, value: Value, *, folded: bool = False) -> None:
    heading = sheet.heading(f"▾ {name}")
    if isinstance(value.data, (dict, list)) and value.data:
        sheet.members(value.data, 1)
    else:
        sheet.text(value.text, indent=1)
    sheet.close(heading, folded=folded)


def write_message(sheet: Sheet, message: Message, arrow: str, number: int | None = None) -> None:
    ordinal = f" {number}" if number is not None else ""
    finish = f" · {message.finish_reason}" if message.finish_reason else ""
    heading = sheet.heading(f"▾ {arrow}{ordinal} {message.role or '?'}{finish}", "bold magenta")
    for part in message.parts:
        held = decoded(part.text) if part.kind == "text" else part.value if part.kind == "other" else None
        if isinstance(held, (dict, list)):
            sheet.members(held, 1)
        elif part.kind == "text":
            sheet.markdown(part.text, 1)
        elif part.kind == "reasoning":
            sheet.text(f"(thinking) {part.text}", "dim italic", 1)
        elif part.kind == "tool_call":
            sheet.text(f"calls {part.name}", "bold yellow", 1)
            _part_value(sheet, part.value, part.text)
        elif part.kind == "tool_result":
            sheet.text(f"result {part.name}".rstrip(), "bold yellow", 1)
            _part_value(sheet, part.value, part.text)
        else:
            sheet.text(text_of_part(part), indent=1)
    sheet.close(heading)


def _part_value(sheet: Sheet, value: object, text: str) -> None:
    if isinstance(value, (dict, list)) and value:
        sheet.members(value, 2)
    else:
        sheet.text(text or str(value if value is not None else ""), indent=2)
