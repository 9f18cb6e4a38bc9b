"""Small questions to the user, above the screen they belong to: a line of text, several, or one of several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from playhead_tui.entry import Entry
from playhead_tui.shown import one_line

_FRAME = """
    {name} {{ align: center middle; }}
    {name} > Vertical {{ width: 70%; max-width: 90; height: auto; max-height: 80%; padding: 0 1;
                        border: round $primary; background: $surface; }}
    {name} Label {{ width: 100%; }}
    {name} .hint {{ color: $text-muted; }}
"""


class AskLine(ModalScreen[str | None]):
    """A line, or None where nothing is wanted after all."""

    DEFAULT_CSS = _FRAME.format(name="AskLine")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(self, question: str, value: str = "") -> None:
        super().__init__()
        self._question = question
        self._value = value

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(Text(self._question))
            yield Entry(self._value, select_on_focus=False)

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)


class AskLines(ModalScreen[tuple[str, ...] | None]):
    """Several lines, each under its name, or None. Enter goes to the next, and takes them all in the last."""

    DEFAULT_CSS = _FRAME.format(name="AskLines")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(self, question: str, lines: Mapping[str, str]) -> None:
        """The lines by name, as they are to begin with."""
        super().__init__()
        self._question = question
        self._lines = lines

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(Text(self._question))
            for name, value in self._lines.items():
                yield Label(Text(name))
                yield Entry(value, select_on_focus=False)

    @on(Input.Submitted)
    def _answer(self) -> None:
        """Counted from where the focus is: of two keys at once both come from the same line."""
        entries = list(self.query(Input))
        after = next((entry for before, entry in pairwise(entries) if before is self.focused), None)
        if after is None:
            self.dismiss(tuple(entry.value.strip() for entry in entries))
        else:
            self.set_focus(after)


class AskOne(ModalScreen[str | None]):
    """One of several, each a name and what it stands for. Where `remove` is given, delete takes one out of them."""

    DEFAULT_CSS = _FRAME.format(name="AskOne")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("delete,x", "remove", "Delete"),
    ]

    def __init__(
        self, question: str, options: Sequence[tuple[str, str]], remove: Callable[[str], None] | None = None
    ) -> None:
        super().__init__()
        self._question = question
        self._options = list(options)
        self._remove = remove

    def compose(self) -> ComposeResult:
        options = [
            Option(Text.assemble((one_line(name, 30), "bold"), "  ", (one_line(told, 60), "dim")), str(place))
            for place, (name, told) in enumerate(self._options)
        ]
        with Vertical():
            yield Label(Text(self._question))
            yield OptionList(*options)
            if self._remove is not None:
                yield Label("enter takes it, x deletes it", classes="hint")

    def action_remove(self) -> None:
        options = self.query_one(OptionList)
        place = options.highlighted
        if self._remove is not None and place is not None:
            name, _ = self._options.pop(place)
            options.remove_option_at_index(place)
            self._remove(name)
            if not self._options:
                self.dismiss(None)

    @on(OptionList.OptionSelected)
    def _answer(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._options[event.option_index][0])


def then(do: Callable[[str], None]) -> Callable[[str | None], None]:
    """What becomes of an answer, where there is one."""
    return lambda answer: do(answer) if answer else None
