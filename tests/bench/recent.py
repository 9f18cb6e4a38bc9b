"""When the benches' traffic is said to have happened: a week ago, since retention would remove what is old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

DAYS = 7
_NOW = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
START_NS = int((_NOW - timedelta(days=DAYS)).timestamp()) * 1_000_000_000
