"""What a model call costs. The SDK knows no price: `init(price=...)` tells, or genai-prices where it is installed.

What is unknown is None and never zero: a limit of money that counted the unknown as nothing would let a run spend on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

log = logging.getLogger("playhead")

# Part of the same distribution, and importable where genai-prices is; named, as the command line names subcommands.
_OF_THE_COLLECTOR = "playhead_collector.store.prices"


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens of one model call, for `init(price=...)`.

    `input_tokens` and `output_tokens` are inclusive: what was read from a cache, or written to it, is among the input.
    """

    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0


Price = Callable[[Usage], float | None]
"""A call's cost in US dollars; None where it does not know."""


def cost_of(usage: Usage, price: Price | None) -> float | None:
    """As `price` has it, which may be the user's own: whatever it raises or gives that is no amount is unknown."""
    if price is None:
        return None
    try:
        cost = price(usage)
        known = cost is not None and not isinstance(cost, bool) and 0 <= cost < float("inf")
    except Exception:
        log.warning("playhead: the price of a call to %s could not be computed", usage.model, exc_info=True)
        return None
    return float(cost) if known and cost is not None else None


@cache
def listed_prices() -> Price | None:
    """List prices, where there are any in this installation."""
    try:
        found: Price = import_module(_OF_THE_COLLECTOR).cost
    except ModuleNotFoundError:
        return None
    return found
