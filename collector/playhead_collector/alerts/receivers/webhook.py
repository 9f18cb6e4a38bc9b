"""A generic webhook: JSON, signed where there is a secret, with a key by which a repetition is known.

X-Playhead-Signature: t=1700000000,v1=<HMAC-SHA256 of "1700000000." and the body, in hex>
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from playhead_collector.alerts.receivers.address import Authorities, Headers, Url
from playhead_collector.alerts.receivers.message import Message
from playhead_collector.alerts.receivers.post import post
from playhead_collector.alerts.receivers.secret import Secret


class Webhook(BaseModel):
    """Where to, and the secret that both sides know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["webhook"]
    url: Url
    secret: Secret | None = None
    headers: Headers = Field(default_factory=dict)
    timeout_s: float = Field(default=10, gt=0, le=60)
    ca_cert: Authorities | None = None

    def send(self, message: Message) -> None:
        body = json.dumps(message.as_json(), ensure_ascii=False).encode("utf-8", "replace")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "playhead-alerts",
            "Idempotency-Key": message.once,
            **{name: value.get_secret_value() for name, value in self.headers.items()},
        }
        if self.secret is not None:
            headers["X-Playhead-Signature"] = signature(self.secret.get_secret_value(), body, int(time.time()))
        post(self.url.get_secret_value(), body, headers, timeout_s=self.timeout_s, ca_cert=self.ca_cert)


def signature(secret: str, body: bytes, at: int) -> str:
    """Over time and body, so that neither can be another's."""
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"
