"""Prometheus' Alertmanager, API v2: it groups, routes and silences by itself, and is told anew by nobody.

Alertmanager takes an alert for over when nobody repeats it, so each that begins is given an end far away, which the
message of its end replaces.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from playhead_collector.alerts.receivers.address import Authorities, Headers, Url
from playhead_collector.alerts.receivers.message import Message
from playhead_collector.alerts.receivers.post import post
from playhead_collector.read.words import iso

_FAR = timedelta(days=7)
_NO_NAME = re.compile(r"[^a-zA-Z0-9_]")


class Alertmanager(BaseModel):
    """Its address, without a path: `http://alertmanager:9093`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["alertmanager"]
    url: Url
    headers: Headers = Field(default_factory=dict)
    timeout_s: float = Field(default=10, gt=0, le=60)
    ca_cert: Authorities | None = None

    def send(self, message: Message) -> None:
        alert, words = message.alert, message.words()
        began = alert.fired_at or alert.changed_at
        told = {
            # What tells one alert from another must be the same at its end: the project, the rule and the group, and no
            # label of its own.
            "labels": {
                **{_NO_NAME.sub("_", name): value for name, value in alert.group if value},
                "alertname": alert.rule,
                "severity": alert.severity,
                "project": message.project,
            },
            "annotations": {
                name: words[name]
                for name in ("summary", "rule_title", "why", "runbook", "run_id", "step_id")
                if words[name]
            },
            "startsAt": iso(began),
            "endsAt": iso(alert.changed_at if message.is_over else began + _FAR),
        }
        headers = {"Content-Type": "application/json", "User-Agent": "playhead-alerts"}
        headers |= {name: value.get_secret_value() for name, value in self.headers.items()}
        body = json.dumps([told], ensure_ascii=False).encode("utf-8", "replace")
        url = self.url.get_secret_value().rstrip("/") + "/api/v2/alerts"
        post(url, body, headers, timeout_s=self.timeout_s, ca_cert=self.ca_cert)
