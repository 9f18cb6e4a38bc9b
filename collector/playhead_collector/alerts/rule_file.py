"""Reads a rule's file: a header of `-- key: value` lines, then one SELECT. docs/alerts.md defines the format.

What is wrong is refused with its line and what to write instead; nothing is guessed. Whether the SELECT may run, and
returns what it should, is for `admission.py` to say: this needs no store.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from playhead_collector.alerts.rule import AT, BOUND, RUNS, Parameter, Rule, Severity
from playhead_collector.errors import RuleRefused

T = TypeVar("T")

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_COLUMN = re.compile(r"[a-z_][a-z0-9_]{0,59}")
_ENTRY = re.compile(r"--\s?(?P<key>[a-z_]+):(?:\s+(?P<value>.*))?")
_CONTINUED = re.compile(r"--\s{2,}(?P<value>\S.*)")
_PARAMETER = re.compile(
    r"(?P<name>[a-z_][a-z0-9_]*)\s+(?P<type>[^=]+?)\s*=\s*(?P<default>[^;]*?)\s*(?:;\s*(?P<about>.+))?"
)
_DURATION = re.compile(r"(\d+)\s*(ms|s|m|h|d)")
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PLACEHOLDER = re.compile(r"\{\s*(?P<name>[A-Za-z_]\w*)\s*:(?P<type>[^{}]+)\}")
_NEEDED = ("title", "why", "severity")
_KEYS = (
    *_NEEDED,
    *("owner", "runbook", "every", "for", "resolve_after", "lookback", "group_by", "notify", "parameter"),
)


@dataclass(frozen=True, slots=True)
class _Entry:
    value: str
    line: int


@dataclass(slots=True)
class _Header:
    path: Path
    entries: dict[str, _Entry]
    parameters: list[Parameter]

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


def read_rule(path: Path) -> Rule:
    """The rule in a file; its name is the file's."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleRefused(path, 1, f"it cannot be read: {error}") from None
    if not _NAME.fullmatch(path.stem):
        raise RuleRefused(path, 1, f"{path.stem!r} cannot be a rule's name: use a-z, 0-9 and _ in the file's name")
    header = _header(path, text)
    bound = _bound(path, text, {parameter.name: parameter for parameter in header.parameters})
    about_runs = RUNS in bound
    return Rule(
        name=path.stem,
        path=path,
        text=text,
        title=header.text("title"),
        why=header.text("why"),
        severity=header.read("severity", Severity.WARNING, _severity),
        owner=header.text("owner"),
        runbook=header.text("runbook"),
        every=header.read("every", timedelta(seconds=0 if about_runs else 30), duration),
        hold=header.read("for", timedelta(0), duration),
        resolve_after=header.read("resolve_after", timedelta(minutes=15 if about_runs else 2), duration),
        lookback=header.read("lookback", timedelta(hours=1), duration),
        group_by=header.read("group_by", ("run_id",) if about_runs else (), _columns),
        notify=header.read("notify", ("default",), _names),
        parameters=tuple(header.parameters),
        bound=frozenset(bound),
    )


def _header(path: Path, text: str) -> _Header:
    header = _Header(path, {}, [])
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
        if key == "parameter":
            header.parameters.append(_parameter(path, number, value, header.parameters))
            last = None
            continue
        if key in header.entries:
            raise RuleRefused(path, number, f"{key!r} is said twice, first in line {header.entries[key].line}")
        header.entries[key] = _Entry(value, number)
        last = key
    for key in _NEEDED:
        if not header.text(key):
            raise RuleRefused(path, 1, f"the header says no {key}: write '-- {key}: …'")
    return header


def _parameter(path: Path, line: int, value: str, others: list[Parameter]) -> Parameter:
    found = _PARAMETER.fullmatch(value)
    if found is None:
        raise RuleRefused(path, line, "a parameter is written 'name Type = default; what it is'")
    if found["name"] in BOUND:
        raise RuleRefused(path, line, f"{found['name']!r} is bound by the evaluator; name the parameter otherwise")
    if found["name"] in {other.name for other in others}:
        raise RuleRefused(path, line, f"the parameter {found['name']!r} is declared twice")
    return Parameter(found["name"], _plain(found["type"]), found["default"].strip("'"), found["about"] or "", line)


def _bound(path: Path, text: str, declared: Mapping[str, Parameter]) -> set[str]:
    """The evaluator's values that the SELECT takes; what else it takes is declared, and what is declared it takes."""
    taken: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        for found in _PLACEHOLDER.finditer(line.partition("--")[0]):
            name, kind = found["name"], _plain(found["type"])
            known = BOUND.get(name) or (declared[name].type if name in declared else None)
            if known is None:
                raise RuleRefused(
                    path,
                    number,
                    f"{{{name}:{kind}}} is no parameter: declare it with '-- parameter: {name} {kind} = …'",
                )
            if kind != _plain(known):
                raise RuleRefused(path, number, f"{name} is {known}, and not {kind}")
            taken.add(name)
    for parameter in declared.values():
        if parameter.name not in taken:
            raise RuleRefused(path, parameter.line, f"the SELECT does not take the parameter {parameter.name!r}")
    if not taken & {RUNS, AT}:
        raise RuleRefused(
            path,
            1,
            "the SELECT would read everything each time: take the runs that changed, run_id IN {runs:Array(String)}, "
            "or a window of time, {at:Identifier} > {since:DateTime64(3, 'UTC')} AND {at:Identifier} <= "
            "{until:DateTime64(3, 'UTC')}",
        )
    return taken & set(BOUND)


def duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no span of time: write 500ms, 30s, 5m, 2h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _severity(text: str) -> Severity:
    try:
        return Severity(text)
    except ValueError:
        raise ValueError(f"{text!r} is none of {', '.join(Severity)}") from None


def _columns(text: str) -> tuple[str, ...]:
    names = _names(text)
    wrong = [name for name in names if not _COLUMN.fullmatch(name)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is no column's name")
    return names


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _plain(kind: str) -> str:
    return re.sub(r"\s+", "", kind)
