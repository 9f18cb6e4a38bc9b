"""Text from traces on its way to the screen: made harmless, flattened, and cut to the cells that there are."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from playhead.printable import printable

# What is looked at of a text of which a line is shown: the rest of five megabytes is not even made harmless.
_LOOKED_AT = 4


def one_line(text: str, width: int) -> str:
    """The beginning of a text, in at most so many cells of one line."""
    if width <= 0:
        return ""
    beginning = text[: width * _LOOKED_AT + 64]
    flat = " ".join(printable(beginning).split())
    if cell_len(flat) <= width and len(beginning) == len(text):
        return flat
    if cell_len(flat) < width:
        return flat + "…"
    return set_cell_size(flat, width - 1) + "…"


def cell(text: str, width: int, right: bool = False) -> str:
    """As `one_line`, in exactly so many cells."""
    line = one_line(text, width)
    room = " " * max(0, width - cell_len(line))
    return room + line if right else line + room
