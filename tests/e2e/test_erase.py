"""`playhead erase`, as it is typed: through a running collector, and where none runs."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from tests.collector.dialects.spans import span, traces
from tests.collector.store.test_erase import on_disk
from tests.e2e.running import Up, playhead_alone, start, up

from playhead_collector.administer import administer
from playhead_collector.send import send


class Words:
    """Texts that are nowhere else. Short ones: compression leaves those as they are where they stand alone."""

    def __init__(self, user: str) -> None:
        self.texts = {where: secrets.token_hex(16).encode() for where in ("message", "name", "attribute", "refused")}
        said = {where: text.decode() for where, text in self.texts.items()}
        self.span = span(
            said["name"],
            {"gen_ai.operation.name": "chat", "user.id": user, "x": said["attribute"],
             "gen_ai.input.messages": said["message"]},
        )  # fmt: skip
        self.request = traces(self.span)
        self.refused = traces(span(said["refused"], {"user.id": user}))
        self.run_id = self.span.trace_id.hex()

    def lie_in(self, folder: Path) -> set[str]:
        os.sync()
        return on_disk(folder, self.texts)

    def be_refused(self, folder: Path) -> None:
        """As a drain sets a body aside."""
        quarantine = folder / "spool" / "default" / "quarantine"
        quarantine.mkdir(parents=True, exist_ok=True)
        (quarantine / f"1-1-{secrets.token_hex(3)}-traces-0.otlp").write_bytes(self.refused.SerializeToString())


def test_through_a_running_collector_nothing_is_left_on_disk(tmp_path: Path) -> None:
    ada, bob = Words("ada"), Words("bob")
    with up(tmp_path) as collector:
        for words in (ada, bob):
            collector.send(words.request)
            words.be_refused(tmp_path)
        assert {"name", "refused"} <= ada.lie_in(tmp_path)
        said = collector.playhead("erase", "--user", "ada", "--yes", "--json")
        assert said.status == 0, said.err
        [erased] = said.rows()
        assert (erased["runs"], erased["clean"], erased["rows"]["spool"]) == (2, True, 1)
        assert erased["rows"]["step_rows"] == erased["rows"]["run_rows"] == 1
        assert ada.lie_in(tmp_path) == set()
        assert {"name", "refused"} <= bob.lie_in(tmp_path)
        # It comes again, in a body that the collector has not seen, and is dropped.
        send([traces(ada.span, span("another", parent=ada.span))], collector.url)
        collector.wait_until_stored()
        assert [row["run_id"] for row in collector.playhead("runs", "--json").rows()] == [bob.run_id]
    assert ada.lie_in(tmp_path) == set()


def test_where_no_collector_runs_what_waits_in_the_spool_is_erased_too(tmp_path: Path) -> None:
    ada, bob = Words("ada"), Words("bob")
    # A linger of a minute: what was sent waits in the spool when the collector is killed.
    killed = start(tmp_path, "--linger-ms", "60000")
    for words in (ada, bob):
        send([words.request], killed.url)
    killed.end(9)
    ada.be_refused(tmp_path)
    assert ada.lie_in(tmp_path / "spool") == set(ada.texts)
    said = playhead_alone(tmp_path, "erase", "--session", "none", "--yes", "--store", killed.store)
    assert said.status == 0, said.err
    assert "0 runs erased (nothing was stored; 0 bytes of text)" in said.err
    said = playhead_alone(tmp_path, "erase", "--user", "ada", "--yes", "--store", killed.store)
    assert said.status == 0, said.err
    assert "2 runs erased (1 step, " in said.err
    assert ada.lie_in(tmp_path) == set()
    assert "name" in bob.lie_in(tmp_path)
    left = playhead_alone(tmp_path, "runs", "--json", "--store", killed.store)
    assert [row["run_id"] for row in left.rows()] == [bob.run_id]


def test_a_mistyped_project_is_refused_and_not_made_and_of_one_that_is_to_send_it_is_dropped(tmp_path: Path) -> None:
    ada, admin = Words("ada"), "admin-token-1"
    flags = ("--ingest-token", "shop=ingest-shop-1", "--read-token", "shop=read-shop-01", "--admin-token", admin)
    erase, silence = ("erase", "--user", "ada", "--yes", "--project"), ("alerts", "silence", "all", "--project")
    with up(tmp_path, *flags) as collector:
        for words in (erase, silence):
            said = collector.playhead(*words, "shpo", PLAYHEAD_ADMIN_TOKEN=admin)
            assert said.status == 2 and "there is no project 'shpo' in " in said.err, said
        assert collector.playhead(*erase, "shop", PLAYHEAD_ADMIN_TOKEN=admin).status == 0
        collector.send(ada.request, "ingest-shop-1")
        assert collector.playhead("runs", "--json", PLAYHEAD_TOKEN="read-shop-01").rows() == []
        there = administer(collector.itself(), "/admin/backup/projects", None, admin)
        assert [one["project"] for one in there] == ["default", "shop"]
    said = playhead_alone(tmp_path, *erase, "shpo", "--store", collector.store)
    assert said.status == 2 and "there is no project 'shpo' in " in said.err, said
    assert playhead_alone(tmp_path, *erase, "shop", "--store", collector.store).status == 0
    assert playhead_alone(tmp_path, "runs", "--project", "shpo", "--store", collector.store).status == 2


def test_an_odd_name_erases_that_one_and_nothing_else(collector: Up) -> None:
    value = "'; DROP TABLE step_rows -- {value:String} \\' \x00\n ä\u202e😀"
    before = len(collector.playhead("runs", "--json", "--limit", "1000").rows())
    odd = Words(value)
    collector.send(odd.request)
    said = collector.playhead("erase", "--user", value, "--yes", "--json")
    assert said.rows()[0]["runs"] == 1, said.err
    assert len(collector.playhead("runs", "--json", "--limit", "1000").rows()) == before


def test_what_names_nobody_erases_nothing(collector: Up) -> None:
    said = collector.playhead("erase", "--run", "abc", "--yes")
    assert (said.status, "32 hex digits" in said.err) == (2, True)
    said = collector.playhead("erase", "--run", "../../../../../../../etc/passwd..", "--yes")
    assert (said.status, "32 hex digits" in said.err) == (2, True)
    for nobody in ("--user", "--session"):
        said = collector.playhead("erase", nobody, "", "--yes")
        assert (said.status, "is empty" in said.err) == (2, True)
    said = collector.playhead("erase", "--run", "0" * 31 + "1", "--project", "../x", "--yes")
    assert (said.status, "cannot be a project's name" in said.err) == (2, True)
