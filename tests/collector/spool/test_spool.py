from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.collector.spool.bodies import NOW, PROJECT, append, body, copied, stored_bodies, waiting_in

from playhead.errors import UsageError
from playhead_collector.errors import TryLater
from playhead_collector.receive.signal import Signal
from playhead_collector.spool.spool import Spool, SpoolLimits


def run(scenario: Callable[[Spool], Any], folder: Path, limits: SpoolLimits = NOW, **options: Any) -> Any:
    """A spool from its start to its close, around one coroutine."""

    async def main() -> Any:
        spool = Spool(folder, limits, **options)
        spool.start()
        try:
            return await scenario(spool)
        finally:
            await spool.close()

    return asyncio.run(main())


def files(folder: Path, ending: str) -> list[Path]:
    return sorted(folder.glob(f"*/*{ending}"))


def test_a_body_is_on_the_disk_with_its_record_before_it_is_acknowledged(tmp_path: Path) -> None:
    async def scenario(spool: Spool) -> None:
        for number in range(3):
            await append(spool, body(number))
            [data], [index] = files(tmp_path, ".open"), files(tmp_path, ".index")
            assert data.read_bytes().endswith(body(number))
            assert len(index.read_bytes()) == 24 * (number + 1)

    run(scenario, tmp_path)


def test_what_arrives_during_a_sync_shares_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    monkeypatch.setattr(os, "fdatasync", syncs.append)

    async def scenario(spool: Spool) -> None:
        await asyncio.gather(*(append(spool, body(number)) for number in range(100)))
        assert sorted(stored_bodies(spool)) == sorted(body(number) for number in range(100))

    run(scenario, tmp_path)
    assert len(syncs) <= 4, "the first alone, the other 99 together; two files each"


def test_projects_and_signals_lie_in_segments_of_their_own(tmp_path: Path) -> None:
    async def scenario(spool: Spool) -> None:
        await append(spool, b"a")
        await append(spool, b"b", signal=Signal.LOGS)
        await append(spool, b"c", project="acme")
        found = []
        while (segment := spool.take()) is not None:
            found.append((segment.project, segment.signal, segment.path.read_bytes()))
        assert sorted(found) == [
            ("acme", Signal.TRACES, b"c"),
            ("default", Signal.LOGS, b"b"),
            ("default", Signal.TRACES, b"a"),
        ]

    run(scenario, tmp_path)


def test_a_segment_waits_for_company_and_is_sealed_when_it_is_large(tmp_path: Path) -> None:
    now = [0.0]

    async def scenario(spool: Spool) -> None:
        await append(spool, body(1))
        assert spool.take() is None
        now[0] = 0.5
        assert stored_bodies(spool) == [body(1)]
        await append(spool, body(2, 60), body(3, 60), body(4, 60))
        assert stored_bodies(spool) == [body(2, 60), body(3, 60)], "sealed by size; the third waits"
        spool.flush()
        assert stored_bodies(spool) == [body(4, 60)]

    run(scenario, tmp_path, SpoolLimits(segment_bytes=100, linger_s=0.5), clock=lambda: now[0])


def test_a_segment_is_never_larger_than_it_may_be_however_much_comes_at_once(tmp_path: Path) -> None:
    async def scenario(spool: Spool) -> None:
        sizes = (30, 30, 60, 250, 10, 100)
        await asyncio.gather(*(append(spool, body(number, size)) for number, size in enumerate(sizes)))
        spool.flush()
        found = []
        while (segment := spool.take()) is not None:
            found.append(segment.size)
        assert sum(found) == sum(sizes)
        assert sorted(found)[-1] == 250, "a body that is larger alone stays whole"
        assert all(size <= 100 for size in found if size != 250)

    run(scenario, tmp_path, SpoolLimits(segment_bytes=100, linger_s=0.0))


def test_at_its_limit_the_spool_says_later_and_drops_nothing(tmp_path: Path) -> None:
    async def scenario(spool: Spool) -> None:
        await append(spool, body(1, 60))
        with pytest.raises(TryLater, match="spool is full") as refused:
            await append(spool, body(2, 60))
        assert refused.value.retry_after_s > 0
        segment = spool.take()
        assert segment is not None
        with pytest.raises(TryLater):
            await append(spool, body(2, 60))
        spool.done(segment)
        await append(spool, body(2, 60))
        assert stored_bodies(spool) == [body(2, 60)]

    run(scenario, tmp_path, SpoolLimits(total_bytes=100, linger_s=0.0))


