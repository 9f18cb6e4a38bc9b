"""Small questions to the user, above the screen they belong to: a line of text, several, or one of several.

Each says by which keys it is answered and left; a screen's own line of keys has none of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import Input, Label, OptionList
from textual.widgets.option_list import Option

from playhead.errors import UsageError
from playhead.printable import printable
from playhead_tui.entry import Entry
from playhead_tui.shown import one_line

_FRAME = """
    {name} {{ align: center middle; }}
    {name} > Vertical {{ width: 70%; max-width: 90; height: auto; max-height: 95%; padding: 0 1;
                        border: round $primary; background: $surface; }}
    {name} Label {{ width: 100%; }}
    {name} .hint {{ color: $text-muted; }}
    {name} .wrong {{ color: $error; display: none; }}
"""
_TAKES = "enter takes it · escape leaves it"


class Question(ModalScreen[ScreenResultType]):
    """Answered once. Keys that came at once are all handled by what had the focus then, though the first closed it; a
    second enter took the screen below away, and the app with it where that was the last one.
    """

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        return super().dismiss(result) if self.is_active else AwaitComplete()


class AskLine(Question[str | None]):
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
            yield Label(_TAKES, classes="hint")

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)


class AskLines(Question[tuple[str, ...] | None]):
    """Several lines, each under its name, or None. Enter goes to the next, and takes them all in the last.

    What `check` raises of them is shown, and they stay to be mended: a wrong score does not take the note with it.
    """

    DEFAULT_CSS = _FRAME.format(name="AskLines")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(
        self, question: str, lines: Mapping[str, str], check: Callable[[tuple[str, ...]], object] = tuple
    ) -> None:
        """The lines by name, as they are to begin with."""
        super().__init__()
        self._question = question
        self._lines = lines
        self._check = check

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label(Text(self._question))
            for name, value in self._lines.items():
                yield Label(Text(name))
                yield Entry(value, select_on_focus=False)
            yield Label(classes="wrong")
            yield Label("enter goes on, and takes it in the last line · escape leaves it", classes="hint")

    @on(Input.Submitted)
    def _answer(self) -> None:
        """Counted from where the focus is: of two keys at once both come from the same line."""
        entries = list(self.query(Input))
        after = next((entry for before, entry in pairwise(entries) if before is self.focused), None)
        if after is not None:
            self.set_focus(after)
            return
        lines = tuple(entry.value.strip() for entry in entries)
        try:
            self._check(lines)
        except (ValueError, UsageError) as error:
            wrong = self.query_one(".wrong", Label)
            wrong.update(Text(f"✗ {printable(str(error))}"))
            wrong.display = True
            self.set_focus(entries[0])
        else:
            self.dismiss(lines)


class AskOne(Question[str | None]):
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
            yield Label(_TAKES if self._remove is None else f"x deletes it · {_TAKES}", classes="hint")

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
