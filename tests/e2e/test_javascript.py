"""OpenTelemetry's exporters for JavaScript, from npm: they send chunked bodies, and JSON as the language has it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.e2e.running import Up

FOLDER = Path(__file__).parent / "js"


@pytest.fixture(scope="module")
def node() -> str:
    """Node, with the exporters installed beside the program that uses them."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not at hand")
    stamp = FOLDER / "node_modules" / ".installed"
    wanted = (FOLDER / "package.json").read_text(encoding="utf-8")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        words = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"]
        done = subprocess.run([npm, *words], cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            pytest.skip(f"npm could not install OpenTelemetry's exporters: {done.stderr.strip()[-300:]}")
        stamp.write_text(wanted, encoding="utf-8")
    return node


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("kind", ["proto", "http", "grpc"])
def test_what_javascript_sends_is_what_the_commands_show(collector: Up, node: str, kind: str, compression: str) -> None:
    agent = f"js-{kind}-{compression}"
    url = f"http://{collector.grpc}" if kind == "grpc" else f"{collector.url}/v1/traces"
    words = [node, "send.js", kind, compression, url, agent]
    done = subprocess.run(words, cwd=FOLDER, capture_output=True, text=True, timeout=120, check=True)
    told = json.loads(done.stdout)
    assert told["code"] == 0, told
    collector.wait_until_stored()

    [row] = collector.playhead("runs", "--agent", agent, "--json").rows()
    assert row["run_id"] == told["run"]
    assert (row["service"], row["version"], row["status"]) == ("shop-front", "7", "ok")
    assert (row["input_tokens"], row["output_tokens"], row["models"]) == (12, 3, ["gpt-4o"])
    [_, step] = collector.playhead("show", row["run_id"], "--json").rows()
    assert step["attributes"]["ai.settings.stops"] == ["a", "b"]
    assert step["attributes"]["ai.settings.temperature"] == 0.5
    assert step["events"] == [{"name": "ai.stream.firstChunk", "attributes": {"ai.stream.msToFirstChunk": 12.5}}]
    assert step["conversation"]["input"][0]["parts"][0]["text"] == f"größer 💽, {agent}?"
    assert step["conversation"]["output"][0]["parts"][0]["text"] == "Yes.\nIt is."
