"""Figures as people read them. Unknown is said as such."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(moment: datetime) -> str:
    """A moment for programs. The store's are in UTC, also where they do not say so."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def count(number: int | None) -> str:
    if number is None:
        return "?"
    if number < 1000:
        return str(number)
    if number < 1_000_000:
        return f"{number / 1000:.1f}k"
    return f"{number / 1_000_000:.1f}M"


def cost(usd: float | None, unpriced: int = 0) -> str:
    """With a `+` where some calls have no known price: the sum is at least this."""
    if usd is None:
        return "?" if unpriced else "-"
    text = f"${usd:.2f}" if usd >= 0.1 else f"${usd:.4f}"
    if usd and text == "$0.0000":
        # What cost little is not shown as if it had cost nothing.
        text = "<$.0001"
    return text + ("+" if unpriced else "")


def tokens(number: int | None, untold: int = 0) -> str:
    """Of a run, of which so many calls told none. A run without any call used none, as it cost nothing: `-`."""
    return count(number) if number is not None or untold else "-"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "…"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}"
    return f"{minutes // 60}h{minutes % 60:02d}"
