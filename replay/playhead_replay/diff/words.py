"""What differs between two texts, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import Literal

from playhead_replay.diff.sequence import matches

Where = Literal["both", "a", "b"]

# Words, white space, and every other character by itself; of scripts that are written without spaces, too.
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[^\W{_SPACELESS}]+|\s+|.", re.DOTALL)
# More text is compared line by line: words of 160,000 characters that hardly agree took 4 s.
_LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of text that is in both, or only in one."""

    where: Where
    text: str


def diff_words(a: str, b: str) -> tuple[Words, ...]:
    """In order; what is only in A stands before what is in B in its place. Joined they are the texts again."""
    if a == b:
        return (Words("both", a),) if a else ()
    if len(a) + len(b) > _LONGEST:
        return tuple(_merged(_pieces(a.splitlines(keepends=True), b.splitlines(keepends=True))))
    return tuple(_merged(_readable(list(_merged(_pieces(_TOKEN.findall(a), _TOKEN.findall(b)))))))


def _pieces(a: Sequence[str], b: Sequence[str]) -> Iterator[Words]:
    i = j = 0
    for next_i, next_j in [*matches(a, b), (len(a), len(b))]:
        yield Words("a", "".join(a[i:next_i]))
        yield Words("b", "".join(b[j:next_j]))
        if next_i < len(a):
            yield Words("both", a[next_i])
        i, j = next_i + 1, next_j + 1


def _merged(pieces: Iterable[Words]) -> Iterator[Words]:
    """Neighbours of one kind as one, and of a change what is only in A first."""
    for is_both, group in groupby((piece for piece in pieces if piece.text), lambda piece: piece.where == "both"):
        if is_both:
            yield Words("both", "".join(piece.text for piece in group))
            continue
        only: dict[Where, list[str]] = {"a": [], "b": []}
        for piece in group:
            only[piece.where].append(piece.text)
        for where, texts in only.items():
            if texts:
                yield Words(where, "".join(texts))


def _readable(pieces: Sequence[Words]) -> Iterator[Words]:
    """A blank, or a word or two, between changes that are longer is no island of agreement: read apart, they are
    confetti.
    """
    changed = 0
    for place, piece in enumerate(pieces):
        if piece.where != "both":
            changed = max(changed, len(piece.text))
            yield piece
            continue
        after = [len(one.text) for one in takewhile(lambda one: one.where != "both", pieces[place + 1 : place + 3])]
        if changed and after and (len(piece.text) <= min(changed, max(after)) or not re.search(r"\w{2}", piece.text)):
            changed += len(piece.text)
            yield Words("a", piece.text)
            yield Words("b", piece.text)
        else:
            changed = 0
            yield piece
