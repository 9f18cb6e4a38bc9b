"""Text for the benches: words of a fixed vocabulary, drawn as people draw theirs.

Random bytes would flatter a text index and insult a compressor, constant text the other way round. So: about
20,000 words, the n-th about n times rarer than the first, the rare ones a few times in a whole bench.
"""

from __future__ import annotations

from functools import lru_cache
from random import Random

VOCABULARY = 20_000
_COMMON = """
the to and of a in is it you that for on was with as have are this be at not but they from we or an by your
can will if all there been has when who more no out so what up their which about order result value time error
please would call next page item account date check found state list total report user data
"""
_ONSETS = "b c d f g h j k l m n p r s t v w st tr pl gr br cl fr sp"
_VOWELS = "a e i o u ea ou ai io"
_CODAS = ("", "", "n", "r", "s", "t", "l", "nd", "st", "ck", "m")
# Each word has a place in a table by its weight; drawing is then one multiplication, not a search.
_TABLE_PLACES = 1 << 18


@lru_cache(maxsize=1)
def vocabulary() -> tuple[str, ...]:
    """The words, the most frequent first."""
    rng = Random("vocabulary")
    onsets, vowels = _ONSETS.split(), _VOWELS.split()
    words = dict.fromkeys(_COMMON.split())
    while len(words) < VOCABULARY:
        # Frequent words are short, in every language.
        syllables = 1 + (len(words) > 300) + (rng.random() < 0.4)
        body = "".join(rng.choice(onsets) + rng.choice(vowels) for _ in range(syllables))
        words[body + rng.choice(_CODAS)] = None
    return tuple(words)


@lru_cache(maxsize=1)
def _table() -> tuple[str, ...]:
    words = vocabulary()
    scale = _TABLE_PLACES / sum(1 / (rank + 2) for rank in range(VOCABULARY))
    return tuple(word for rank, word in enumerate(words) for _ in range(max(1, round(scale / (rank + 2)))))


def draw(rng: Random, count: int) -> list[str]:
    return rng.choices(_table(), k=count)


def prose(rng: Random, count: int) -> str:
    """`count` words in sentences."""
    words = draw(rng, count)
    for at in range(0, count, 11):
        words[at] = words[at].capitalize()
        if at:
            words[at - 1] += "."
    return " ".join(words) + "."
