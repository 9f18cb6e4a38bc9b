"""What a command loads before it is asked for anything: of that it starts slowly."""

from __future__ import annotations

import subprocess
import sys

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
