"""The file of alerts' settings (TOML): who can be told, and what users want otherwise of rules.

    [receivers.default]
    type = "webhook"
    url = "https://example.com/alerts"
    secret = "$ALERTS_SECRET"

    [rules.repeated_call]
    notify = ["pager"]
    parameters = { repeats = 10 }

Its errors never show a value: it may be a secret.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from playhead.errors import UsageError
from playhead_collector.alerts.figure import Given, figure_of
from playhead_collector.alerts.receivers.alertmanager import Alertmanager
from playhead_collector.alerts.receivers.chat import Slack
from playhead_collector.alerts.receivers.command import Command
from playhead_collector.alerts.receivers.mail import Email
from playhead_collector.alerts.receivers.message import Message
from playhead_collector.alerts.receivers.pagerduty import PagerDuty
from playhead_collector.alerts.receivers.webhook import Webhook
from playhead_collector.alerts.rule import Rule
from playhead_collector.alerts.rule_folder import Rules
from playhead_collector.alerts.ruling import Ruling


class Receiver(Protocol):
    """Somebody who can be told."""

    def send(self, message: Message) -> None:
        """Raises Undelivered where it was not taken."""
        ...


class RuleSettings(BaseModel):
    """What is otherwise with one rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    notify: list[str] | None = None
    parameters: dict[str, Given] = Field(default_factory=dict)


AnyReceiver = Annotated[Webhook | Slack | PagerDuty | Alertmanager | Email | Command, Field(discriminator="type")]


class AlertSettings(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    receivers: dict[str, AnyReceiver] = Field(default_factory=dict)
    rules: dict[str, RuleSettings] = Field(default_factory=dict)

    def rulings(self, rules: Rules, also: Sequence[str] = ()) -> list[Ruling]:
        """The rules in force, and those named here even where they are switched off. What is set of a rule or a
        parameter that is not there, or cannot be a parameter's value, is refused.
        """
        by_name = {rule.name: rule for rule in rules.rules}
        broken = {error.path.stem for error in rules.refused}
        for name, wanted in self.rules.items():
            if name in broken:
                continue
            if name not in by_name:
                raise UsageError(f"[rules.{name}]: there is no rule of this name; 'playhead alerts list' shows them")
            _figures(by_name[name], wanted)
        return [self._ruling(rule) for rule in rules.rules if self.of(rule.name).enabled or rule.name in also]

    def of(self, rule: str) -> RuleSettings:
        """What is said of a rule; where nothing is, that nothing is otherwise."""
        return self.rules.get(rule, RuleSettings())

    def as_set(self, rule: Rule) -> Rule:
        """With what is set of its parameters in the place of its file's own figures. Raises UsageError as `rulings`."""
        figures = _figures(rule, self.of(rule.name))
        parameters = (replace(one, default=figures.get(one.name, one.default)) for one in rule.parameters)
        return replace(rule, parameters=tuple(parameters))

    def held(self, rules: Rules) -> frozenset[str]:
        """Broken rules that are not switched off: their alerts are not over because their file cannot be read."""
        return frozenset(error.path.stem for error in rules.refused if self.of(error.path.stem).enabled)

    def unheard(self, rules: Rules) -> dict[str, str]:
        """By rule in force: its file names a receiver that is not there, and who that was to be is not told of it."""
        said: dict[str, str] = {}
        for rule in rules.rules:
            missing = [name for name in self._named(rule) if not self._is_there(name)]
            if missing and self.of(rule.name).enabled:
                said[rule.name] = f"{rule.path}: notify: {self._missing(missing[0])}"
        return said

    def check_receivers(self) -> None:
        """Of those that settings of rules name, each has to be there. Raises UsageError."""
        for rule, wanted in self.rules.items():
            for name in wanted.notify or ():
                if not self._is_there(name):
                    raise UsageError(f"[rules.{rule}]: {self._missing(name)}")

    def _ruling(self, rule: Rule) -> Ruling:
        told = tuple(name for name in self._named(rule) if name in self.receivers)
        return Ruling(rule, _figures(rule, self.of(rule.name)), told)

    def _named(self, rule: Rule) -> Sequence[str]:
        wanted = self.of(rule.name).notify
        return rule.notify if wanted is None else wanted

    def _is_there(self, name: str) -> bool:
        # `default` may be nobody: then alerts are only kept, and shown.
        return name in self.receivers or name == "default"

    def _missing(self, name: str) -> str:
        near = difflib.get_close_matches(name, self.receivers, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"describe it in [receivers.{name}] of the settings"
        return f"there is no receiver {name!r}; {hint}"


def _figures(rule: Rule, wanted: RuleSettings) -> dict[str, str]:
    """What is set of its parameters, as it is bound."""
    there = {parameter.name: parameter for parameter in rule.parameters}
    figures: dict[str, str] = {}
    for name, given in wanted.parameters.items():
        if name not in there:
            raise UsageError(
                f"[rules.{rule.name}]: it has no parameter {name!r}; it has {', '.join(sorted(there)) or 'none'}"
            )
        try:
            figures[name] = figure_of(there[name], given)
        except ValueError as error:
            raise UsageError(f"[rules.{rule.name}] parameters: {error}") from None
    return figures


def default_file() -> Path:
    """Where this user's are, as the XDG directory specification has it."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "playhead" / "alerts.toml"


def read_settings(file: Path | None = None) -> AlertSettings:
    """Those of a file; where none is named, of the user's own, if it is there."""
    settings = _validated(*_given(file))
    settings.check_receivers()
    return settings


def read_figures(file: Path | None = None) -> AlertSettings:
    """The same without receivers, for who tells nobody: their secrets may be there for the collector alone."""
    path, given = _given(file)
    return _validated(path, {name: said for name, said in given.items() if name != "receivers"})


def _given(file: Path | None) -> tuple[Path, dict[str, Any]]:
    path = file or default_file()
    if file is None and not path.exists():
        return path, {}
    try:
        return path, tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(
            f"the settings of alerts, {path}, cannot be read: {why}; write it, or do not name it (--alert-settings)"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the settings of alerts, {path}, are not TOML: {error}") from None


def _validated(path: Path, given: dict[str, Any]) -> AlertSettings:
    try:
        return AlertSettings(**given)
    except ValidationError as error:
        said = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_input=False)
        )
        raise UsageError(f"the settings of alerts, {path}: {said}") from None
