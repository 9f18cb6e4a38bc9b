"""What nobody expects: runs that make no sense as a tree, and folders that are no store or a damaged one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.collector.dialects.spans import span, traces
from tests.e2e.running import Up, playhead_alone, up


def test_steps_that_are_each_others_parents_are_shown_and_said_to_be_so(collector: Up) -> None:
    one, other = span("one"), span("other")
    other.trace_id = one.trace_id
    one.parent_span_id, other.parent_span_id = other.span_id, one.span_id
    collector.send(traces(one, other))
    shown = " ".join(collector.playhead("show", one.trace_id.hex()).out.split())
    assert "incomplete: the step that it began with has not arrived, or its steps name each other" in shown
    assert "· one" in shown and "· other" in shown


def test_one_parent_that_did_not_arrive_is_one(collector: Up) -> None:
    step = span("alone")
    step.parent_span_id = b"elsewher"
    collector.send(traces(step))
    shown = collector.playhead("show", step.trace_id.hex()).out
    assert "incomplete: 1 parent has not arrived that other steps name" in shown
    assert " · 1 step · " in shown


def test_a_tree_deeper_than_a_screen_says_how_deep_it_is(collector: Up) -> None:
    steps = [span("step 0")]
    for depth in range(1, 200):
        steps.append(span(f"step {depth}", parent=steps[-1]))
    collector.send(traces(*steps))
    lines = collector.playhead("show", steps[0].trace_id.hex(), "--no-messages").out.splitlines()
    last = next(line for line in lines if "step 199" in line)
    assert "(199) · step 199" in last and len(last) < 120


def test_what_a_session_is_called_cannot_look_like_a_line_of_ours(collector: Up) -> None:
    step = span("step", {"session.id": "s\n✓ forged line"})
    collector.send(traces(step))
    lines = collector.playhead("show", step.trace_id.hex()).out.splitlines()
    assert [line for line in lines if line.startswith("✓ forged")] == []
    assert any("session s ✓ forged line" in line for line in lines)


def test_a_run_without_words_is_listed_by_its_name(collector: Up) -> None:
    step = span("nightly clean-up", {"session.id": "by-name"})
    collector.send(traces(step))
    assert "nightly clean-up" in collector.playhead("runs", "--session", "by-name").out


def test_times_say_that_they_are_in_utc(collector: Up, tmp_path: Path) -> None:
    step = span("step")
    collector.send(traces(step))
    run = step.trace_id.hex()
    listed = next(row for row in collector.playhead("runs", "--json", "--limit", "1000").rows() if row["run_id"] == run)
    (shown,) = collector.playhead("show", run, "--json").rows()
    statement = "SELECT start_time FROM steps WHERE run_id = {run:String}"
    (asked,) = collector.playhead("sql", statement, "-p", f"run={run}", "--json").rows()
    assert listed["start_time"] == shown["start_time"] == asked["start_time"]
    assert listed["start_time"].endswith("+00:00")


def test_a_wrong_statement_is_answered_in_the_engines_words_and_nobody_elses(collector: Up) -> None:
    said = collector.playhead("sql", "SELECT * FROM nowhere")
    assert said.status == 2
    assert (
        said.err
        == "playhead: Unknown table expression identifier 'nowhere'. In scope SELECT * FROM nowhere. (UNKNOWN_TABLE)\n"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["runs"], "there is no store at"),
        (["erase", "--user", "somebody", "--yes"], "there is no store at"),
        (["up", "--grpc-port", "0", "--http-port", "0", "--clickhouse-port", "0"], "none of which are a store's"),
    ],
)
def test_a_folder_of_other_files_is_left_alone(tmp_path: Path, words: list[str], told: str) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear all")
    said = playhead_alone(tmp_path, *words, "--store", f"chdb://{folder}")
    assert (said.status, said.out) == (2, "")
    assert told in said.err and "Traceback" not in said.err
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]


def test_a_file_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.write_text("dear all")
    for words in (["runs"], ["up", "--grpc-port", "0", "--http-port", "0", "--clickhouse-port", "0"]):
        said = playhead_alone(tmp_path, *words, "--store", f"chdb://{path}")
        assert said.status == 2 and "Traceback" not in said.err
        assert "no store" in said.err or "is a file" in said.err


@pytest.mark.skipif(os.geteuid() != 0, reason="is about root, and is not run as root")
@pytest.mark.parametrize(
    "words",
    [
        ["runs"],
        ["backup", "copy"],
        ["erase", "--user", "somebody", "--yes"],
        ["up", "--grpc-port", "0", "--http-port", "0", "--clickhouse-port", "0"],
    ],
)
def test_root_leaves_nothing_beside_another_users_store(tmp_path: Path, words: list[str]) -> None:
    store = tmp_path / "theirs" / "store"
    (store / "metadata").mkdir(parents=True)
    os.chown(store / "metadata", 12345, 12345)
    said = playhead_alone(tmp_path, *words, "--store", f"chdb://{store}")
    assert said.status == 2
    assert "is user 12345's" in said.err and "sudo --user='#12345'" in said.err
    assert sorted(tmp_path.rglob("theirs/**")) == [tmp_path / "theirs", store, store / "metadata"]


def test_a_server_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    said = playhead_alone(tmp_path, "runs", "--store", "clickhouse://nobody@127.0.0.1:1/x")
    assert said.status == 2
    assert "playhead: the store clickhouse://127.0.0.1:1/x does not answer: Connection refused. Is it" in said.err
    assert len(said.err.splitlines()) == 1 and len(said.err) < 150


def test_damaged_files_of_a_store_are_told_of(tmp_path: Path) -> None:
    step = span("step")
    with up(tmp_path / "there") as collector:
        collector.send(traces(step))
        store = Path(collector.store.removeprefix("chdb://"))
    for name, told in (("data.bin", "damaged part of playhead.step_rows"), ("playhead.sql", "cannot be opened")):
        damaged = tmp_path / name
        shutil.copytree(store, damaged, symlinks=True)
        for path in damaged.rglob(name):
            path.write_text("rubbish")
        said = playhead_alone(tmp_path, "runs", "--store", f"chdb://{damaged}")
        assert told in said.err and "restore the folder from a backup" in said.err, name
    said = playhead_alone(tmp_path, "runs", "--store", f"chdb://{store}")
    assert "damaged" not in said.err and step.trace_id.hex()[:12] in said.out
