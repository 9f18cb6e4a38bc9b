"""`make bench-plan`: what `playhead plan` reckons with, measured anew and written into its file.

It runs all of `make bench-ingest`, full size, and replaces every figure at once: figures of different days or machines
do not go together. The output of one that ran already can be given instead: `python -m tests.bench.plan OUTPUT`, where
the last line is the bench's JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import ingest
from tests.bench.folder import measured

FILE = Path(__file__).parents[2] / "collector" / "playhead_collector" / "plan" / "figures.toml"
# Where one kind of traffic was sent over both protocols, what took more is what is reckoned with.
_SHAPES: Mapping[str, Sequence[str]] = {
    "light": ("light_http", "light_grpc"), "heavy": ("heavy_http", "heavy_grpc"), "deep": ("deep_http",),
}  # fmt: skip
_TOML = """\
# What `playhead plan` reckons with; `make bench-plan` measures it anew and writes it. All of it is replaced: figures of
# different days or machines do not go together.
command = "make bench-ingest"
measured = "{day}"
machine = "{machine}"
cores = {cores}
disk_bytes_a_step = {disk_a_step}
# {deep_bytes} B a step of a deep run, over {text_kb} KB of different text in {steps} steps.
disk_bytes_a_kb = {disk_a_kb:.0f}
"""
_SHAPE = """
[[shapes]]
name = "{name}"
spans = {spans}
sent_kb = {sent_kb:.4g}
cpu_s_per_1k = {cpu}
peak_rss_mb = {rss}
"""


class NotWhole(Exception):
    """What a plan must not be made of."""


def main(words: Sequence[str]) -> None:
    if words:
        found: Mapping[str, Any] = json.loads(Path(words[0]).read_text(encoding="utf-8").splitlines()[-1])
    else:
        found = measured(ingest.run)
    FILE.write_text(figures(found, machine(), datetime.now(UTC)), encoding="utf-8")
    print(FILE.read_text(encoding="utf-8"))


def figures(found: Mapping[str, Any], where: str, now: datetime) -> str:
    """The file's text. Raises NotWhole for a bench that was smaller, or of some cases only, or compared nothing."""
    missing = [case for cases in _SHAPES.values() for case in cases if case not in found]
    if found.get("scale") != 1 or missing or not found.get("deep_exact"):
        raise NotWhole(
            f"a plan takes all of make bench-ingest, full size; this one had scale {found.get('scale')}"
            + (f" and no {', '.join(missing)}" if missing else "")
        )
    deep = found["deep_http"]
    text = _TOML.format(
        day=f"{now:%Y-%m-%d}", machine=where, cores=os.cpu_count(),
        disk_a_step=max(found[case]["bytes_per_span"] for case in _SHAPES["light"]),
        deep_bytes=deep["bytes_per_span"], text_kb=round(deep["text_kb_per_run"]), steps=deep["steps_per_run"],
        disk_a_kb=deep["bytes_per_span"] * deep["steps_per_run"] / deep["text_kb_per_run"],
    )  # fmt: skip
    for name, cases in _SHAPES.items():
        them = [found[case] for case in cases]
        text += _SHAPE.format(
            name=name, spans=them[0]["spans"], sent_kb=them[0]["megabytes"] * 1000 / them[0]["spans"],
            cpu=max(one["cpu_s_per_1k"] for one in them), rss=max(one["peak_rss_mb"] for one in them),
        )  # fmt: skip
    return text


def machine() -> str:
    """What it is, and how busy it was with other things: with that, CPU and memory are not what they would be alone."""
    about = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in about if line.startswith("model name")), "this machine")
    return f"{os.cpu_count()} cores of {model}, load {os.getloadavg()[2]:.1f} at the end"


if __name__ == "__main__":
    main(sys.argv[1:])
