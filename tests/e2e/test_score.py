"""What is said of a run from outside of its process: over HTTP, from the command line, and from another process."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from tests.e2e.emitting import hex_id, spans
from tests.e2e.running import Up, clean_environment

_JUDGE = """
import sys, playhead
playhead.init(service="judge", endpoint=sys.argv[1], record="steps")
playhead.score("grounded", 0.25, run=sys.argv[2], by="judge-2", comment="no such order")
assert playhead.shutdown(60)
"""


@pytest.fixture(scope="module")
def run(collector: Up) -> str:
    """A run of an agent that nobody else's tests look for."""
    made = spans("scored")
    collector.send(encode_spans(made))
    return hex_id(made)


def posted(collector: Up, said: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{collector.url}/v1/scores", json.dumps(said).encode(), {"Content-Type": "application/json"}
    )
    with collector.itself().opener().open(request, timeout=120) as answer:
        collector.wait_until_stored()
        found: dict[str, Any] = json.load(answer)
        return found


def test_scores_come_over_http_the_command_line_and_from_another_process_and_are_found(collector: Up, run: str) -> None:
    chat = next(row for row in collector.playhead("show", run, "--json").rows() if row["kind"] == "prompt")["step_id"]
    assert f"  {chat}" in collector.playhead("show", run, "--ids").out
    assert chat not in collector.playhead("show", run).out
    before = collector.playhead("runs", "agent:scored", "--json").rows()[0]
    thumb = {"run_id": run, "name": "thumb", "value": 1, "by": "user-7", "key": "thumb"}
    assert posted(collector, thumb)["step_ids"] == posted(collector, {**thumb, "value": 0})["step_ids"]
    said = collector.playhead(
        "score", f"{run[:12]}/{chat[:6]}", "tone=bad", "grounded=0.5", "--label", "refund-bug", "--note", "asked Ann",
        "--by", "ann", "--json",
    )  # fmt: skip
    assert said.status == 0, said.err
    assert [(row["run_id"], row["of"], row["name"]) for row in said.rows()] == [
        (run, chat, name) for name in ("tone", "grounded", "label", "note")
    ]
    elsewhere = clean_environment(collector.folder, {"PLAYHEAD_JOURNAL": str(collector.folder / "judge")})
    subprocess.run([sys.executable, "-c", _JUDGE, collector.url, run], check=True, timeout=120, env=elsewhere)
    collector.wait_until_stored()

    after = collector.playhead(
        "runs", "agent:scored", "score.grounded<0.3", "label:refund-bug", 'note:"asked ann"', "--json"
    )
    assert after.rows() == [before]
    assert collector.playhead("runs", "agent:scored", "score.thumb>0", "--json").rows() == []
    shown = collector.playhead("show", run).out
    for words in (
        "grounded 0.25: no such order (by judge-2) · 20",
        "tone bad (by ann)",
        "thumb 0 (by user-7)",
        "asked Ann",
    ):
        assert words in shown
    assert collector.playhead("diff", run, run).status == 0


def test_a_run_that_is_not_there_and_words_that_say_nothing_are_refused_before_anything_is_said(
    collector: Up, run: str
) -> None:
    for words, told in (
        (["feed", "a=1"], "no run begins with 'feed'"),
        ([f"{run}/ffff", "a=1"], "no step begins with 'ffff' in run"),
        ([f"{run}/ffff", "a=1"], f"'playhead show --ids {run[:12]}' has them"),
        ([f"{run}/", "a=1"], "names no step"),
        ([run], "nothing is said: write a score as helpful=0.8"),
        ([run, "helpful"], "'helpful' is no score: write NAME=VALUE"),
        ([run, "helpful=inf"], "is not finite"),
        ([run, "a=1", "b=1", "--key", "k"], "a key is for one thing said"),
        ([run, "x" * 201 + "=1"], "may have 200 characters each"),
        ([run[:9], "a=1", "--endpoint", collector.url], "write the run's whole id"),
    ):
        said = collector.playhead("score", *words)
        assert said.status == 2 and told in said.err, said.err
    assert collector.playhead("score", run, "elsewhere=1", "--endpoint", collector.url).status == 0
    collector.wait_until_stored()
    assert len(collector.playhead("runs", "score.elsewhere=1", "--json").rows()) == 1
