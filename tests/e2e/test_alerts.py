"""Alerts of a collector as an operator has them: told over a real socket, listed, acknowledged, silenced, restarted."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

from tests.collector.alerts.asking import MadeRun
from tests.collector.alerts.receiving import Receiving, receiving
from tests.e2e.running import Up, playhead_alone, playhead_here, up, wait_for

from playhead_collector.alerts.rule_folder import read_rules

RULE = "repeated_call"
_SETTINGS = """
[receivers.default]
type = "webhook"
url = "{url}"

[rules.repeated_call]
parameters = {{ repeats = 2 }}
"""


MINE = """-- title: T
-- why: W
-- severity: info
SELECT run_id, '' AS step_id, steps AS value, 'it is there' AS summary FROM runs WHERE run_id IN {runs:Array(String)}
"""


def looping(number: int, agent: str = "support") -> MadeRun:
    return MadeRun(number, agent).root().tool("get_order", "{}").tool("get_order", "{}")


def settings(folder: Path, there: Receiving, *, all_rules: bool = False) -> tuple[str, str]:
    """Of the one rule that these tests are about: all of them beside it take a second each time they are asked."""
    others = [rule.name for rule in read_rules(folder).rules if rule.name != RULE and not all_rules]
    file = folder / "alerts.toml"
    silent = "".join(f"[rules.{name}]\nenabled = false\n" for name in others)
    file.write_text(_SETTINGS.format(url=there.url) + silent)
    return "--alert-settings", str(file)


def events(collector: Up, *words: str) -> list[dict[str, object]]:
    """Of the one rule that these tests are about; others may find something, too."""
    return collector.playhead("alerts", "history", "--rule", RULE, "--json", *words).rows()


def messages(there: Receiving) -> list[dict[str, Any]]:
    return [told.json for told in there.told if told.json["rule"] == RULE]


def wait_for_messages(there: Receiving, number: int) -> list[dict[str, Any]]:
    wait_for(lambda: len(messages(there)) >= number, f"{number} messages")
    return messages(there)


def told_of(collector: Up, *words: str) -> list[object]:
    return [event["told"] for event in events(collector, *words)]


def test_an_alert_is_told_once_across_restarts_and_kept_with_the_run_and_step_that_show_it(tmp_path: Path) -> None:
    run = looping(1)
    with receiving() as there:
        flags = settings(tmp_path, there, all_rules=True)
        with up(tmp_path, *flags, PLAYHEAD_NO_ALERTS="") as collector:
            assert collector.playhead("alerts", "history", "--firing").status == 0
            collector.send(run.request())
            (message,) = wait_for_messages(there, 1)
            assert message["runs"] == [{"run_id": run.run_id, "step_id": run.steps[-1].span_id.hex()}]
            assert message["labels"]["agent"] == "support"
            wait_for(lambda: told_of(collector) == ["default"], "what became of it to be written down")
            assert collector.playhead("alerts", "history", "--firing", "--rule", RULE).status == 1
            standing = 'playhead_alerts{project="default",rule="repeated_call",severity="warning",state="firing"} 1'
            # Counted at the end of a look; who is told, is told before.
            wait_for(lambda: standing in collector.get("/metrics").decode(), "the alert to be counted")
            text = collector.get("/metrics").decode()
            assert 'playhead_alert_notices_total{outcome="sent",receiver="default"}' in text
            collector.end(signal.SIGKILL)
        with up(tmp_path, *flags, PLAYHEAD_NO_ALERTS="") as collector:
            collector.send(looping(2).request())
            wait_for_messages(there, 2)
            assert [one["runs"][0]["run_id"] for one in messages(there)] == [run.run_id, looping(2).run_id]


def test_a_webhook_that_is_down_is_told_when_it_is_back_also_by_the_next_process(tmp_path: Path) -> None:
    with receiving() as there:
        there.status = 503
        flags = settings(tmp_path, there)
        with up(tmp_path, *flags, PLAYHEAD_NO_ALERTS="") as collector:
            collector.send(looping(1).request())
            wait_for(lambda: told_of(collector) == ["default (failed)"], "an attempt")
            assert told_of(collector, "--firing") == ["default (failed)"]
            collector.end(signal.SIGKILL)
        with up(tmp_path, *flags, PLAYHEAD_NO_ALERTS="") as collector:
            refused = there.refused
            wait_for(lambda: there.refused > refused, "the next process to try")
            there.status = 200
            wait_for_messages(there, 1)
            wait_for(lambda: told_of(collector) == ["default"], "that to be written down")
            assert told_of(collector, "--firing") == ["default"]
        assert len(messages(there)) == 1


def test_what_is_silenced_is_kept_and_told_when_the_silence_is_over(tmp_path: Path) -> None:
    with receiving() as there, up(tmp_path, *settings(tmp_path, there), PLAYHEAD_NO_ALERTS="") as collector:
        silenced = collector.playhead("alerts", "silence", "repeated_call", "--where", "agent=billing", "--json")
        (name,) = [row["id"] for row in silenced.rows()]
        collector.send(looping(1, "billing").request())
        wait_for(lambda: len(events(collector)) == 1, "the silenced alert")
        collector.send(looping(2, "support").request())
        (message,) = wait_for_messages(there, 1)
        assert message["labels"]["agent"] == "support"
        assert [row["id"] for row in collector.playhead("alerts", "silence", "--json").rows()] == [name]
        assert collector.playhead("alerts", "silence", "--end", name).status == 0
        said = collector.playhead("sql", "SELECT rule, matching FROM alert_marks FINAL", "--json").rows()
        assert said == [{"rule": "repeated_call", "matching": {"agent": "billing"}}]
        assert wait_for_messages(there, 2)[1]["labels"]["agent"] == "billing"
        where = ("--where", "agent=support", "--where", "tool=get_order")
        begun = collector.playhead("alerts", "silence", "repeated_call", "--for", "2h", *where)
        assert "nobody is told of repeated_call where agent=support tool=get_order for 2h" in begun.err


def test_who_has_seen_an_alert_is_shown_beside_it(tmp_path: Path) -> None:
    with receiving() as there, up(tmp_path, *settings(tmp_path, there), PLAYHEAD_NO_ALERTS="") as collector:
        collector.send(looping(1).request())
        wait_for_messages(there, 1)
        (event,) = events(collector)
        assert event["acked_by"] == ""
        said = collector.playhead("alerts", "ack", str(event["alert_id"])[:6], "--by", "ada", "--note", "looking")
        assert said.status == 0, said.err
        assert [one["acked_by"] for one in events(collector, "--firing")] == ["ada"]
        assert "same arguments · seen by ada" in " ".join(collector.playhead("alerts", "history").out.split())
        assert collector.playhead("alerts", "ack", "zz").status == 2
        long = collector.playhead("alerts", "ack", str(event["alert_id"])[:6], "--by", "ada", "--note", "x" * 5000)
        assert long.status == 2
        assert "note: String should have at most 4096 characters" in long.err


def test_a_silence_is_of_a_rule_that_there_is_and_only_one_that_is_in_force_is_ended(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "theirs.sql").write_text(MINE)
    with up(tmp_path, "--alert-rules", str(rules), PLAYHEAD_NO_ALERTS="") as collector:
        refused = {
            "repeated_cal": "did you mean 'repeated_call'?",
            "theirs": "--rules names the folder",
            "all --where agent": "--where 'agent': write it as NAME=VALUE",
            "all --where agent=a --where agent=b": "names 'agent' twice",
            "all --for 367d": "--for: '367d' is more than 366d",
            "--for 2h": "name its rule, or 'all'",
            "--end zzz": "no silence 'zzz' is in force",
            "all --end zzz": "name nothing but its id",
        }
        for words, reason in refused.items():
            said = collector.playhead("alerts", "silence", *words.split())
            assert said.status == 2 and reason in said.err, (words, said)
        assert collector.playhead("sql", "SELECT * FROM alert_marks", "--json").rows() == []
        there = collector.playhead("alerts", "silence", "theirs", "--rules", str(rules), "--json").rows()
        collector.send(looping(1).request())
        theirs = ("alerts", "history", "--rule", "theirs", "--json")
        wait_for(lambda: collector.playhead(*theirs).rows(), "an alert of the collector's own rule")
        there += collector.playhead("alerts", "silence", "theirs", "--json").rows()
        in_force = collector.playhead("alerts", "silence", "--json").rows()
        assert [(one["id"], one["rule"]) for one in in_force] == [(one["id"], "theirs") for one in there]


def test_figures_are_compared_each_with_each_and_a_time_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    with up(tmp_path) as collector:
        collector.send(looping(1).request())
        compared = ("--set", "repeats=2", "--set", "repeats=9")
        said = collector.playhead("alerts", "backtest", RULE, "--since", "2020-01-01", *compared, "--json").rows()
        told = [(row["figures"], row.get("firings")) for row in said]
        assert told == [("repeats=5", 0), ("repeats=2", 1), ("repeats=2", None), ("repeats=9", 0)]
        assert [row["kind"] for row in said] == ["figures", "figures", "firing", "figures"]
        shown = collector.playhead("alerts", "backtest", RULE, "--since", "2020-01-01", *compared)
        assert "with repeats=9:" in shown.out and "would not have fired" in shown.err
        # What is set of the rule is what others are compared with.
        set_to = tmp_path / "set.toml"
        set_to.write_text(f"[rules.{RULE}]\nparameters = {{ repeats = 2 }}\n")
        with_settings = ("--settings", str(set_to), "--set", "repeats=9", "--json")
        said = collector.playhead("alerts", "backtest", RULE, "--since", "2020-01-01", *with_settings).rows()
        told = [(row["figures"], row["firings"]) for row in said if row["kind"] == "figures"]
        assert told == [("repeats=2", 1), ("repeats=9", 0)]
        wrong = collector.playhead("alerts", "backtest", RULE, "--set", "repeats=2", "--set", "repeats=x")
        assert wrong.status == 2
        assert "repeats is UInt32: write a whole number from 0 to 4294967295" in wrong.err
        for command in (("slo",), ("alerts", "backtest", RULE)):
            turned = collector.playhead(*command, "--since", "1d", "--until", "2d")
            assert turned.status == 2 and "--since 1d is not before --until 2d" in turned.err


def test_a_broken_rule_of_the_users_folder_is_told_of_and_the_others_go_on(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "broken.sql").write_text("-- title: T\nSELECT 1\n")
    with receiving() as there:
        flags = (*settings(tmp_path, there, all_rules=True), "--alert-rules", str(rules))
        with up(tmp_path, *flags, PLAYHEAD_NO_ALERTS="") as collector:
            collector.send(looping(1).request())
            wait_for_messages(there, 1)
            assert "broken.sql:1: the header says no why" in collector.log
            # A rule of the user's, through the port that guards what it reads.
            (rules / "mine.sql").write_text(MINE)
            (rules / "evil.sql").write_text(MINE.replace("'' AS step_id", "file('/etc/passwd') AS step_id"))
            found = collector.playhead("alerts", "run", "--once", "--rules", str(rules), "--json")
            assert found.status == 1
            assert {"mine", "stalled_run"} & {row["rule"] for row in found.rows()} == {"mine"}
            assert "broken.sql:1" in found.err and "evil.sql" in found.err and "not available" in found.err
            checked = collector.playhead("alerts", "list", "--rules", str(rules), "--json")
            assert "broken" not in {row["name"] for row in checked.rows()} and json.loads(checked.out.splitlines()[0])


def test_who_was_told_of_a_rule_is_told_when_it_is_gone_and_not_when_its_file_is_broken(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    mine = rules / "mine.sql"
    mine.write_text(MINE)
    with receiving() as there:
        flags = (*settings(tmp_path, there), "--alert-rules", str(rules))

        def told() -> list[str]:
            return [one["status"] for one in (told.json for told in there.told) if one["rule"] == "mine"]

        with up(tmp_path, *flags, PLAYHEAD_NO_ALERTS="") as collector:
            collector.send(MadeRun(1).root().request())
            wait_for(lambda: told() == ["firing"], "the rule to fire")
        mine.write_text(MINE.replace("severity", "severty"))
        with up(tmp_path, *flags, PLAYHEAD_NO_ALERTS="") as collector:
            assert "did you mean 'severity'" in collector.log
            collector.send(looping(2).request())
            wait_for_messages(there, 1)
            assert told() == ["firing"]
        mine.unlink()
        with up(tmp_path, *flags, PLAYHEAD_NO_ALERTS="") as collector:
            wait_for(lambda: told() == ["firing", "resolved"], "the end of what fired")


def test_rules_are_asked_once_listed_and_checked_with_what_the_settings_say(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "mine.sql").write_text(MINE.replace("-- severity", "-- notify: pagr\n-- severity"))
    with receiving() as there:
        flags = (*settings(tmp_path, there), "--alert-rules", str(rules))
        named = ("--rules", str(rules), "--settings", str(tmp_path / "alerts.toml"), "--json")
        with up(tmp_path, *flags, PLAYHEAD_NO_ALERTS="") as collector:
            # The rule goes on, and who is not there is told of.
            assert "mine.sql: notify: there is no receiver 'pagr'" in collector.log
            collector.send(looping(1).request())
            found = collector.playhead("alerts", "run", "--once", *named)
            assert {row["rule"] for row in found.rows()} == {RULE, "mine"}
            # As its file has it, two calls are not too many.
            bare = ("--rules", str(rules), "--settings", "/dev/null", "--json")
            assert RULE not in {row["rule"] for row in collector.playhead("alerts", "run", "--once", *bare).rows()}
            off = tmp_path / "off.toml"
            off.write_text((tmp_path / "alerts.toml").read_text() + "[rules.mine]\nenabled = false\n")
            once = ("alerts", "run", "--once", "--rules", str(rules), "--settings", str(off), "--json")
            assert {row["rule"] for row in collector.playhead(*once).rows()} == {RULE}
            assert {row["rule"] for row in collector.playhead(*once, "--rule", "mine").rows()} == {"mine"}
            unknown = collector.playhead("alerts", "run", "--once", *named, "--rule", "repeated_cal")
            assert unknown.status == 2 and "there is no rule 'repeated_cal'" in unknown.err
            going_on = collector.playhead("alerts", "run", "--rule", "mine", "--since", "2h")
            assert going_on.status == 2 and "--rule and --since are for --once" in going_on.err
        listed = {row["name"]: row for row in playhead_here("alerts", "list", *named).rows()}
        assert [(one["default"], one["value"]) for one in listed[RULE]["parameters"]] == [("5", "2")]
        assert (listed[RULE]["enabled"], listed["stalled_run"]["enabled"]) == (True, False)
        checked = playhead_alone(tmp_path, "alerts", "check", *named)
        assert checked.status == 1
        (said,) = [row for row in checked.rows() if row["reason"]]
        assert said["name"] == "mine" and "there is no receiver 'pagr'" in said["reason"]
        file = tmp_path / "alerts.toml"
        file.write_text(file.read_text().replace("repeats = 2", 'repeats = "many"'))
        for command in ("check", "list"):
            refused = playhead_here("alerts", command, *named)
            assert refused.status == 2
            assert f"[rules.{RULE}] parameters: repeats is UInt32: write a whole number" in refused.err
