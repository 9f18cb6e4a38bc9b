"""Redaction, roles and the audit log, on a collector that has them, as its people type."""

from __future__ import annotations

import json
import socket
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from tests.collector.dialects.spans import span, traces
from tests.e2e.running import Up, playhead_alone, up

from playhead_collector.alerts.marks import Kind
from playhead_tui import app
from playhead_tui.app import Start
from playhead_tui.command import add_arguments
from playhead_tui.command import run as run_terminal
from playhead_tui.reading import Reader

INGEST, READ, FIGURES, ADMIN = "ingest-default-1", "read-default-1", "figures-default-1", "admin-token-1"
OTHER = "read-default-2"
CALL = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "mail",
    "gen_ai.tool.call.arguments": "to anna@example.com, hush",
}
ONE = span("mail", CALL)
RUN = ONE.trace_id.hex()


@pytest.fixture(scope="module")
def governed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("governed")
    flags = (
        "--ingest-token", INGEST, "--read-token", f"default/anna={READ}",
        "--figures-token", f"default/accounts={FIGURES}", "--admin-token", ADMIN, "--redact", "email",
    )  # fmt: skip
    with up(folder, *flags) as collector:
        assert collector.send(traces(ONE), INGEST) == 1
        yield collector


def test_what_is_redacted_is_nowhere_and_the_run_says_so(governed: Up) -> None:
    said = governed.playhead("show", RUN, PLAYHEAD_TOKEN=READ)
    assert "anna@example.com" not in said.out
    assert "1 text redacted before they were kept in 1 step: email ×1" in said.out
    written = [
        path for path in governed.folder.rglob("*") if path.is_file() and b"anna@example.com" in path.read_bytes()
    ]
    assert written == []


def test_who_reads_figures_is_told_that_payloads_are_not_permitted(governed: Up) -> None:
    assert "hush" in governed.playhead("show", RUN, PLAYHEAD_TOKEN=READ).out
    said = governed.playhead("show", RUN, PLAYHEAD_TOKEN=FIGURES)
    assert "not permitted to read payloads" in said.out
    assert "hush" not in said.out + said.err
    for words in (("runs", "--text", "hush"), ("replay", RUN), ("sql", "SELECT content FROM recording_rows")):
        said = governed.playhead(*words, PLAYHEAD_TOKEN=FIGURES)
        assert said.status == 2
        assert "not permitted to read payloads" in said.err


def test_a_replay_of_what_a_recorder_numbered_is_refused_in_the_same_words(governed: Up) -> None:
    numbered = span("numbered", {**CALL, "playhead.sequence": 3})
    assert governed.send(traces(numbered), INGEST) == 1
    for command in ("replay", "certify"):
        said = governed.playhead(command, numbered.trace_id.hex(), PLAYHEAD_TOKEN=FIGURES)
        assert said.status == 2 and "Traceback" not in said.err, said.err


def test_without_a_project_named_it_is_the_tokens_that_is_changed_and_whose_rules_hold(tmp_path: Path) -> None:
    flags = (
        "--ingest-token", f"shop={INGEST}", "--read-token", f"shop={READ}", "--admin-token", ADMIN,
        "--figures-token", f"shop={FIGURES}",
    )  # fmt: skip
    rules = {"PLAYHEAD_REDACT": "shop=email"}
    with up(tmp_path, *flags) as collector:
        assert collector.send(traces(ONE), INGEST) == 1
        for token in (READ, FIGURES):
            assert collector.playhead("redact", "--dry-run", "--all", PLAYHEAD_TOKEN=token, **rules).status == 0
        hidden = collector.playhead("redact", "--dry-run", "--all", "--json", PLAYHEAD_TOKEN=READ, **rules).rows()
        assert ("email", 1) in {(row.get("kind"), row["hits"]) for row in hidden}
        acting = {"PLAYHEAD_TOKEN": READ, "PLAYHEAD_ADMIN_TOKEN": ADMIN}
        assert collector.playhead("dataset", "create", "mails", **acting).status == 0
        (found,) = collector.playhead("dataset", "show", "mails", "--json", PLAYHEAD_TOKEN=READ).rows()
        assert (found["run_id"], found["state"]) == (RUN, "here")
        several = tmp_path / "read-tokens"
        several.write_text(f"# ours\nother={OTHER}\nshop/ann={READ}\n")
        by_file = {"PLAYHEAD_TOKEN": f"@{several}"}
        assert len(collector.playhead("runs", "--json", "--project", "shop", **by_file).rows()) == 1
        none = collector.playhead("runs", "--project", "elsewhere", **by_file)
        assert (none.status, "no token of project 'elsewhere'" in none.err) == (2, True)
        several.write_text(f"shop/ann={READ}\n")
        assert len(collector.playhead("runs", "--json", **by_file).rows()) == 1
        assert collector.playhead("dataset", "remove", "mails", **acting).status == 0
        assert collector.playhead("dataset", "list", "--json", PLAYHEAD_TOKEN=READ).rows() == []


