"""What must be so of a run for a rule to find something about it (`only_if` of its header), as a statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.rule_file import PLACEHOLDER
from playhead_collector.store.query import load


def sieve_of(rules: Sequence[Rule]) -> str:
    """A statement with a column for each rule, whose parameters bear its name: others may have the same."""
    conditions = (f"({_condition(rule)}) AS asks_{rule.name}" for rule in rules)
    return load("sieve").replace("{{conditions}}", ", ".join(conditions))


def condition_values(rule: Rule, chosen: Mapping[str, str]) -> dict[str, str]:
    """Of the parameters that its condition takes."""
    values = rule.values(chosen)
    return {_bound(rule, found["name"]): values[found["name"]] for found in PLACEHOLDER.finditer(rule.only_if)}


def _condition(rule: Rule) -> str:
    return PLACEHOLDER.sub(lambda found: f"{{{_bound(rule, found['name'])}:{found['type']}}}", rule.only_if)


def _bound(rule: Rule, name: str) -> str:
    return f"{rule.name}_{name}"
