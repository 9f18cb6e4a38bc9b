"""Reads a rule's file: a header, then one SELECT. docs/alerts.md defines the format.

A file without a SELECT says which rule it is like: it asks that one's, and what it does not say is as it is there.

What is wrong is refused with its line and what to write instead; nothing is guessed. Whether the SELECT may run, and
returns what it should, is for `admission.py` to say: this needs no store.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from playhead_collector.alerts.bare import bare
from playhead_collector.alerts.rule import AT, BOUND, RUNS, SHIPPED, Parameter, Rule, Severity
from playhead_collector.alerts.rule_header import NEEDED, Header, plain, read_header
from playhead_collector.errors import RuleRefused

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_COLUMN = re.compile(r"[a-z_][a-z0-9_]{0,59}")
_DURATION = re.compile(r"(\d+)\s*(ms|s|m|h|d)")
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=3650)
PLACEHOLDER = re.compile(r"\{\s*(?P<name>[A-Za-z_]\w*)\s*:(?P<type>[^{}]+)\}")


def read_rule(path: Path) -> Rule:
    """The rule in a file; its name is the file's."""
    text = _text(path)
    if not _NAME.fullmatch(path.stem):
        raise RuleRefused(path, 1, f"{path.stem!r} cannot be a rule's name: use a-z, 0-9 and _ in the file's name")
    header, asks = read_header(path, text), path
    if "like" in header.entries:
        asks = _like(path, header, text)
        text = _text(asks)
        header = header.over(read_header(asks, text))
    for key in NEEDED:
        if not header.text(key):
            raise RuleRefused(path, 1, f"the header says no {key}: write '-- {key}: …'")
    bound = _bound(path, text, header.all_figures())
    about_runs = RUNS in bound
    return Rule(
        name=path.stem,
        path=path,
        asks=asks,
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
        parameters=tuple(header.figures["parameter"].values()),
        constants=tuple(header.figures["constant"].values()),
        bound=frozenset(bound),
        only_if=_only_if(path, header, about_runs=about_runs),
    )


def _text(path: Path) -> str:
    try:
        # Some editors write a mark of the order of bytes first.
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleRefused(path, 1, f"it cannot be read: {error}") from None


def _like(path: Path, header: Header, text: str) -> Path:
    """The file of the rule that this one is like: in the same folder, or shipped; one that is right by itself."""
    name, line = header.entries["like"].value, header.entries["like"].line
    for number, said in enumerate(text.splitlines(), 1):
        if said.strip() and not said.startswith("--"):
            raise RuleRefused(path, number, f"it asks the SELECT of {name!r}: leave out this one, or the 'like'")
    rules = {one.stem: one for folder in (SHIPPED, path.parent) for one in folder.glob("*.sql") if one != path}
    if name not in rules:
        near = difflib.get_close_matches(name, rules, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(rules))}"
        raise RuleRefused(path, line, f"there is no rule {name!r} to be like; {hint}")
    try:
        if "like" in read_header(rules[name], _text(rules[name])).entries:
            raise RuleRefused(path, line, f"{name!r} has no SELECT itself: name the rule that it is like")
        read_rule(rules[name])
    except RuleRefused as error:
        if error.path == path:
            raise
        raise RuleRefused(path, line, f"what it is like is refused, {error}") from None
    return rules[name]


def _only_if(path: Path, header: Header, *, about_runs: bool) -> str:
    entry = header.entries.get("only_if")
    if entry is None:
        return ""
    if not about_runs:
        raise RuleRefused(path, entry.line, "only_if is of a rule about runs: of one that takes {runs:Array(String)}")
    declared = header.all_figures()
    for found in PLACEHOLDER.finditer(entry.value):
        if found["name"] not in declared or declared[found["name"]].type != plain(found["type"]):
            raise RuleRefused(path, entry.line, f"only_if: {found[0]} is no parameter of this rule")
    return entry.value


def _bound(path: Path, text: str, declared: Mapping[str, Parameter]) -> set[str]:
    """The evaluator's values that the SELECT takes; what else it takes is declared, and what is declared it takes."""
    taken: set[str] = set()
    statement = bare(text)
    for found in PLACEHOLDER.finditer(statement):
        name, kind = found["name"], plain(found["type"])
        known = BOUND.get(name) or (declared[name].type if name in declared else None)
        number = 1 + statement.count("\n", 0, found.start())
        if known is None:
            raise RuleRefused(
                path, number, f"{{{name}:{kind}}} is no parameter: declare it with '-- parameter: {name} {kind} = …'"
            )
        if kind != plain(known):
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
    try:
        span = timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError:
        span = timedelta.max
    if span > _LONGEST:
        # There is no date so long ago, and a rule that looks back so far would keep all others from being asked.
        raise ValueError(f"{text!r} is more than {_LONGEST.days}d")
    return span


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
