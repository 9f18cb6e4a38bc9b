"""`playhead demo` again, on the store that one left: it shows what it made itself. `make proof-demo`."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.running import playhead_alone


def test_a_demo_behind_another_shows_its_own_runs_and_the_store_has_both(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    for _ in range(2):
        said = playhead_alone(tmp_path, "demo", "--folder", str(folder))
        assert said.status == 0, said.err
        assert "39 runs of 4" in said.err
    (both,) = playhead_alone(
        tmp_path, "sql", "SELECT count() AS runs FROM runs", "--json", "--store", f"chdb://{folder}/store"
    ).rows()
    assert both["runs"] == 78
