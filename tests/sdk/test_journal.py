"""The file that outlives its process."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.journal.folder import Folder, leftovers, segments
from playhead.journal.journal import MEMORY_BYTES, Journal
from playhead.journal.reader import Position, read_from, read_journal


def journal(root: Path, *, limit_bytes: int = 10**9, segment_bytes: int = 10**8) -> Journal:
    head = {"resource": {"service.name": "test"}}
    return Journal(root, "p1", head, limit_bytes=limit_bytes, segment_bytes=segment_bytes)


def let_go(written: Journal) -> None:
    folder = written.close_at(written.position)
    assert folder is not None
    folder.release()


def bodies(path: Path) -> list[list[object]]:
    return [record for record in read_journal(path) if record[0] != "head"]


def test_a_record_is_on_the_file_when_append_returns(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.append(["s", "ä", 1, 2.5, None, {"a": [True]}])
    assert bodies(tmp_path / "p1") == [["s", "ä", 1, 2.5, None, {"a": [True]}]]


def test_a_torn_last_line_is_no_record_and_is_read_once_it_is_whole(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.append(["a", 1])
    path = segments(tmp_path / "p1")[0][1]
    with path.open("ab") as file:
        file.write(b'["b",')
    reads = list(read_from(tmp_path / "p1", Position()))
    assert [read.record[0] for read in reads] == ["head", "a"]
    with path.open("ab") as file:
        file.write(b"2]\n")
    assert [read.record for read in read_from(tmp_path / "p1", reads[-1].end)] == [["b", 2]]


def test_whatever_byte_a_journal_ends_at_all_whole_records_before_it_are_read(tmp_path: Path) -> None:
    written = journal(tmp_path)
    for number in range(5):
        written.append(["r", number, "x" * number])
    path = segments(tmp_path / "p1")[0][1]
    whole = path.read_bytes()
    for end in range(len(whole) + 1):
        path.write_bytes(whole[:end])
        assert len(list(read_journal(path))) == whole[:end].count(b"\n")


def test_segments_follow_one_another_and_each_says_whose_it_is(tmp_path: Path) -> None:
    written = journal(tmp_path, segment_bytes=200)
    for number in range(100):
        written.append(["r", number])
    paths = [path for _, path in segments(tmp_path / "p1")]
    assert len(paths) > 2
    for path in paths:
        head = next(iter(read_journal(path)))
        assert head[0] == "head"
        assert (head[1]["process"], head[1]["format"]) == ("p1", 1)
    assert [record[1] for record in bodies(tmp_path / "p1")] == list(range(100))


def test_records_of_many_threads_are_never_mixed(tmp_path: Path) -> None:
    written = journal(tmp_path, segment_bytes=20_000)

    def write(name: int) -> None:
        for number in range(200):
            written.append([str(name), number, "x" * (number % 7 * 100)])

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in range(8):
        assert [record[1] for record in bodies(tmp_path / "p1") if record[0] == str(name)] == list(range(200))


@given(st.text(), st.binary(), st.floats(), st.integers())
def test_any_value_can_be_written(text: str, data: bytes, real: float, whole: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        written = journal(Path(folder))
        written.append(["r", text, data, real, whole, object()])
        ((_, read_text, _, _, read_whole, _),) = bodies(Path(folder) / "p1")
        assert (read_text, read_whole, written.lost) == (text, whole, 0)
        let_go(written)


def test_a_folder_that_cannot_be_written_keeps_records_in_memory_and_then_counts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    written = journal(tmp_path / "file")
    written.append(["r", 1])
    assert [json.loads(line) for line in written.take_from_memory()] == [["r", 1]]
    for _ in range(3):
        written.append(["r", "x" * (MEMORY_BYTES // 2)])
    assert written.lost == 2
    assert len(caplog.records) == 1


def test_a_journal_at_its_limit_loses_nothing_that_it_has_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    written = journal(tmp_path, limit_bytes=1000, segment_bytes=300)
    for number in range(100):
        written.append(["r", number])
    there = [record[1] for record in bodies(tmp_path / "p1")]
    kept = [json.loads(line)[1] for line in written.take_from_memory()]
    assert there + kept == list(range(100))
    written.freed(900)
    written.append(["r", 100])
    assert bodies(tmp_path / "p1")[-1] == ["r", 100]


def test_a_disk_that_takes_half_a_record_gets_it_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = journal(tmp_path)
    written.append(["r", 0])
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, line: real(handle, line[: len(line) // 2]))
    written.append(["r", 1])
    monkeypatch.undo()
    written.append(["r", 2])
    assert bodies(tmp_path / "p1") == [["r", 0], ["r", 2]]
    assert [json.loads(line) for line in written.take_from_memory()] == [["r", 1]]


def test_a_journal_is_left_over_only_when_nobody_holds_it(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.append(["r", 1])
    assert list(leftovers(tmp_path)) == []
    let_go(written)
    found = list(leftovers(tmp_path))
    assert [folder.path.name for folder in found] == ["p1"]


def test_a_journal_that_was_never_begun_is_cleared_away_and_one_that_is_being_begun_is_not(tmp_path: Path) -> None:
    """Processes of a pool are ended by SIGTERM, wherever they are: here between a folder's making and its name."""
    ended, ended_sooner, held, somebody_elses = (tmp_path / f".{letter * 32}" for letter in "abcx")
    for folder in (ended, ended_sooner, held, somebody_elses):
        folder.mkdir()
    (ended / "lock").touch()
    with (held / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert list(leftovers(tmp_path)) == []
        assert sorted(tmp_path.iterdir()) == [held, somebody_elses]


def test_a_folder_that_was_cleared_away_while_it_was_being_made_is_made_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, moments = os.open, list[Path]()

    def cleared_away(path: Path, flags: int, mode: int) -> int:
        """The first time, between the folder's making and its lock."""
        if not moments:
            moments.append(path)
            assert not list(leftovers(tmp_path)) and not list(tmp_path.iterdir())
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", cleared_away)
    held = Folder.make(tmp_path, "a" * 32)
    monkeypatch.undo()
    assert moments and list(tmp_path.iterdir()) == [held.path]
    assert list(leftovers(tmp_path)) == [], "it is held"
    held.remove()


def test_what_comes_after_a_journal_was_let_go_begins_one_anew(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.append(["r", 1])
    place = written.position
    written.append(["r", 2])
    assert written.close_at(place) is None, "something stands behind that place"
    let_go(written)
    written.append(["r", 3])
    assert written.process_id != "p1"
    assert bodies(tmp_path / "p1") == [["r", 1], ["r", 2]]
    assert bodies(tmp_path / written.process_id) == [["r", 3]]


def test_a_held_folder_is_not_given_twice(tmp_path: Path) -> None:
    held = Folder.make(tmp_path, "p1")
    with pytest.raises(FileExistsError, match="another process's journal"):
        Folder.make(tmp_path, "p1")
    held.remove()
    assert not (tmp_path / "p1").exists()


def test_letting_go_twice_closes_nobody_elses_file(tmp_path: Path) -> None:
    held = Folder.make(tmp_path, "p1")
    held.release()
    with (tmp_path / "other").open("w") as other:
        held.remove()
        held.release()
        other.write("still open")
        other.flush()


def test_a_record_that_means_something_by_its_place_is_counted_where_the_disk_does_not_take_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    written = journal(tmp_path / "file")
    written.append(["r", None, ["h"]], disk_only=True)
    assert (written.lost, written.take_from_memory()) == (1, [])
