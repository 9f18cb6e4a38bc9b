"""A line to type into. What a terminal acts on, pasted or read from a file of searches, is a star there."""

from __future__ import annotations

from textual.widgets import Input

from playhead.printable import printable


class Entry(Input):
    """Textual's own, which would write an escape sequence to the terminal as it came."""

    def validate_value(self, value: str) -> str:
        return harmless(value)


def harmless(text: str) -> str:
    """With a star for each letter that no line should hold; in a query that stands for it."""
    return "".join(letter if letter.isprintable() and letter == printable(letter) else "*" for letter in text)
