"""Reads the header of a rule's file: lines of `-- key: value`, which docs/alerts.md defines.

What is wrong is refused with its line and what to write instead; nothing is guessed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from playhead_collector.alerts.rule import BOUND, Parameter
from playhead_collector.errors import RuleRefused

T = TypeVar("T")

_ENTRY = re.compile(r"--\s?(?P<key>[a-z_]+):(?:\s+(?P<value>.*))?")
_CONTINUED = re.compile(r"--\s{2,}(?P<value>\S.*)")
_PARAMETER = re.compile(
    r"(?P<name>[a-z_][a-z0-9_]*)\s+(?P<type>[^=]+?)\s*=\s*(?P<default>[^;]*?)\s*(?:;\s*(?P<about>.+))?"
)
NEEDED = ("title", "why", "severity")
_OF_ITSELF = ("title", "why")
_FIGURES = ("parameter", "constant")
_KEYS = (
    *NEEDED,
    *("like", "owner", "runbook", "every", "for", "resolve_after", "lookback", "group_by", "notify", "only_if"),
    *_FIGURES,
)


@dataclass(frozen=True, slots=True)
class _Entry:
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says before its SELECT."""

    path: Path
    entries: dict[str, _Entry]
    figures: dict[str, dict[str, Parameter]]
    """Parameters and constants, by name."""

    def text(self, key: str, default: str = "") -> str:
        entry = self.entries.get(key)
        return entry.value if entry is not None else default

    def read(self, key: str, default: T, how: Callable[[str], T]) -> T:
        entry = self.entries.get(key)
        if entry is None:
            return default
        try:
            return how(entry.value)
        except ValueError as error:
            raise RuleRefused(self.path, entry.line, f"{key}: {error}") from None

    def all_figures(self) -> dict[str, Parameter]:
        return {name: one for key in _FIGURES for name, one in self.figures[key].items()}

    def over(self, other: Header) -> Header:
        """With what the other says where this one says nothing, but for what each rule says of itself."""
        own, theirs = self.all_figures(), other.all_figures()
        for name, figure in own.items():
            if name in theirs and figure.type != theirs[name].type:
                raise RuleRefused(self.path, figure.line, f"{name} is {theirs[name].type} in {other.path.stem}")
        return Header(
            self.path,
            {key: entry for key, entry in other.entries.items() if key not in _OF_ITSELF} | self.entries,
            {
                key: {n: one for n, one in other.figures[key].items() if n not in own or n in self.figures[key]}
                | self.figures[key]
                for key in _FIGURES
            },
        )


def read_header(path: Path, text: str) -> Header:
    header = Header(path, {}, {key: {} for key in _FIGURES})
    last: str | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("--"):
            if not line.strip():
                continue
            break
        continued = _CONTINUED.fullmatch(line)
        if continued is not None and last is not None:
            entry = header.entries[last]
            header.entries[last] = _Entry(f"{entry.value} {continued['value'].strip()}", entry.line)
            continue
        found = _ENTRY.fullmatch(line.rstrip())
        if found is None:
            raise RuleRefused(
                path, number, "the header is lines of '-- key: value'; a line that goes on is indented by two or more"
            )
        key, value = found["key"], (found["value"] or "").strip()
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(_KEYS)}"
            raise RuleRefused(path, number, f"there is no key {key!r}; {hint}")
        if key in _FIGURES:
            figure = _figure(path, number, key, value, header.all_figures())
            header.figures[key][figure.name] = figure
            last = None
            continue
        if key in header.entries:
            raise RuleRefused(path, number, f"{key!r} is said twice, first in line {header.entries[key].line}")
        header.entries[key] = _Entry(value, number)
        last = key
    return header


def _figure(path: Path, line: int, key: str, value: str, others: Mapping[str, Parameter]) -> Parameter:
    found = _PARAMETER.fullmatch(value)
    if found is None:
        raise RuleRefused(path, line, f"a {key} is written 'name Type = default; what it is'")
    if found["name"] in BOUND:
        raise RuleRefused(path, line, f"{found['name']!r} is bound by the evaluator; name the {key} otherwise")
    if found["name"] in others:
        raise RuleRefused(
            path, line, f"{found['name']!r} is declared twice, first in line {others[found['name']].line}"
        )
    return Parameter(found["name"], plain(found["type"]), found["default"].strip("'"), found["about"] or "", path, line)


def plain(kind: str) -> str:
    """A type without its spaces."""
    return re.sub(r"\s+", "", kind)