@pytest.mark.parametrize("failing", ["writev", "fdatasync"])
@pytest.mark.parametrize("after", [0, 1])
def test_a_full_disk_is_later_and_what_it_left_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, after: int
) -> None:
    """`after` tells whether the data's file or the index's is where the disk ends."""
    works = getattr(os, failing)
    calls = [0]

    def full(*given: Any) -> Any:
        calls[0] += 1
        if calls[0] <= after:
            return works(*given)
        if failing == "writev":
            os.write(given[0], b"a half-")
        raise OSError(errno.ENOSPC, "No space left on device")

    async def scenario(spool: Spool) -> None:
        await append(spool, body(1))
        with monkeypatch.context() as patched:
            patched.setattr(os, failing, full)
            with pytest.raises(TryLater, match="No space left on device"):
                await append(spool, body(2))
        await append(spool, body(3), body(2))
        assert await waiting_in(copied(tmp_path / "spool", tmp_path / "killed")) == [body(1), body(3), body(2)]
        assert stored_bodies(spool) == [body(1), body(3), body(2)]

    run(scenario, tmp_path / "spool")


def test_what_cannot_be_cut_off_now_is_cut_off_before_anything_is_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    async def scenario(spool: Spool) -> None:
        await append(spool, body(1))
        with monkeypatch.context() as patched:
            patched.setattr(os, "fdatasync", broken)
            patched.setattr(os, "ftruncate", broken)
            for _ in range(2):
                with pytest.raises(TryLater):
                    await append(spool, body(2))
            assert spool.take() is None, "a segment with a torn end is not sealed"
        await append(spool, body(3))
        assert stored_bodies(spool) == [body(1), body(3)]

    run(scenario, tmp_path)


def test_a_defect_while_writing_is_an_answer_and_not_a_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: Any) -> None:
        raise ZeroDivisionError

    async def scenario(spool: Spool) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(os, "writev", broken)
            with pytest.raises(TryLater, match="ZeroDivisionError"):
                await append(spool, body(1))
        await append(spool, body(1))
        assert stored_bodies(spool) == [body(1)]

    run(scenario, tmp_path)


def test_a_body_that_comes_again_is_answered_and_kept_once(tmp_path: Path) -> None:
    async def scenario(spool: Spool) -> None:
        await asyncio.gather(*(append(spool, body(1)) for _ in range(5)))
        await append(spool, body(1))
        assert stored_bodies(spool) == [body(1)]
        await append(spool, body(1), project="acme")
        assert stored_bodies(spool) == [body(1)], "another project's is another body"

    run(scenario, tmp_path)


def test_a_repeat_is_known_after_a_kill_whether_it_is_stored_or_waits(tmp_path: Path) -> None:
    async def first(spool: Spool) -> None:
        await append(spool, body(1))
        stored = spool.take()
        assert stored is not None
        spool.done(stored)
        await append(spool, body(2))
        sealed = spool.take()
        assert sealed is not None
        await append(spool, body(3))
        copied(tmp_path / "spool", tmp_path / "killed")

    run(first, tmp_path / "spool")

    async def second(spool: Spool) -> None:
        await append(spool, body(1), body(2), body(3))
        assert stored_bodies(spool) == [body(2), body(3)]

    run(second, tmp_path / "killed")


def test_hashes_of_stored_bodies_are_forgotten_after_a_while_in_every_project(tmp_path: Path) -> None:
    async def scenario(spool: Spool) -> None:
        for project in (PROJECT, "acme"):
            await append(spool, body(1), project=project)
            segment = spool.take()
            assert segment is not None
            spool.done(segment)

    run(scenario, tmp_path)
    kept = files(tmp_path, ".done")
    assert len(kept) == 2
    for path in kept:
        os.utime(path, (0, 0))
    run(scenario_of_nothing, tmp_path)
    assert files(tmp_path, ".done") == []


async def scenario_of_nothing(spool: Spool) -> None:
    """Opens and closes it."""


def test_names_never_come_again_even_where_everything_was_stored(tmp_path: Path) -> None:
    names: list[str] = []

    async def scenario(spool: Spool) -> None:
        await append(spool, body(len(names)))
        segment = spool.take()
        assert segment is not None
        names.append(segment.name)
        spool.done(segment)

    for _ in range(3):
        run(scenario, tmp_path)
    assert len(set(names)) == 3
    assert names == sorted(names)


