"""HTTP exchanges as steps: where a model was called a prompt (or a retrieval), else an effect, inside of a run.

It is what the transports tell (wire/exchange.py's observer). The prompt's step begins before the request is sent, with
all that was asked, so a run that is killed while it waits for a model shows what it waited for.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.trace import Status, StatusCode

from playhead.providers import Call, Prompt, read_answer, read_request
from playhead.recorder.limits import spending_is_limited, spent, unanswered
from playhead.recorder.prices import Usage, cost_of
from playhead.recorder.recorder import current
from playhead.recorder.step import Step, begin, in_run
from playhead.wire.exchange import Exchange, Headers

log = logging.getLogger("playhead")

# Of what is asked of a model, what is no conversation: counted and priced apart from prompts.
_RETRIEVALS = frozenset({"embeddings", "rerank"})


@dataclass(frozen=True, slots=True)
class _Begun:
    step: Step
    call: Call | None
    asked: str = ""
    """What repetitions are told by."""


class ExchangeSteps:
    """Implements ExchangeObserver."""

    def began(self, method: str, url: str, headers: Headers, body: bytes) -> _Begun | None:
        recorder = current()
        if recorder is None:
            return None
        call = read_request(method, url, headers, body)
        if call is not None:
            attributes = call.attributes()
            # Alike in what was asked: an agent that asks the same again and again is in a loop.
            asked = str(attributes.get("gen_ai.input.messages", ""))
            kind = "retrieval" if call.asked.operation in _RETRIEVALS else "prompt"
            return _Begun(begin(kind, call.name, attributes, like=asked, is_entered=False), call, asked)
        if not in_run(recorder):
            return None
        parts = urlsplit(url)
        said = {
            "http.request.method": method,
            "url.full": f"{parts.scheme}://{parts.hostname}{parts.path}",
            "server.address": parts.hostname or "",
        }
        return _Begun(begin("effect", f"{method} {parts.hostname}{parts.path}", said, is_entered=False), None)

    def ended(self, token: Any, exchange: Exchange) -> None:
        if not isinstance(token, _Begun):
            return
        span = token.step.span
        try:
            if token.call is not None:
                prompt = read_answer(token.call, exchange)
                span.set_attributes(prompt.answer_attributes())
                _charge(token.call, prompt, exchange.live)
                if prompt.failure is not None:
                    unanswered(token.call.name, token.asked)
                    words = prompt.failure.message or prompt.failure.type
                    span.set_status(Status(StatusCode.ERROR, words))
            else:
                _tell_effect(token.step, exchange)
        finally:
            token.step.end()


def _charge(call: Call, prompt: Prompt, live: bool) -> None:
    """Towards a limit of money, where there is one. What was refused cost nothing; what was cut off, who knows."""
    refused = prompt.status is None or prompt.status >= 400
    recorder = current()
    if recorder is None or refused or not spending_is_limited():
        return
    answered, used = prompt.answered, prompt.answered.usage
    model = answered.model or call.asked.model or "a model"
    output = 0 if call.asked.operation == "embeddings" else used.output
    cost = used.cost
    if cost is None and used.input is not None and output is not None:
        usage = Usage(call.provider, model, used.input, output, used.cache_read or 0, used.cache_write or 0)
        cost = cost_of(usage, recorder.price)
    spent(cost, model, live)


def _tell_effect(step: Step, exchange: Exchange) -> None:
    span = step.span
    if exchange.status is not None:
        span.set_attribute("http.response.status_code", exchange.status)
    span.set_attribute("http.request.body.size", len(exchange.request_body))
    span.set_attribute("http.response.body.size", len(exchange.response_body))
    if exchange.error is not None:
        span.set_attribute("error.type", exchange.error)
        span.set_status(Status(StatusCode.ERROR, exchange.error))
    elif exchange.status is not None and exchange.status >= 400:
        span.set_attribute("error.type", str(exchange.status))
        span.set_status(Status(StatusCode.ERROR, f"HTTP {exchange.status}"))
