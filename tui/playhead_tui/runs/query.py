"""The query line: what is typed, how it could go on, and where it is not understood."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.highlighter import Highlighter
from rich.text import Text
from textual.binding import Binding
from textual.suggester import Suggester

from playhead.printable import printable
from playhead_collector.read.query_line import NAMES, NUMBERS, SCORE, STATUSES, TIMES, QueryError, quoted, terms
from playhead_tui.entry import Entry

_EXAMPLES = {"since": ("1h", "2d", "today", "yesterday"), "until": ("1h", "1d", "today")}


def completion(line: str, known: Mapping[str, Sequence[str]]) -> str | None:
    """How a line may go on: a field's name, or a value that runs have (`known`, by field, the most frequent first)."""
    if not line or line[-1].isspace():
        return None
    try:
        last = terms(line)[-1]
    except QueryError:
        return None
    if not last.field:
        fields = [*(f"{name}:" for name in (*NAMES, *TIMES)), *(f"{name}>" for name in NUMBERS)]
        fields += [f"{SCORE}{name}<" for name in known.get("score", ()) if re.fullmatch(r"[\w.-]+", name)]
        found = next((field for field in fields if field.startswith((last.value, last.value.lower()))), None)
        return line[: last.start] + found if found else None
    if last.sign != ":":
        return None
    values = {"status": STATUSES, **_EXAMPLES}.get(last.field) or known.get(last.field, ())
    found = next((value for value in values if value.startswith(last.value) and value != last.value), None)
    return f"{line[: last.start]}{last.field}:{quoted(found)}" if found and found == printable(found) else None


class _Completion(Suggester):
    def __init__(self, known: Mapping[str, Sequence[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._known = known

    async def get_suggestion(self, value: str) -> str | None:
        return completion(value, self._known)


class _Fields(Highlighter):
    """Fields stand out from words, and what is not understood from both."""

    def __init__(self) -> None:
        self.wrong: tuple[int, int] | None = None

    def highlight(self, text: Text) -> None:
        try:
            found = terms(text.plain)
        except QueryError as error:
            text.stylize("underline red", error.start, error.end)
            return
        for term in found:
            if term.field:
                text.stylize("bold cyan", term.start, term.start + len(term.field) + len(term.sign))
        if self.wrong is not None:
            text.stylize("underline bold red", *self.wrong)


class QueryInput(Entry):
    """One line; `known` may be filled as values become known."""

    DEFAULT_CSS = "QueryInput { width: 1fr; background: $background; } QueryInput:focus { background: $surface; }"
    BINDINGS: ClassVar = [Binding("tab", "complete", "Complete", show=False)]

    def __init__(self, line: str, known: Mapping[str, Sequence[str]], *, id: str | None = None) -> None:
        self._fields = _Fields()
        self._known = known
        super().__init__(
            line,
            placeholder='agent:support status:error cost>0.5 since:2d "words anywhere in a run"',
            highlighter=self._fields,
            suggester=_Completion(known),
            select_on_focus=False,
            compact=True,
            id=id,
        )

    def action_complete(self) -> None:
        """Takes what is offered, as shells do; where nothing is, goes to what is next on the screen, as everywhere."""
        whole = completion(self.value, self._known) if self.cursor_at_end else None
        if whole is None:
            self.screen.focus_next()
        else:
            self.value = whole
            self.cursor_position = len(whole)

    def show_error(self, error: QueryError | None) -> None:
        self._fields.wrong = (error.start, error.end) if error is not None else None
        self.refresh()
