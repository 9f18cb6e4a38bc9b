"""A chat's incoming webhook, in the form of Slack's, which others take as well."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from playhead_collector.alerts.receivers.address import Authorities, Url
from playhead_collector.alerts.receivers.message import TEXT, TITLE, Message
from playhead_collector.alerts.receivers.post import post

_COLOURS = {"critical": "#c0392b", "warning": "#d68910", "info": "#2e86c1"}
_OVER = "#239b56"


class Slack(BaseModel):
    """Whose address is the secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["slack"]
    url: Url
    title: str = TITLE
    text: str = TEXT
    timeout_s: float = Field(default=10, gt=0, le=60)
    ca_cert: Authorities | None = None

    def send(self, message: Message) -> None:
        words = message.words()
        fields = {
            "severity": words["severity"],
            "project": words["project"],
            "run": words["run_id"],
            "step": words["step_id"],
            **dict(message.alert.group),
        }
        told = {
            "text": _plain(message.filled(self.title)),
            "attachments": [
                {
                    "color": _OVER if message.is_over else _COLOURS.get(words["severity"], _COLOURS["info"]),
                    "fallback": _plain(message.filled(self.text)),
                    "text": _plain(message.filled(self.text)),
                    "fields": [
                        {"title": name, "value": _plain(value), "short": len(value) < 40}
                        for name, value in fields.items()
                        if value
                    ],
                    "footer": _plain(words["runbook"] or words["why"]),
                }
            ],
        }
        body = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"Content-Type": "application/json", "User-Agent": "playhead-alerts"}
        post(self.url.get_secret_value(), body, headers, timeout_s=self.timeout_s, ca_cert=self.ca_cert)


def _plain(text: str) -> str:
    """What a run said must not become a mention of everybody, or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
