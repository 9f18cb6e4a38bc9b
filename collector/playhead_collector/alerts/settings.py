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

import os
import tomllib
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from playhead.errors import UsageError
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
    parameters: dict[str, str | int | float] = Field(default_factory=dict)


AnyReceiver = Annotated[Webhook | Slack | PagerDuty | Alertmanager | Email | Command, Field(discriminator="type")]


class AlertSettings(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    receivers: dict[str, AnyReceiver] = Field(default_factory=dict)
    rules: dict[str, RuleSettings] = Field(default_factory=dict)

    def rulings(self, rules: Rules) -> list[Ruling]:
        """The rules in force. What is set of a rule that is not there, or of its parameter that is not, is refused."""
        by_name = {rule.name: rule for rule in rules.rules}
        broken = {error.path.stem for error in rules.refused}
        for name, wanted in self.rules.items():
            if name in broken:
                continue
            if name not in by_name:
                raise UsageError(f"[rules.{name}]: there is no rule of this name; 'playhead alerts list' shows them")
            self._check(by_name[name], wanted)
        return [
            self._ruling(rule, self.rules.get(name, RuleSettings()))
            for name, rule in by_name.items()
            if self.rules.get(name, RuleSettings()).enabled
        ]

    def _ruling(self, rule: Rule, wanted: RuleSettings) -> Ruling:
        named = wanted.notify if wanted.notify is not None else rule.notify
        # `default` may be nobody: then alerts are only kept, and shown.
        return Ruling(
            rule,
            {name: str(value) for name, value in wanted.parameters.items()},
            tuple(name for name in named if name in self.receivers),
        )

    def _check(self, rule: Rule, wanted: RuleSettings) -> None:
        there = {parameter.name for parameter in rule.parameters}
        for name in wanted.parameters:
            if name not in there:
                raise UsageError(
                    f"[rules.{rule.name}]: it has no parameter {name!r}; it has {', '.join(sorted(there)) or 'none'}"
                )
        for name in wanted.notify or ():
            if name not in self.receivers and name != "default":
                raise UsageError(
                    f"[rules.{rule.name}]: there is no receiver {name!r}: describe it in [receivers.{name}]"
                )


def default_file() -> Path:
    """Where this user's are, as the XDG directory specification has it."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "playhead" / "alerts.toml"


def read_settings(file: Path | None = None) -> AlertSettings:
    """Those of a file; where none is named, of the user's own, if it is there."""
    if file is None and not default_file().exists():
        return AlertSettings()
    path = file or default_file()
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(
            f"the settings of alerts, {path}, cannot be read: {why}; write it, or do not name it (--alert-settings)"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the settings of alerts, {path}, are not TOML: {error}") from None
    try:
        return AlertSettings(**given)
    except ValidationError as error:
        said = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_input=False)
        )
        raise UsageError(f"the settings of alerts, {path}: {said}") from None
