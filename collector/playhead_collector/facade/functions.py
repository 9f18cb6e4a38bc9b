"""Which functions a statement may call: an allow-list, because the engine grows dangerous ones every
release.

Names are compared without case; the engine takes many functions in any case, and a test holds that no
forbidden name differs from an allowed one by case alone. Must never guess: a name that is neither listed
nor an allowed aggregate with combinators (`sumIf`, `uniqExactIfState`) is not allowed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from playhead_collector.facade.listed import listed

_COMBINATORS = listed("""
    simplestate mergestate ordefault distinct resample foreach argmax argmin ornull tuple merge state
    array null map if
""")
TABLE_FUNCTIONS = listed("numbers numbers_mt zeros zeros_mt values view generateseries generate_series")
# The right side of these names a table without FROM.
IN_FAMILY = listed("in notin globalin globalnotin nullin notnullin globalnullin globalnotnullin")
# These turn bytes into whatever type they are told, aggregate states included, which trust their bytes.
CASTS = listed("cast _cast accuratecast accuratecastornull accuratecastordefault")


@dataclass(frozen=True, slots=True)
class AllowedFunctions:
    ordinary: frozenset[str]
    aggregates: frozenset[str]

    def allows(self, name: str) -> bool:
        lower = name.lower()
        return lower in self.ordinary or lower in self.aggregates or self._combined(lower)

    def _combined(self, lower: str) -> bool:
        for suffix in _COMBINATORS:
            base = lower.removesuffix(suffix)
            if base != lower and (base in self.aggregates or self._combined(base)):
                return True
        return False


@dataclass(frozen=True, slots=True)
class ForbiddenFunctions:
    """What the engine has and the list has not, in lower case."""

    functions: frozenset[str]
    table_functions: frozenset[str]

    @classmethod
    def among(cls, functions: Iterable[str], table_functions: Iterable[str]) -> ForbiddenFunctions:
        allowed = allowed_functions()
        return cls(
            frozenset(name.lower() for name in functions if not allowed.allows(name)),
            frozenset(name.lower() for name in table_functions if name.lower() not in TABLE_FUNCTIONS),
        )

    def called(self, name: str) -> bool:
        """Whether `name(` in a text can only be a call of something forbidden."""
        lower = name.lower()
        if lower in self.functions:
            return True
        return lower in self.table_functions and not allowed_functions().allows(lower)


@cache
def allowed_functions() -> AllowedFunctions:
    sections: dict[str, set[str]] = {"": set(), "[aggregates]": set()}
    section = ""
    text = files("playhead_collector.facade").joinpath("functions.txt").read_text("utf-8")
    for line in text.splitlines():
        if line.startswith("["):
            section = line
        elif not line.startswith("#"):
            sections[section].update(line.lower().split())
    return AllowedFunctions(frozenset(sections[""]), frozenset(sections["[aggregates]"]))
