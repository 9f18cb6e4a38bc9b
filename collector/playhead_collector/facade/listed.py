"""Lists of names written as running text, which is how a person can review a list of eighty of them."""

from __future__ import annotations


def listed(text: str) -> frozenset[str]:
    return frozenset(text.split())