def test_what_the_terminal_says_of_alerts_is_said_in_the_tokens_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class App:
        """Of the terminal, what is said by its keys."""

        return_code = 0

        def __init__(
            self, start: Start, reader: Reader, *,
            mark: Callable[[Kind, Mapping[str, object]], str], say: object, whose: Callable[[Client], str],
        ) -> None:  # fmt: skip
            self.reader, self.mark = reader, mark
            assert (start.project, reader.ask(whose)) == ("", "shop")

        def run(self) -> None:
            self.mark(Kind.SILENCE, {"rule": "all_of_shop", "matching": {}, "seconds": 600.0, "by": "ada", "note": ""})
            self.reader.close()

    flags = ("--read-token", f"shop={READ}", "--read-token", f"default={OTHER}", "--admin-token", ADMIN)
    with up(tmp_path, "--ingest-token", f"shop={INGEST}", *flags) as collector:
        monkeypatch.setattr(app, "PlayheadApp", App)
        monkeypatch.setenv("TEXTUAL_DRIVER", "none")
        monkeypatch.setenv("PLAYHEAD_ADMIN_TOKEN", ADMIN)
        parser = ArgumentParser()
        add_arguments(parser)
        assert run_terminal(parser.parse_args(["--store", collector.store, "--token", READ])) == 0
        (silence,) = collector.playhead("alerts", "silence", "--json", PLAYHEAD_TOKEN=READ).rows()
        assert silence["rule"] == "all_of_shop"
        assert collector.playhead("alerts", "silence", "--json", PLAYHEAD_TOKEN=OTHER).rows() == []


def test_the_audit_log_says_who_did_what_and_never_a_token(governed: Up, tmp_path: Path) -> None:
    governed.playhead("export", RUN, "-o", str(tmp_path / "run.otlp"), PLAYHEAD_TOKEN=READ)
    governed.playhead("show", RUN, PLAYHEAD_TOKEN=FIGURES)
    governed.playhead("erase", "--user", "bert", "--yes", "--token", ADMIN)
    rows = governed.playhead("audit", "--json", "--limit", "10000").rows()
    did = {(row["who"], row["action"], row["role"]) for row in rows}
    assert {("anna", "export", "read"), ("accounts", "show", "figures"), ("admin", "erase", "admin")} <= did
    of_run = governed.playhead("audit", "--json", "--about", RUN, "--who", "anna", "--action", "export").rows()
    assert of_run and all(row["where"] == "127.0.0.1" for row in of_run)
    log = "".join(path.read_text() for path in (governed.folder / "audit").iterdir())
    assert not any(token in log for token in (INGEST, READ, FIGURES, ADMIN, "bert"))
    assert "anna" in governed.playhead("audit").out


def test_the_audit_log_says_what_was_silenced_for_how_long_by_whom_and_what_came_of_it(governed: Up) -> None:
    acting = {"PLAYHEAD_TOKEN": READ, "PLAYHEAD_ADMIN_TOKEN": ADMIN}
    words = ("all", "--where", "agent=billing", "--for", "2h", "--by", "ada", "--note", "a known fault")
    (silence,) = governed.playhead("alerts", "silence", *words, "--json", **acting).rows()
    ident = silence["id"]
    assert governed.playhead("alerts", "silence", "--end", ident, "--by", "bert", **acting).status == 0
    assert governed.playhead("alerts", "silence", "--end", "zzz", "--by", "bert", **acting).status == 2
    assert governed.playhead("dataset", "add", "none", RUN, "--by", "ada", **acting).status == 2
    rows = governed.playhead("audit", "--json").rows()
    made = {
        "kind": "silence",
        "seconds": 7200.0,
        "by": "ada",
        "note": "a known fault",
        "matching": {"agent": "billing"},
    }
    ended = {"kind": "silence", "seconds": 0.0, "by": "bert"}
    alerts = [(row["what"], row["values"]) for row in rows if row["action"] == "alerts" and row["who"] == "admin"]
    asked, came_of_it = alerts[::2], alerts[1::2]
    assert [(what, json.loads(said)) for what, said in asked] == [
        ("silence", made),
        (f"silence {ident}", {**ended, "mark_id": ident}),
        ("silence zzz", {**ended, "mark_id": "zzz"}),
    ]
    assert [said for _, said in came_of_it][:2] == [f"done: {ident}"] * 2
    assert came_of_it[2][1].startswith("refused: no silence 'zzz' is in force")
    datasets = [row["values"] for row in rows if row["action"] == "datasets"]
    assert datasets[-1].startswith("refused: no dataset is called 'none'")


def test_who_opens_the_folder_themselves_is_in_it_too(tmp_path: Path) -> None:
    with up(tmp_path) as collector:
        collector.send(traces(ONE))
    assert playhead_alone(tmp_path, "show", RUN, "--store", collector.store).status == 0
    (row,) = playhead_alone(tmp_path, "audit", "--json", "--action", "show", "--store", collector.store).rows()
    assert row["who"].startswith("user:")
    assert RUN in row["what"]
    added = ("dataset", "create", "mine", f"run:{RUN}", "--admin-token", ADMIN, "--token", READ)
    assert playhead_alone(tmp_path, *added, "--store", collector.store).status == 0
    told = (tmp_path / "audit" / "audit.jsonl").read_text()
    assert "mine" in told and ADMIN not in told and READ not in told
    (tmp_path / "audit" / "audit.jsonl").unlink()
    (tmp_path / "audit").rmdir()
    (tmp_path / "audit").write_text("a file where the folder should be")
    refused = playhead_alone(tmp_path, "show", RUN, "--store", collector.store)
    assert (refused.status, refused.out) == (2, "")
    assert "audit log" in refused.err


def test_who_may_not_administer_is_told_so_before_a_word_is_read_and_nobody_is_read_without_end(tmp_path: Path) -> None:
    with up(tmp_path, "--ingest-token", INGEST, "--read-token", READ, "--admin-token", ADMIN) as collector:
        asked = f"POST /admin/erase HTTP/1.1\r\nhost: x\r\ncontent-length: {40 * 1024 * 1024}\r\n".encode()
        for token, sent, answer in (("", 0, b"401"), (READ, 0, b"401"), (ADMIN, 17, b"413")):
            with socket.create_connection(("127.0.0.1", collector.ports[1]), timeout=60) as line:
                line.sendall(asked + f"authorization: Bearer {token}\r\n\r\n".encode() + b" " * (sent * 1024 * 1024))
                assert line.recv(12) == b"HTTP/1.1 " + answer
