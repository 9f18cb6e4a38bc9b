"""What a command loads before it is asked for anything: of that it starts slowly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("command", "unneeded"),
    [
        ("up", {"fastapi", "genai_prices", "httpx2", "numpy", "pyarrow"}),
        ("show", {"chdb", "fastapi", "genai_prices", "grpc", "httpx2", "numpy", "pyarrow", "uvicorn"}),
    ],
)
def test_what_few_ask_for_is_not_loaded_by_everybody(command: str, unneeded: set[str]) -> None:
    code = f"import sys, playhead_collector.commands.{command}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert f"playhead_collector.commands.{command}" in loaded
    assert unneeded & set(loaded) == set()


def test_a_store_is_opened_without_what_draws_tables(tmp_path: Path) -> None:
    """And what it left out is there for an export all the same."""
    code = """
import sys
from pathlib import Path
from playhead_collector.store.address import parse_address
from playhead_collector.store.store import Store

store = Store(parse_address(sys.argv[1]))
print(store.reader().query("SELECT count() FROM runs").result_rows, *sys.modules)
store.close()
from pyarrow import parquet
"""
    words = [sys.executable, "-c", code, f"chdb://{tmp_path / 'store'}"]
    counted, *loaded = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert counted == "[(0,)]"
    assert {"numpy", "pandas", "pyarrow"} & set(loaded) == set()
