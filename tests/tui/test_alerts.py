"""Alerts on the screens, as they are looked at and answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from tests.collector.database import folder_of, fresh_database
from tests.collector.facade.port import Port, TokenGate, serving
from tests.tui.alerting import FOLDER, RULES, Alerting, tell_alerts
from tests.tui.conftest import client_of
from tests.tui.story import Story, tell
from tests.tui.test_hostile import OBEYED
from tests.tui.told import EVIL, NOW

import playhead_collector.alerts.standing
import playhead_tui.alerts.screen
from playhead.errors import UsageError
from playhead_collector.alerts.ask import Finding
from playhead_collector.alerts.marks import say_mark
from playhead_collector.facade import ChdbEngine
from playhead_collector.read.source import Source
from playhead_collector.store.engine import Engine
from playhead_tui.alerts.answering import matching_of
from playhead_tui.alerts.backtest import chosen
from playhead_tui.alerts.screen import AlertsScreen
from playhead_tui.app import Mark, PlayheadApp, Start
from playhead_tui.reading import Reader

SIZES = {"80x24": (80, 24), "120x36": (120, 36)}
MakeApp = Callable[..., PlayheadApp]


@pytest.fixture
def make_app(alerts_port: Port, tmp_path: Path) -> MakeApp:
    """An app on the fixed runs and alerts, at a fixed time."""
    return lambda: app_on(alerts_port, tmp_path)


def app_on(port: Port, folder: Path, mark: Mark | None = None, settings: Path | None = None) -> PlayheadApp:
    start = Start("chdb:///var/lib/playhead/store", rules=FOLDER, alert_settings=settings)
    reader = Reader(lambda again: Source(client_of(port)))
    given: Any = {"mark": mark} if mark is not None else {}
    return PlayheadApp(start, reader, now=lambda: NOW, searches=folder / "searches.toml", **given)


@pytest.fixture
def answered(engine: Engine, tmp_path: Path) -> Iterator[PlayheadApp]:
    """An app on alerts of which something may be said."""
    with fresh_database(engine, tmp_path) as database:
        tell_alerts(database.client)
        gate = TokenGate({"token": database.name})
        with serving(ChdbEngine(str(folder_of(engine))), gate=gate) as port:
            yield app_on(port, tmp_path, lambda kind, said: say_mark(database.client, kind, **said))  # type: ignore[arg-type]


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
    monkeypatch.setattr(playhead_collector.alerts.standing, "standing_alerts", lambda client, since: [])

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


@pytest.mark.parametrize("size", SIZES)
def test_an_alert_is_looked_at_and_its_run_opened(make_app: MakeApp, size: str) -> None:
    async def story(told: Story) -> None:
        await told.press("A")
        told.look("A: alerts, the most urgent first")
        await told.press("down", "down")
        told.look("down down: one that somebody has seen")
        await told.press("2")
        told.look("2: what became of it, and who was told")
        await told.press("3")
        told.look("3: its rule")
        await told.press("1", "f", *["down"] * 3, "enter")
        told.look("f: only those that fire")
        await told.press("g", "b", "enter", "enter", "ctrl+u")
        await told.paste("repeat=6")
        await told.press("enter")
        assert "✗ 'repeat' is no figure of" in told.screen()
        await told.press("enter", "enter", "ctrl+u")
        await told.paste("repeats=6")
        await told.press("enter")
        told.look("b: when its rule would have fired, and how another figure compares")
        await told.press("1", "enter")
        told.look("enter: its run, at the step that shows it")
        told.check(f"alerts-{size}")

    tell(make_app(), story, SIZES[size])


def test_a_backtest_compares_with_the_figures_that_are_set(alerts_port: Port, tmp_path: Path) -> None:
    settings = tmp_path / "alerts.toml"
    settings.write_text("[rules.same_refund]\nparameters = { repeats = 7 }\n")

    async def story(told: Story) -> None:
        await told.press("A")
        await told.press("g")
        await told.press("b")
        assert "repeats=7" in told.screen()

    tell(app_on(alerts_port, tmp_path, settings=settings), story)


def test_a_backtest_before_the_rules_are_read_says_so(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        await told.press("A")
        assert isinstance(told.app.screen, AlertsScreen)
        told.app.screen._rules = None
        await told.press("b")
        assert "the rules are still being read" in told.notices()

    tell(make_app(), story)


def test_what_is_behind_an_alert_is_asked_again_only_where_it_may_be_another(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"all_alerts": 0, "behind": 0}

    def counted(name: str) -> None:
        ask = getattr(playhead_tui.alerts.screen, name)

        def count(*given: Any) -> Any:
            asked[name] += 1
            return ask(*given)

        monkeypatch.setattr(playhead_tui.alerts.screen, name, count)

    async def story(told: Story) -> None:
        await told.press("A")
        assert isinstance(told.app.screen, AlertsScreen)
        assert asked["behind"] == 1
        before = asked["all_alerts"]
        told.app.screen.ask_for_all()
        await told.settle()
        assert asked["all_alerts"] > before and asked["behind"] == 1
        # A run that shows this one goes on.
        await told.press("j")
        before = asked["behind"]
        assert before > 1
        told.app.screen.ask_for_all()
        await told.settle()
        assert asked["behind"] > before

    counted("all_alerts")
    counted("behind")
    tell(make_app(), story)


def test_an_alert_is_acknowledged_and_silenced_and_a_silence_ended(answered: PlayheadApp) -> None:
    async def story(told: Story) -> None:
        def lines_with(word: str) -> int:
            return sum(word in line for line in told.screen().splitlines()[2:])

        await told.press("A")
        await told.press("a")
        await told.paste("on it")
        await told.press("enter", "ctrl+u")
        await told.paste("eve")
        await told.press("enter")
        # The cursor is on the next one that nobody has seen.
        assert "3 alerts firing, seen" in told.screen() and lines_with("a acked") == 2
        await told.press("down")
        assert lines_with("a acknowledged by eve") == 1 and lines_with("on it") == 1
        await told.press("g", "s", "ctrl+u")
        await told.paste("soon")
        await told.press("enter", "enter", "enter", "enter")
        # What is wrong is said where it is mended, and what else was written is still there.
        assert "✗ 'soon' is no span of time" in told.screen()
        await told.press("ctrl+u")
        await told.paste("2h")
        await told.press("enter", "enter", "enter", "enter")
        assert lines_with("z silenced") > 1 and "nobody is told for 2h" in told.notices()
        silenced = lines_with(" z silenced ")
        await told.press("S", "down", "enter")
        assert "the silence is over" in told.notices()
        assert lines_with(" z silenced ") < silenced

    tell(answered, story)


def test_what_cannot_be_said_is_told_and_the_screen_goes_on(make_app: MakeApp) -> None:
    async def story(told: Story) -> None:
        await told.press("A")
        await told.press("a", "enter", "enter")
        assert "nothing can be said of alerts from here" in told.notices()
        await told.press("G", "a")
        assert "only what fires or is pending" in told.notices()

    tell(make_app(), story)


def test_an_app_on_a_store_of_no_alerts_says_what_to_do_next(port: Port, tmp_path: Path) -> None:
    async def story(told: Story) -> None:
        await told.press("A")
        assert "nothing fires, and nothing did in the last 7 days" in told.screen()
        assert "'playhead up' does, or 'playhead alerts run --store URL'" in told.screen()
        await told.press("enter", "a", "s", "r")
        assert "no alert is under the cursor" in told.notices() and "no run to replay" in told.notices()

    tell(app_on(port, tmp_path), story)


def test_a_store_that_tells_nothing_of_alerts_is_no_store_without_alerts(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(client: Client, *_: object) -> None:
        raise DatabaseError("Code: 497. Not enough privileges")

    monkeypatch.setattr(playhead_tui.alerts.screen, "all_alerts", refused)

    async def story(told: Story) -> None:
        await told.press("A")
        assert "this store tells nothing of alerts" in told.screen() and "privileges" in told.screen()

    tell(make_app(), story)


@pytest.mark.parametrize("size", SIZES)
def test_what_a_rule_found_is_shown_and_never_obeyed(engine: Engine, tmp_path: Path, size: str) -> None:
    with fresh_database(engine, tmp_path) as database:
        group = {"run_id": "66" * 16, EVIL: EVIL}
        shown = Finding(tuple(group.items()), "66" * 16, EVIL, 1, EVIL * 50, {EVIL: EVIL})
        Alerting(database.client).found(replace(RULES["same_refund"], name=EVIL), 5, shown)
        gate = TokenGate({"token": database.name})
        with serving(ChdbEngine(str(folder_of(engine))), gate=gate) as port:

            async def story(told: Story) -> None:
                for keys in (("A",), ("2",), ("3",), ("f",), ("escape", "s"), ("escape", "a")):
                    await told.press(*keys)
                    assert OBEYED.findall(told.screen()) == []
                    assert "red" in told.screen()
                    assert all(len(line) <= SIZES[size][0] for line in told.screen().splitlines())

            tell(app_on(port, tmp_path), story, SIZES[size])


@pytest.mark.parametrize(
    ("line", "reads"),
    [
        ("", {}),
        ("tool=refund", {"tool": "refund"}),
        ("agent='support desk' a.b=c=d", {"agent": "support desk", "a.b": "c=d"}),
    ],
)
def test_what_is_silenced_is_read_as_it_is_written(line: str, reads: dict[str, str]) -> None:
    assert matching_of(line) == reads


@pytest.mark.parametrize("line", ["tool", "tool=", "=refund", "tool='re"])
def test_a_silence_of_what_says_nothing_is_refused(line: str) -> None:
    """It would be one of everything."""
    with pytest.raises(UsageError, match="write NAME=VALUE"):
        matching_of(line)


def test_a_figure_that_a_rule_has_not_is_refused_with_those_that_it_has() -> None:
    assert chosen(RULES["same_refund"], "repeats=7") == {"repeats": "7"}
    with pytest.raises(UsageError, match=r"'repeat' is no figure of same_refund: write repeats=5"):
        chosen(RULES["same_refund"], "repeat=7")


def test_a_figure_that_is_none_of_its_type_is_refused_before_the_rule_is_asked() -> None:
    with pytest.raises(UsageError, match=r"repeats is UInt32: write a whole number from 0 to 4294967295"):
        chosen(RULES["same_refund"], "repeats=x")
