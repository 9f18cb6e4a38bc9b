"""Prices of models: resolves each (provider, model, day) that steps name to price rows, once, from genai-prices'
offline data.

SQL multiplies; this module only looks prices up. A model that nobody knows gets a row that says so, and its calls
have no cost; never a cost of zero.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache

import genai_prices
from genai_prices import types

from playhead import Usage

log = logging.getLogger(__name__)

# Names that emitters give providers, and genai-prices' own. What is none (a framework, say) is left to the model.
_PROVIDERS = {
    "aws.bedrock": "aws",
    "aws_bedrock": "aws",
    "bedrock": "aws",
    "amazon_bedrock": "aws",
    "gcp.vertex_ai": "google",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "vertex_ai": "google",
    "vertexai": "google",
    "gemini": "google",
    "azure.ai.openai": "azure",
    "az.ai.openai": "azure",
    "azure.ai.inference": "azure",
    "az.ai.inference": "azure",
    "azure_openai": "azure",
    "mistral_ai": "mistral",
    "mistralai": "mistral",
    "x_ai": "x-ai",
    "xai": "x-ai",
}


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens, for calls whose input is at least `from_input_tokens`."""

    from_input_tokens: int
    input: float
    output: float
    cache_read: float
    cache_write: float


@lru_cache(maxsize=10_000)
def prices(provider: str, model: str, day: date) -> tuple[Price, ...]:
    """The price rows of a model on a day; empty where it is unknown."""
    at = datetime.combine(day, time(12), tzinfo=UTC)
    for provider_id, name in _readings(provider, model):
        try:
            found = genai_prices.calc_price(
                types.Usage(input_tokens=1, output_tokens=1),
                name,
                provider_id=provider_id,
                genai_request_timestamp=at,
            )
        except (LookupError, ValueError):
            continue
        rows = _rows(found.model_price)
        if rows:
            return rows
    return ()


@lru_cache(maxsize=1000)
def context_window(provider: str, model: str) -> int | None:
    """How many tokens a model takes in at most; None where that is unknown."""
    from genai_prices.data_snapshot import get_snapshot

    for provider_id, name in _readings(provider, model):
        try:
            _, found = get_snapshot().find_provider_model(name, None, provider_id, None)
        except LookupError:
            continue
        return found.context_window
    return None


def cost(usage: Usage) -> float | None:
    """A call's, at today's list price, in US dollars; None where that is unknown. As SQL has it for stored calls."""
    rows = prices(usage.provider, usage.model, datetime.now(UTC).date())
    cached = usage.cache_read_tokens + usage.cache_write_tokens
    if not rows or cached > usage.input_tokens:
        return None
    row = [row for row in rows if row.from_input_tokens <= usage.input_tokens][-1]
    return (
        (usage.input_tokens - cached) * row.input
        + usage.output_tokens * row.output
        + usage.cache_read_tokens * row.cache_read
        + usage.cache_write_tokens * row.cache_write
    ) / 1e6


def _readings(provider: str, model: str) -> Iterable[tuple[str | None, str]]:
    """The ways to read a provider and a model's name, likeliest first."""
    plain = provider.strip().lower()
    said = _PROVIDERS.get(plain) or _PROVIDERS.get(plain.split(".")[0]) or plain.split(".")[0]
    if said:
        yield said, model
    if "/" in model:
        prefix, _, rest = model.partition("/")
        yield _PROVIDERS.get(prefix.lower(), prefix.lower()), rest
    if not said or said not in _known_providers():
        yield None, model


@lru_cache(maxsize=1)
def _known_providers() -> frozenset[str]:
    from genai_prices.data_snapshot import get_snapshot

    return frozenset(provider.id for provider in get_snapshot().providers)


def _rows(price: types.ModelPrice) -> tuple[Price, ...]:
    fields = {
        name: getattr(price, name, None)
        for name in ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")
    }
    if fields["input_mtok"] is None:
        return ()
    starts = {0}
    for value in fields.values():
        if isinstance(value, types.TieredPrices):
            # A tier counts above its start, a row here from its start on.
            starts |= {tier.start + 1 for tier in value.tiers}
    return tuple(
        Price(
            start,
            input=_at(fields["input_mtok"], start, 0.0),
            output=_at(fields["output_mtok"], start, 0.0),
            # Without a price of its own a cached token costs what any input token does.
            cache_read=_at(fields["cache_read_mtok"], start, _at(fields["input_mtok"], start, 0.0)),
            cache_write=_at(fields["cache_write_mtok"], start, _at(fields["input_mtok"], start, 0.0)),
        )
        for start in sorted(starts)
    )


def _at(value: Decimal | types.TieredPrices | None, tokens: int, otherwise: float) -> float:
    if value is None:
        return otherwise
    if isinstance(value, types.TieredPrices):
        price = value.base
        for tier in value.tiers:
            if tokens > tier.start:
                price = tier.price
        return float(price)
    return float(value)
