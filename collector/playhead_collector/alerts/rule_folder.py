"""All the rules there are: the shipped ones, and those of a user's folder, which add to them or override by name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from playhead.errors import UsageError
from playhead_collector.alerts.rule import SHIPPED, Rule
from playhead_collector.alerts.rule_file import read_rule
from playhead_collector.errors import RuleRefused


@dataclass(frozen=True, slots=True)
class Rules:
    """What could be read, by name, and what could not: a broken rule keeps no other from being asked."""

    rules: tuple[Rule, ...]
    refused: tuple[RuleRefused, ...]


def users_folder() -> Path:
    """Where this user's rules are, as the XDG directory specification has it."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "playhead" / "alerts"


def read_rules(folder: Path | None = None) -> Rules:
    """The shipped rules and those of a folder; where none is named, of the user's own, if it is there."""
    if folder is not None and not folder.is_dir():
        raise UsageError(f"there is no folder {folder} to read rules from: name one with --rules")
    own = folder or users_folder()
    found: dict[str, Path] = {path.stem: path for path in _files(SHIPPED)}
    found |= {path.stem: path for path in _files(own)}
    rules, refused = [], []
    for _, path in sorted(found.items()):
        try:
            rules.append(read_rule(path))
        except RuleRefused as error:
            refused.append(error)
    return Rules(tuple(rules), tuple(refused))


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.sql"))
