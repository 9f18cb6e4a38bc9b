"""`make bench-backup`: how long a backup and a restore take at two million steps, with how much memory.

The backup is taken through the collector that has the store, the restore makes a new one beside it; then a collector
of each is asked for all steps, runs, messages and calls, and every row has to be the same, or there are no figures.
PLAYHEAD_BENCH_STEPS=100000 gives a quick look.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

from clickhouse_connect.driver.client import Client
from tests.bench.command import playhead
from tests.bench.fill import fill
from tests.bench.folder import measure
from tests.bench.subject import running

_STEPS = int(os.environ.get("PLAYHEAD_BENCH_STEPS", "2000000"))
_VIEWS = ("steps", "runs", "messages", "calls")
# The reading port gives a statement so much time and memory, and all rows at once are more.
_SLICES = tuple("0123456789abcdef")
_SUM = "SELECT count(), sum(cityHash64(toString(tuple(*)))) FROM {view} WHERE startsWith(run_id, {{digit:String}})"

Contents = dict[str, tuple[int, str]]


def main() -> None:
    measure(_run)


def _run(folder: Path) -> dict[str, object]:
    files, restored = folder / "backup", folder / "restored"
    with running(folder / "first") as subject:
        steps = fill(subject, _STEPS)
        subject.settle()
        before = contents(subject.client)
        on_disk = sum(subject.bytes_on_disk().values())
        backed_up = playhead("backup", str(files), "--store", f"chdb://{folder / 'first' / 'store'}")
        collector_mb = round(subject.peak_rss_mb())
    size = sum(path.stat().st_size for path in files.rglob("*") if path.is_file())
    made_again = playhead("restore", str(files), "--store", f"chdb://{restored / 'store'}")
    with running(restored) as subject:
        after = contents(subject.client)
    if after != before or before["steps"][0] != steps:
        raise RuntimeError(f"what was restored is not what was there: {before} and {after}")
    return {
        "steps": steps, "rows_equal": {view: count for view, (count, _) in before.items()},
        "store_mb": round(on_disk / 1e6, 1), "backup_mb": round(size / 1e6, 1), "collector_peak_rss_mb": collector_mb,
        "backup": asdict(backed_up), "restore": asdict(made_again),
    }  # fmt: skip


def contents(client: Client) -> Contents:
    """Of each view how many rows, and the sum of their hashes, in whatever order they are."""
    found: Contents = {}
    for view in _VIEWS:
        rows, total = 0, 0
        for digit in _SLICES:
            count, hashes = client.query(_SUM.format(view=view), parameters={"digit": digit}).result_rows[0]
            rows, total = rows + int(count), (total + int(hashes)) % 2**64
        found[view] = (rows, f"{total:016x}")
    return found


if __name__ == "__main__":
    main()