@pytest.mark.parametrize("cut", ["data", "index"])
def test_a_kill_at_any_byte_keeps_what_was_acknowledged_and_nothing_else(tmp_path: Path, cut: str) -> None:
    """Whatever the kill leaves of either file, what is whole in both is kept, in order, and no torn body is."""
    sizes = (7, 40, 1, 23)
    bodies = [body(number, size)[:size] for number, size in enumerate(sizes)]

    async def write(spool: Spool) -> None:
        await append(spool, *bodies)
        copied(tmp_path / "spool", tmp_path / "whole")

    run(write, tmp_path / "spool")
    [data], [index] = files(tmp_path / "whole", ".open"), files(tmp_path / "whole", ".index")
    ends = [sum(sizes[: count + 1]) for count in range(len(sizes))]
    whole = (data if cut == "data" else index).read_bytes()
    for length in range(len(whole) + 1):
        folder = copied(tmp_path / "whole", tmp_path / f"cut{length}")
        [path] = files(folder, ".open" if cut == "data" else ".index")
        path.write_bytes(whole[:length])
        kept = sum(end <= length for end in ends) if cut == "data" else length // 24

        async def read(spool: Spool, kept: int = kept) -> None:
            assert stored_bodies(spool) == bodies[:kept]
            # What was not kept was not acknowledged: it comes again, and is taken.
            await append(spool, *bodies)
            assert stored_bodies(spool) == bodies[kept:]

        run(read, folder)


def test_a_segment_whose_end_was_never_written_through_is_cut_at_the_first_wrong_byte(tmp_path: Path) -> None:
    """After a power cut a file can have its length and not its content."""

    async def write(spool: Spool) -> None:
        await append(spool, body(1), body(2), body(3))
        copied(tmp_path / "spool", tmp_path / "cut")

    run(write, tmp_path / "spool")
    [data] = files(tmp_path / "cut", ".open")
    content = bytearray(data.read_bytes())
    content[45:80] = bytes(35)
    data.write_bytes(content)

    async def read(spool: Spool) -> None:
        assert stored_bodies(spool) == [body(1)]

    run(read, tmp_path / "cut")


def test_a_kill_between_the_steps_of_removing_a_segment_never_brings_it_back_twice(tmp_path: Path) -> None:
    async def write(spool: Spool) -> None:
        await append(spool, body(1))
        segment = spool.take()
        assert segment is not None
        segment.index_path.rename(segment.path.with_suffix(".done"))
        copied(tmp_path / "spool", tmp_path / "between")
        spool.done(segment)

    run(write, tmp_path / "spool")

    async def read(spool: Spool) -> None:
        assert stored_bodies(spool) == []
        await append(spool, body(1))
        assert stored_bodies(spool) == []
        assert spool.size == 0

    run(read, tmp_path / "between")


def test_two_collectors_cannot_have_one_spool(tmp_path: Path) -> None:
    async def scenario(spool: Spool) -> None:
        with pytest.raises(UsageError, match=r"used by another collector.*--spool"):
            Spool(tmp_path)

    run(scenario, tmp_path)
    run(scenario_of_nothing, tmp_path)


def test_while_the_store_is_away_only_so_many_runs_of_waiting_segments_are_held(tmp_path: Path) -> None:
    async def scenario(spool: Spool) -> None:
        for number in range(8):
            await append(spool, body(number))
            spool.flush()
        held = []
        while (segment := spool.take()) is not None:
            held.append(segment.runs is not None)
        assert held == [True] * 4 + [False] * 4

    run(scenario, tmp_path, SpoolLimits(linger_s=0.0, runs_held=4))


def test_closing_finishes_what_is_queued_and_then_says_later(tmp_path: Path) -> None:
    async def main() -> None:
        spool = Spool(tmp_path, NOW)
        spool.start()
        waiting = [asyncio.create_task(append(spool, body(number))) for number in range(20)]
        await asyncio.sleep(0)
        await spool.close()
        await asyncio.gather(*waiting)
        with pytest.raises(TryLater, match="shutting down"):
            await append(spool, body(99))
        await spool.close()

    asyncio.run(main())

    async def read(spool: Spool) -> None:
        assert stored_bodies(spool) == [body(number) for number in range(20)]

    run(read, tmp_path)
