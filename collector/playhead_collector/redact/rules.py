"""Which rules hide what in which project, as an operator writes them.

    secrets              keys, tokens and passwords of known shapes and names: what the SDK hides by itself
    email, card, …       personal data, found by what it looks like (playhead.values.personal)
    key:NAME             what stands under an attribute of this name, or under this key of a JSON text
    pattern:REGEX        what matches; where it has a group `secret`, that group
    keep-recordings      recordings are kept as they came: their SDK hides what has to be hidden

`PROJECT=RULE` is for one project, and a rule alone for all of them: a project that somebody forgot to name must not be
the one of which nothing is hidden. Any rule at all brings `secrets` with it.

An operator's expression is run by RE2, which takes time in proportion to the text whatever the expression: Python's own
engine held the whole collector for as long as `(a+)+$` wanted it to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import re2

from playhead.errors import UsageError
from playhead.values.personal import DETECTORS
from playhead.values.redact import Pattern, Redactor
from playhead_collector.store.address import checked_project

_OF_PROJECT = re.compile(r"(?P<project>[a-z0-9_]{1,40})=(?P<rule>.+)", re.DOTALL)
_WORDS = ("secrets", *DETECTORS, "keep-recordings")
# RE2 takes a little memory for each expression; this is for what a person writes.
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Rules:
    """What is hidden in one project."""

    detectors: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    keep_recordings: bool = False

    def redactor(self, salt: bytes) -> Redactor:
        exact = [key for key in self.keys if "*" not in key]
        return Redactor(salt, fields=exact, patterns=self.compiled(), detectors=self.detectors)

    def compiled(self) -> list[Pattern]:
        return [compiled(pattern) for pattern in self.patterns]


@dataclass(frozen=True, slots=True)
class RulesByProject:
    """The rules of all projects, and those of some on top."""

    for_all: tuple[str, ...]
    of_project: dict[str, tuple[str, ...]]

    def of(self, project: str) -> Rules | None:
        """None where nothing is to be hidden."""
        found = [*self.for_all, *self.of_project.get(project, ())]
        return _rules(found) if found else None


def rules_by_project(entries: Iterable[str]) -> RulesByProject:
    """Raises UsageError where an entry is no rule."""
    for_all: list[str] = []
    of_project: dict[str, list[str]] = {}
    for entry in entries:
        named = _OF_PROJECT.fullmatch(entry)
        rule = named["rule"] if named else entry
        _rules([rule])
        if named:
            of_project.setdefault(checked_project(named["project"]), []).append(rule)
        else:
            for_all.append(rule)
    return RulesByProject(tuple(for_all), {project: tuple(rules) for project, rules in of_project.items()})


def compiled(pattern: str) -> Pattern:
    """Raises UsageError where RE2 does not take it."""
    options = re2.Options()
    options.log_errors = False
    try:
        made: Pattern = re2.compile(pattern, options=options)  # type: ignore[no-untyped-call]
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace") if error.args else "it cannot be read"
        raise UsageError(
            f"the redaction pattern {pattern!r} is refused: {said} (RE2's syntax: no look-around, no back-references)"
        ) from None
    if made.search("") is not None:
        raise UsageError(f"the redaction pattern {pattern!r} matches where there is nothing; say what is to be hidden")
    return made


def _rules(entries: Iterable[str]) -> Rules:
    detectors: list[str] = []
    keys: list[str] = []
    patterns: list[str] = []
    keep_recordings = False
    for entry in entries:
        word, colon, value = entry.partition(":")
        if len(entry) > _LONGEST:
            raise UsageError(f"a redaction rule may have {_LONGEST} characters; this one begins {entry[:60]!r}")
        if colon and word == "key" and value.strip("*"):
            keys.append(value)
        elif colon and word == "pattern" and value:
            compiled(value)
            patterns.append(value)
        elif entry == "keep-recordings":
            keep_recordings = True
        elif entry in DETECTORS:
            detectors.append(entry)
        elif entry != "secrets":
            raise UsageError(
                f"{entry!r} is no redaction rule: write {', '.join(_WORDS)}, key:NAME or pattern:REGEX, "
                "and PROJECT= before it for one project"
            )
    return Rules(tuple(dict.fromkeys(detectors)), tuple(keys), tuple(patterns), keep_recordings)
