"""PagerDuty's Events API v2, and what speaks it: trigger and resolve, under one `dedup_key` a firing."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from playhead_collector.alerts.receivers.address import Authorities, Url
from playhead_collector.alerts.receivers.message import Message
from playhead_collector.alerts.receivers.post import post
from playhead_collector.alerts.receivers.secret import Secret

_SUMMARY = 1024


class PagerDuty(BaseModel):
    """The routing key of an integration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["pagerduty"]
    routing_key: Secret
    url: Url = SecretStr("https://events.pagerduty.com/v2/enqueue")
    text: str = "$rule_title: $summary"
    timeout_s: float = Field(default=10, gt=0, le=60)
    ca_cert: Authorities | None = None

    def send(self, message: Message) -> None:
        words = message.words()
        told: dict[str, object] = {
            "routing_key": self.routing_key.get_secret_value(),
            "event_action": "resolve" if message.is_over else "trigger",
            "dedup_key": message.alert.key,
        }
        if not message.is_over:
            told["payload"] = {
                "summary": message.filled(self.text)[:_SUMMARY],
                "source": words.get("service") or words.get("agent") or "playhead",
                "severity": words["severity"],
                "class": words["rule"],
                "component": words.get("agent", ""),
                "custom_details": message.as_json(),
            }
        post(
            self.url.get_secret_value(),
            json.dumps(told, ensure_ascii=False).encode("utf-8", "replace"),
            {"Content-Type": "application/json", "User-Agent": "playhead-alerts"},
            timeout_s=self.timeout_s,
            ca_cert=self.ca_cert,
        )
