r"""Words that somebody looks for, as the store can find them: fragments for the text index, and one exact pattern.

A text is stored as it was sent, which is seldom plain: as JSON, or JSON within JSON, a line begins as `\nnext`, a dash
is `\u2014`, `größe` is `gr\u00f6\u00dfe`; in structured values a length stands right before the first word. So what
the index sees as a word is often a word with something stuck to it. It is asked for words that *contain* a fragment
(by its dictionary, 10 to 150 ms at two million texts), which misses nothing; the pattern then says which texts really
hold the words, next to each other and whole, in any case and with whatever is no letter or digit between them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from playhead.errors import UsageError

# Shorter ones are in too many words to be worth asking the index.
SHORTEST_FRAGMENT = 3
# The longest of them; long words are rare, and the pattern looks at all.
MOST_FRAGMENTS = 3
_LONGEST = 1000

# Escaped characters that are no letters: Latin-1's punctuation, and all from U+2000 on. Between them lie letters.
_ESCAPED = r"u(?:00[0-9ab][0-9a-f]|[2-9a-f][0-9a-f]{3})"
# Scripts that are written without spaces: where a word ends there cannot be seen.
_SPACELESS = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_BETWEEN = rf"(?:[^\pL\pN\\]|\\+(?:[bfnrt]|{_ESCAPED})?)+"
# The last: tag and length of a value in a structured one, where the length happens to be a letter's or digit's code.
# (A backslash may also be itself, so `nice` is found in `\nice`; to miss `name` in `C:\name` would be worse.)
_BEFORE = rf"(?:^|[^\pL\pN]|{_SPACELESS}|\\+(?:[bfnrt]|{_ESCAPED})|[\x0a\x12][\x00-\x7f]\x0a[0-9A-Za-z])"
_AFTER = rf"(?:$|[^\pL\pN\\]|{_SPACELESS}|\\+(?:[^u\\]|{_ESCAPED}|$))"


@dataclass(frozen=True, slots=True)
class Search:
    fragments: tuple[str, ...]
    """Runs of ASCII letters and digits, in lower case: every text that matches contains them all. Where the words have
    none that is long enough, all texts are read.
    """
    pattern: str
    """A regular expression as ClickHouse (RE2) reads it."""


def search_for(text: str) -> Search:
    """Raises UsageError where there is nothing to look for."""
    if len(text) > _LONGEST:
        raise UsageError(f"--text takes up to {_LONGEST} characters, and these are {len(text)}")
    words = re.findall(r"[^\W_]+", text)
    if not words:
        raise UsageError(f"--text {text!r} holds no word: write letters or digits to look for")
    found = {part.lower() for word in words for part in re.findall(r"[0-9A-Za-z]+", word)}
    fragments = [part for part in sorted(found, key=lambda part: (-len(part), part)) if len(part) >= SHORTEST_FRAGMENT]
    pattern = "(?i)" + _BETWEEN.join(_word(word) for word in words)
    if not _is_spaceless(words[0][0]):
        pattern = pattern.replace("(?i)", f"(?i){_BEFORE}", 1)
    if not _is_spaceless(words[-1][-1]):
        pattern += _AFTER
    return Search(tuple(fragments[:MOST_FRAGMENTS]), pattern)


def _word(word: str) -> str:
    return "".join(_letter(letter) for letter in word)


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
