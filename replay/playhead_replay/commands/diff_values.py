"""One difference as lines of text: a short one as `before → after`, a text word by word, `[-before-]{+after+}`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text

from playhead.printable import printable
from playhead_collector.commands.common import one_line
from playhead_collector.read.value import Data, as_text
from playhead_replay.diff.structure import Absent, Difference
from playhead_replay.diff.words import Words, diff_words

# Words on either side of what changed.
_AROUND = 32
# Texts that have less in common are shown one below the other.
_ALIKE = 0.4


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a value is shown."""

    width: int
    words: bool
    """Changed texts whole."""
    whole: bool
    """Everything."""


def lines_of(what: str, one: Difference, room: Room) -> Iterator[Text]:
    """Both sides in one text, below the name of what differs."""
    name = _name(what, one)
    if isinstance(one.a, Absent) or isinstance(one.b, Absent):
        side, style, value = ("B", "green", one.b) if isinstance(one.a, Absent) else ("A", "red", one.a)
        yield Text(f"{name}, only in {side}: ").append(_shown(value, room, len(name) + 12), style=style)
        return
    a, b = _text(one.a), _text(one.b)
    if len(a) + len(b) + len(name) + 5 <= room.width and len(a) + len(b) < 60 and "\n" not in a + b:
        line = Text(f"{name}: ").append(printable(a), style="red").append(" → ").append(printable(b), style="green")
        yield line
        return
    pieces = _in_common(one)
    if pieces:
        yield Text(f"{name}: ").append_text(_inline(pieces, room, "ab"))
        return
    yield Text(f"{name}:")
    yield Text("  - ").append(_shown(one.a, room, 4), style="red")
    yield Text("  + ").append(_shown(one.b, room, 4), style="green")


def sides_of(what: str, one: Difference, room: Room) -> tuple[Text, Text]:
    """As `lines_of`, each side by itself, to stand beside the other; empty where there is nothing on it."""
    name = _name(what, one)
    pieces = _in_common(one)
    if pieces:
        return (
            Text(f"{name}: ").append_text(_inline(pieces, room, "a")),
            Text(f"{name}: ").append_text(_inline(pieces, room, "b")),
        )
    a, b = (
        Text()
        if isinstance(value, Absent)
        else Text(f"{sign} {name}: ").append(_shown(value, room, len(name) + 4), style=style)
        for sign, style, value in (("-", "red", one.a), ("+", "green", one.b))
    )
    return a, b


def _name(what: str, one: Difference) -> str:
    return one_line(f"{what}{'' if not one.path else one.path if one.path.startswith('[') else '.' + one.path}", 120)


def _in_common(one: Difference) -> tuple[Words, ...]:
    """Two texts word by word, where they have enough in common to be read so."""
    if not (isinstance(one.a, str) and isinstance(one.b, str)):
        return ()
    pieces = diff_words(one.a, one.b)
    same = sum(len(piece.text) for piece in pieces if piece.where == "both")
    return pieces if same > _ALIKE * min(len(one.a), len(one.b)) else ()


def _inline(pieces: tuple[Words, ...], room: Room, sides: str) -> Text:
    line = Text()
    last = len(pieces) - 1
    for place, piece in enumerate(pieces):
        text = printable(piece.text)
        if not room.words:
            text = text.replace("\n", "⏎")
        if piece.where == "both":
            line.append(text if room.words else _around(text, place > 0, place < last), style="dim")
        elif piece.where not in sides:
            continue
        elif piece.where == "a":
            line.append(f"[-{text}-]", style="red")
        else:
            line.append(f"{{+{text}+}}", style="green")
    return line


def _around(text: str, is_after: bool, is_before: bool) -> str:
    """What stands next to a change, and dots for the rest."""
    if len(text) <= _AROUND * (is_after + is_before) + 5:
        return text
    after = text[:_AROUND].rsplit(" ", 1)[0] if is_after else ""
    before = text[-_AROUND:].split(" ", 1)[-1] if is_before else ""
    return f"{after}…{before}"


def _text(value: Data | Absent) -> str:
    if isinstance(value, Absent):
        return ""
    return "null" if value is None else as_text(value)


def _shown(value: Data | Absent, room: Room, used: int) -> str:
    text = _text(value)
    return printable(text) if room.whole else one_line(text, max(40, room.width - used))
