r"""Words that somebody looks for, as the store can find them: tokens for the text index, and exact patterns.

What is promised: whole words, next to each other, in any case and with whatever is no letter or digit between them. In
`*fund*` a star stands for more letters or digits. Of scripts that are written without spaces, words are found anywhere.

A text is stored as it was sent, which is seldom plain: as JSON, or JSON within JSON, a line begins as `\nnext`, a dash
is `\u2014`, `größe` is `gr\u00f6\u00dfe`; in structured values a length stands right before the first word. The column
`words` (06_messages.sql) has spaces for all that is not ASCII or is escaped as `\u…`. So an ASCII word, or the ASCII
part of another, is a token of it, with at most one letter or digit stuck to its front. Such tokens are asked for by
name, which misses nothing and takes milliseconds; of the few texts left, a pattern says which hold what was meant.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from playhead.errors import UsageError

# Of the parts of starred words: shorter ones are in too many words to be worth asking the index.
SHORTEST_FRAGMENT = 3
# Long words are rare, and the pattern looks at all.
MOST_PARTS = 3
_LONGEST = 1000

# What can stick to the front of a word: the n of `\n`, or the last byte of a length.
_STUCK = ("", *"0123456789abcdefghijklmnopqrstuvwxyz")
# A word that begins so may have been taken for an escaped character, in `C:\uaccess`.
_LIKE_ESCAPE = re.compile(r"u[0-9a-f]{4}")

# Escaped characters that are no letters: Latin-1's punctuation, and all from U+2000 on. Between them lie letters.
_ESCAPED = r"u(?:00[0-9ab][0-9a-f]|[2-9a-f][0-9a-f]{3})"
_ESCAPED_LETTER = r"u(?:00[c-f][0-9a-f]|0[1-9a-f][0-9a-f]{2}|1[0-9a-f]{3})"
# Scripts that are written without spaces: where a word ends there cannot be seen.
_SPACELESS = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
# Tag and length of a value in a structured one, where the length, or its last byte, is a letter's or digit's code.
_LENGTH = r"[\x0a\x12][\x00-\x7f]\x0a[0-9A-Za-z]|(?:^\x0a|\x12)\C[0-9:A-\[a-{]\x0a\C[0-9A-Za-z]"
# (A backslash may also be itself, so `nice` is found in `\nice`; to miss `name` in `C:\name` would be worse.)
_ESCAPE_BEFORE = rf"\\+(?:[bfnrt]|{_ESCAPED})"
_ESCAPE_AFTER = rf"\\+(?:[^uU\\]|{_ESCAPED}|$)"
_MORE = rf"(?:[\pL\pN]|\\+{_ESCAPED_LETTER})*"

_BETWEEN = rf"(?:[^\pL\pN\\]|\\+(?:[bfnrt]|{_ESCAPED})?)+"
_BEFORE = rf"(?:^|[^\pL\pN]|{_SPACELESS}|{_ESCAPE_BEFORE}|{_LENGTH})"
_AFTER = rf"(?:$|[^\pL\pN\\]|{_SPACELESS}|{_ESCAPE_AFTER})"
# The same where only ASCII stands around the words.
_PLAIN = r"\x00-/:-@\[\]-`{-\x7f"
_PLAIN_BETWEEN = rf"(?:[{_PLAIN}]|\\+(?:[bfnrt]|{_ESCAPED})?)+"
_PLAIN_BEFORE = rf"(?:^|[{_PLAIN}\\]|{_ESCAPE_BEFORE})"
_PLAIN_AFTER = rf"(?:$|[{_PLAIN}]|{_ESCAPE_AFTER})"


@dataclass(frozen=True, slots=True)
class Search:
    parts: tuple[str, ...]
    """The longest ASCII parts of whole words, in lower case: every text that matches has one of `tokens` of each. Where
    there are neither parts nor fragments, all texts are read.
    """
    fragments: tuple[str, ...]
    """Of starred words: every text that matches has a word that contains each."""
    plain: str
    """Matches most of what `pattern` does, and nothing else; empty where it would not. A regular expression is made
    ready anew for each block of each part, which takes 2 ms for the one and a tenth of that for the other.
    """
    pattern: str
    """A regular expression as ClickHouse (RE2) reads it."""


def tokens(part: str) -> list[str]:
    """What a part of a word may be in the column `words`."""
    mistaken = [part[5:]] if _LIKE_ESCAPE.match(part) else []
    return [stuck + part for stuck in _STUCK] + mistaken


def search_for(text: str) -> Search:
    """Raises UsageError where there is nothing to look for."""
    if len(text) > _LONGEST:
        raise UsageError(f"--text takes up to {_LONGEST} characters, and these are {len(text)}")
    words = [re.sub(r"\*+", "*", word) for word in re.findall(r"(?:[^\W_]|\*)+", text) if word.strip("*")]
    if not words:
        raise UsageError(f"--text {text!r} holds no word: write letters or digits to look for")
    whole = _longest(part for word in words if "*" not in word for part in _ascii(word) if not _is_escape(part))
    starred = _longest(part for word in words if "*" in word for part in _ascii(word) if len(part) >= SHORTEST_FRAGMENT)
    plain = ""
    if all(word.isascii() and "*" not in word for word in words):
        plain = _PLAIN_BEFORE + _PLAIN_BETWEEN.join(f"(?i:{word})" for word in words) + _PLAIN_AFTER
    return Search(whole, starred, plain, _pattern(words))


def _ascii(word: str) -> list[str]:
    return [part.lower() for part in re.findall(r"[0-9A-Za-z]+", word)]


def _longest(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(parts), key=lambda part: (-len(part), part))[:MOST_PARTS])


def _is_escape(part: str) -> bool:
    """Whether it may be missing from `words` altogether."""
    return _LIKE_ESCAPE.fullmatch(part) is not None


def _pattern(words: Sequence[str]) -> str:
    first, last = words[0], words[-1]
    before = "" if first[0] == "*" or _is_spaceless(first[0]) else _BEFORE
    after = "" if last[-1] == "*" or _is_spaceless(last[-1]) else _AFTER
    # At either end a star asks for nothing.
    ends = [*words]
    ends[0] = ends[0].removeprefix("*")
    ends[-1] = ends[-1].removesuffix("*")
    return f"(?i){before}{_BETWEEN.join(map(_word, ends))}{after}"


def _word(word: str) -> str:
    return "".join(_MORE if letter == "*" else _letter(letter) for letter in word)


def _letter(letter: str) -> str:
    """Itself, or as JSON escapes it, in either case."""
    if letter.isascii():
        return letter
    cases = dict.fromkeys([letter, *(other for other in (letter.lower(), letter.upper()) if len(other) == 1)])
    return f"(?:{letter}|" + "|".join(rf"\\+{_as_escape(case)}" for case in cases) + ")"


def _as_escape(letter: str) -> str:
    units = letter.encode("utf-16-be")
    return r"\\+".join(f"u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _is_spaceless(letter: str) -> bool:
    """As in `_SPACELESS`, near enough: what it takes for one only makes the search find more."""
    return unicodedata.east_asian_width(letter) in "WF" or any(
        first <= letter <= last for first, last in (("\u0e00", "\u0eff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff"))
    )
