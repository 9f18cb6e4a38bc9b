"""What the lines below the table say of the run under the cursor."""

from __future__ import annotations

from rich.text import Text

from playhead_collector.read.remarks import Remark
from playhead_collector.read.runs import RunRow
from playhead_collector.read.words import several
from playhead_tui.shown import one_line


def summary_of(row: RunRow, remarks: list[Remark], words: str, width: int) -> Text:
    """Two lines: what is remarkable, gravest first, and who and what it was about."""
    first = Text(no_wrap=True)
    first.append(several(row.steps, "step"), style="bold")
    for remark in remarks:
        first.append(" · ").append(one_line(remark.text, 80), style="bold red" if remark.grave else "yellow")
    if not remarks and row.error:
        first.append(" · ").append(one_line(row.error, 160), style="bold red")
    facts = [row.run_id[:12]]
    facts += [
        f"{name} {one_line(value, 24)}" for name, value in (("session", row.session), ("user", row.user)) if value
    ]
    if row.models:
        facts.append(", ".join(one_line(model, 30) for model in row.models[:3]))
    if words:
        facts.append(f"“{one_line(words, 300)}”")
    first.truncate(width, overflow="ellipsis")
    return first.append("\n").append(one_line(" · ".join(facts), width), style="dim")
