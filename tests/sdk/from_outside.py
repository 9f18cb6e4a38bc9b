"""Programs without a line of Playhead in them, recorded from outside, as real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span


def environment_of(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLAYHEAD_", "OTEL_"))}
    state = {"XDG_STATE_HOME": str(folder / "state"), "PLAYHEAD_JOURNAL": str(folder / "journal")}
    # Where no collector is.
    return {**kept, **state, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", **more}


def ran(folder: Path, *words: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, cwd=folder, env=environment_of(folder, **more), input=stdin, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


def recorded(folder: Path, *words: str, options: tuple[str, ...] = (), **more: str) -> Any:
    """With what it said of itself taken off the end of stderr."""
    return ran(folder, sys.executable, "-m", "playhead", "record", "-q", *options, "--", *words, **more)


def script(folder: Path, text: str, name: str = "agent.py") -> str:
    (folder / name).write_text(text)
    return name


def root_of(spans: list[Span]) -> Span:
    (root,) = [span for span in spans if not span.parent_span_id]
    return root


ASKS = """
from time import time
from uuid import uuid4
import json, sys, threading
import httpx2

def ask(question):
    asked = {"model": "gpt-5", "messages": [{"role": "user", "content": question}]}
    with httpx2.Client() as client:
        answer = client.post(sys.argv[1] + "/v1/chat/completions", json=asked).json()
    return answer["choices"][0]["message"]["content"]

answers = [ask("first")]
thread = threading.Thread(target=lambda: answers.append(ask("second")))
thread.start()
thread.join()
print(json.dumps([answers, str(uuid4()), time()]))
"""


ENDS = """
import os, signal, sys
print("begun", flush=True)
how = sys.argv[1]
if how == "exit": sys.exit(3)
if how == "_exit": os._exit(4)
if how == "raise": raise LookupError("no such order")
if how == "abort": os.abort()
if how.startswith("SIG"): os.kill(os.getpid(), getattr(signal, how))
"""
