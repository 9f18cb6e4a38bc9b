"""Objectives, as a TOML file has them: what counts as good, and how often it has to be.

    [acceptance]                 # a run that says ok is a success where its score is at least this
    score = "resolved"
    least = 0.7

    [[objective]]
    name = "support succeeds"
    agent = "support"            # all agents where it is left out
    indicator = "success"        # success, unaided, latency or cost
    target = 0.98
    window = "30d"

    [[objective]]
    name = "answers in time"
    indicator = "latency"
    at_most = 30                 # seconds; for cost USD a run
    target = 0.95

    [metrics]
    by = ["agent", "version"]    # the groups that `/metrics` shows service levels of; agent alone where it is left out

What is wrong in it is refused with what to write instead; a misspelt key must never be an objective that nobody checks.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeGuard

from playhead.errors import UsageError

INDICATORS = ("success", "unaided", "latency", "cost")
SHOWN_BY = ("agent", "version", "model", "segment")
_BOUNDED = ("latency", "cost")
_DURATION = re.compile(r"(\d{1,9})\s*([hd])")
_LONGEST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Which score says that a run's outcome is accepted; with no name a run's own end decides."""

    score: str = ""
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Objective:
    name: str
    indicator: str
    target: float
    window: timedelta
    agent: str = ""
    at_most: float = 0.0
    """Seconds or USD, for latency and cost."""


@dataclass(frozen=True, slots=True)
class Objectives:
    acceptance: Acceptance = Acceptance()
    objectives: tuple[Objective, ...] = ()
    metrics_by: tuple[str, ...] = SHOWN_BY[:1]
    """By what `/metrics` groups service levels."""


def users_objectives() -> Path:
    """Where this user's are, as the XDG directory specification has it."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "playhead" / "objectives.toml"


def objectives_of(path: Path | None) -> Objectives:
    """Those of a file; where none is named, of the user's own, if it is there."""
    if path is None and not users_objectives().exists():
        return Objectives()
    return read_objectives(path or users_objectives())


def read_objectives(path: Path) -> Objectives:
    """Raises UsageError, naming the file and the objective."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the objectives {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the objectives {path} are no TOML: {error}") from None
    _only(path, "the file", told, ("acceptance", "objective", "metrics"))
    given = _table(path, told, "acceptance")
    _only(path, "[acceptance]", given, ("score", "least"))
    if given and not (isinstance(given.get("score"), str) and _number(given.get("least"))):
        raise UsageError(f'{path}: [acceptance] says which score, and how much of it: score = "resolved", least = 0.7')
    acceptance = Acceptance(given["score"], float(given["least"])) if given else Acceptance()
    listed = told.get("objective", [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise UsageError(f"{path}: each objective is a table of its own: write it as [[objective]], in two brackets")
    objectives = tuple(_objective(path, number, one) for number, one in enumerate(listed, 1))
    names = [one.name for one in objectives]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{path}: two objectives are named {twice!r}")
    return Objectives(acceptance, objectives, _metrics_by(path, _table(path, told, "metrics")))


def _metrics_by(path: Path, told: Mapping[str, Any]) -> tuple[str, ...]:
    _only(path, "[metrics]", told, ("by",))
    by = told.get("by", list(SHOWN_BY[:1]))
    if not isinstance(by, list) or not by or any(one not in SHOWN_BY for one in by):
        raise UsageError(f'{path}: [metrics] by is a list of {", ".join(SHOWN_BY)}: by = ["agent", "version"]')
    return tuple(dict.fromkeys(by))


def _objective(path: Path, number: int, told: Mapping[str, Any]) -> Objective:
    where = f"objective {number} ({told.get('name', 'without a name')})"
    _only(path, where, told, ("name", "agent", "indicator", "target", "window", "at_most"))
    name, indicator, target = told.get("name"), told.get("indicator"), told.get("target")
    if not isinstance(name, str) or not name:
        raise UsageError(f'{path}: {where} has no name: name = "answers in time"')
    if indicator not in INDICATORS:
        raise UsageError(f"{path}: {where}: indicator is one of {', '.join(INDICATORS)}")
    if not _number(target) or not 0 < float(target) < 1:
        raise UsageError(f"{path}: {where}: target is a share between 0 and 1, as 0.99; 1 leaves no budget at all")
    at_most = told.get("at_most", 0)
    if (indicator in _BOUNDED) is not ("at_most" in told) or not _number(at_most) or at_most < 0:
        raise UsageError(f"{path}: {where}: at_most goes with latency (seconds) and cost (USD), and is 0 or more")
    return Objective(
        name,
        indicator,
        float(target),
        _window(path, where, told.get("window", "30d")),
        str(told.get("agent", "")),
        float(at_most),
    )


def _window(path: Path, where: str, told: object) -> timedelta:
    found = _DURATION.fullmatch(told) if isinstance(told, str) else None
    hours = int(found[1]) * (24 if found[2] == "d" else 1) if found is not None else 0
    if not 0 < hours <= _LONGEST_DAYS * 24:
        raise UsageError(f'{path}: {where}: window is written as "30d" or "12h", and is {_LONGEST_DAYS}d at the most')
    return timedelta(hours=hours)


def _table(path: Path, told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name, {})
    if not isinstance(found, dict):
        raise UsageError(f"{path}: {name} is one table: write it as [{name}]")
    return found


def _only(path: Path, where: str, told: Mapping[str, Any], keys: Collection[str]) -> None:
    for key in told:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(keys)}"
            raise UsageError(f"{path}: {where} has no {key!r}; {hint}")


def _number(told: object) -> TypeGuard[float]:
    """One that counts: TOML has nan, inf, and whole numbers that no float holds."""
    return isinstance(told, (int, float)) and not isinstance(told, bool) and abs(told) <= sys.float_info.max
