"""The store's time in tests: it passes when they say so."""

from __future__ import annotations

from datetime import datetime, timedelta

from clickhouse_connect.driver.client import Client

from playhead_collector.alerts.changed import store_time


class Clock:
    """The time when it was first asked, and a millisecond each time: how long statements take decides nothing."""

    def __init__(self) -> None:
        self.passed = timedelta(0)
        self._began: datetime | None = None

    def __call__(self, client: Client) -> datetime:
        self._began = self._began or store_time(client)
        self.passed += timedelta(milliseconds=1)
        return self._began + self.passed
