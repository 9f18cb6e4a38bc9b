"""Alerts on the screens, as they are looked at and answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from tests.collector.facade.port import Port
from tests.tui.conftest import client_of
from tests.tui.story import Story, tell
from tests.tui.told import NOW

import playhead_collector.alerts.standing
from playhead_collector.read.source import Source
from playhead_tui.app import PlayheadApp, Start
from playhead_tui.reading import Reader

SIZES = {"80x24": (80, 24), "120x36": (120, 36)}
MakeApp = Callable[..., PlayheadApp]


@pytest.fixture
def make_app(alerts_port: Port, tmp_path: Path) -> MakeApp:
    """An app on the fixed runs and alerts, at a fixed time."""

    def make() -> PlayheadApp:
        reader = Reader(lambda again: Source(client_of(alerts_port)))
        return PlayheadApp(
            Start("chdb:///var/lib/playhead/store"), reader, now=lambda: NOW, searches=tmp_path / "searches.toml"
        )

    return make


def test_the_badge_counts_alerts_that_fire_and_that_nobody_has_seen(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        assert "live ●    1 alert firing +2 seen" in told.screen().splitlines()[0]

    tell(make_app(), story)


def test_the_badge_does_not_say_that_nothing_fires_where_nobody_asked(port: Port, tmp_path: Path) -> None:
    reader = Reader(lambda again: Source(client_of(port)))
    app = PlayheadApp(Start("chdb:///s"), reader, now=lambda: NOW, searches=tmp_path / "searches.toml")

    async def story(told: Story) -> None:
        assert "live ●   alerts ?" in told.screen().splitlines()[0]

    tell(app, story)


def test_the_badge_says_that_nothing_fires_where_the_rules_were_asked(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playhead_collector.alerts.standing, "standing_alerts", lambda client, now, since: [])

    async def story(told: Story) -> None:
        assert "live ●   no alerts" in told.screen().splitlines()[0]

    tell(make_app(), story)


def test_the_badge_says_that_it_does_not_know_where_alerts_may_not_be_read(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(client: Client, *_: object) -> None:
        raise DatabaseError("Not enough privileges")

    monkeypatch.setattr(playhead_collector.alerts.standing, "standing_alerts", refused)

    async def story(told: Story) -> None:
        assert "live ●   alerts ?" in told.screen().splitlines()[0]

    tell(make_app(), story)
