"""`make bench-sdk`: what recording costs the agent, and what is lost.

A step's cost is the time its thread takes for one recorded tool call, beside the bare OpenTelemetry SDK's span with
the same attributes and an in-memory exporter, the two taken in turns. What is lost is counted at a real collector's
side, in processes of their own. The last line is one JSON object.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import http
from tests.sdk.collector import FakeCollector, attributes, collecting

_ROUNDS = 15
_CALLS = 2_000
_STEPS = int(os.environ.get("PLAYHEAD_BENCH_STEPS", "100000"))

_COST = """
import json, sys, time
import playhead
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

bare, memory = TracerProvider(), InMemorySpanExporter()
bare.add_span_processor(SimpleSpanProcessor(memory))
tracer = bare.get_tracer("bench")
playhead.init(service="bench", journal=sys.argv[1], send=False)

@playhead.tool
def refund(order_id, cents):
    return {"ok": True, "order": order_id}

SAME = {
    "playhead.kind": "tool", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "refund",
    "gen_ai.tool.call.arguments": '{"order_id": "A-1", "cents": 1200}', "playhead.sequence": 3,
}

def plain(order_id, cents):
    with tracer.start_as_current_span("execute_tool refund", attributes=SAME) as span:
        result = {"ok": True, "order": order_id}
        span.set_attribute("gen_ai.tool.call.result", '{"ok": true, "order": "A-1"}')
        return result

def timed(call, calls):
    began = time.perf_counter()
    for _ in range(calls):
        call("A-1", 1200)
    return (time.perf_counter() - began) / calls * 1e6

rounds, calls = int(sys.argv[2]), int(sys.argv[3])
with playhead.step("run"):
    timed(refund, calls), timed(plain, calls)
    both = []
    for _ in range(rounds):
        memory.clear()
        both.append((timed(refund, calls), timed(plain, calls)))
print(json.dumps(both))
"""

_LOAD = """
import json, os, resource, sys, time
import playhead

def rss():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

playhead.init(service="bench", endpoint=sys.argv[1], journal=sys.argv[2])

@playhead.tool
def work(number):
    return {"number": number, "text": "x" * 200}

count = int(sys.argv[3])
for number in range(count // 5):
    work(number)
before = rss()
began = time.perf_counter()
for number in range(count // 5, count):
    work(number)
took = time.perf_counter() - began
print(json.dumps({"took_s": took, "rss_growth_mb": rss() - before}), flush=True)
sys.stdin.readline()
print(json.dumps(playhead.flush(120)), flush=True)
"""

_DEFAULT = """
import sys
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=sys.argv[1] + "/v1/traces")))
tracer = provider.get_tracer("bench")
for number in range(int(sys.argv[2])):
    with tracer.start_as_current_span("execute_tool work", attributes={"n": number}) as span:
        span.set_attribute("gen_ai.tool.call.result", "x" * 200)
provider.shutdown()
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="playhead-bench-") as folder:
        figures = {**_cost(Path(folder)), **_import(), **http.figures(), **_load(Path(folder))}
    print(f"\n{'figure':24}{'':4}value")
    for name, value in figures.items():
        print(f"{name:28}{value}")
    print(json.dumps(figures))


def _cost(folder: Path) -> dict[str, float]:
    both = json.loads(_python(_COST, str(folder / "cost"), str(_ROUNDS), str(_CALLS)))
    recorded, bare = (statistics.median(side) for side in zip(*both, strict=True))
    ratio = statistics.median(ours / theirs for ours, theirs in both)
    return {"step_us": round(recorded, 1), "bare_us": round(bare, 1), "step_ratio": round(ratio, 2)}


def _import() -> dict[str, float]:
    texts = {
        "nothing": "pass",
        "bare": "import opentelemetry.sdk.trace",
        "ours": "import playhead",
        "used": "import playhead; playhead.init; playhead.agent; playhead.state",
    }
    taken: dict[str, list[float]] = {name: [] for name in texts}
    for _ in range(15):
        for name, text in texts.items():
            began = time.perf_counter()
            _python(text)
            taken[name].append(time.perf_counter() - began)
    took = {name: statistics.median(times) for name, times in taken.items()}
    bare = took["bare"] - took["nothing"]
    return {
        "import_ratio": round((took["ours"] - took["nothing"]) / bare, 2),
        "import_used_ratio": round((took["used"] - took["nothing"]) / bare, 2),
    }


def _load(folder: Path) -> dict[str, object]:
    figures: dict[str, object] = {"steps": _STEPS}
    with collecting() as slow:
        slow.delay_s = 0.05
        said = _recorded(slow, folder / "slow")
        figures["lost"] = _STEPS - _distinct(slow)
        figures["rss_growth_mb"] = said["rss_growth_mb"]
        figures["steps_per_s"] = round(_STEPS * 0.8 / said["took_s"])
    with collecting() as slow:
        slow.delay_s = 0.05
        _python(_DEFAULT, slow.url, str(_STEPS))
        figures["lost_default"] = _STEPS - len(slow.spans)
    with collecting() as away:
        port = away.port
    # Nobody listens while the steps are taken; then the collector comes back.
    with _program(f"http://127.0.0.1:{port}", folder / "away") as process:
        said = _said(process)
        with collecting(port) as back:
            _go_on(process)
            figures["lost_without_collector"] = _STEPS - _distinct(back)
            figures["rss_growth_without_collector_mb"] = said["rss_growth_mb"]
    return figures


def _recorded(collector: FakeCollector, journal: Path) -> dict[str, float]:
    with _program(collector.url, journal) as process:
        said = _said(process)
        _go_on(process)
        return said


def _program(url: str, journal: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _LOAD, url, str(journal), str(_STEPS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _said(process: subprocess.Popen[str]) -> dict[str, float]:
    assert process.stdout is not None
    said: dict[str, float] = json.loads(process.stdout.readline())
    return {name: round(value, 1) for name, value in said.items()}


def _go_on(process: subprocess.Popen[str]) -> None:
    out, _ = process.communicate("\n", timeout=300)
    assert json.loads(out) is True, "the journal was not shipped in two minutes"


def _distinct(collector: FakeCollector) -> int:
    """Different steps with all that they were made with; a repeated one counts once."""
    whole = {
        span.span_id
        for span in collector.spans
        if span.end_time_unix_nano and len(json.loads(attributes(span)["gen_ai.tool.call.result"])["text"]) == 200
    }
    return len(whole)


def _python(text: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", text, *arguments], check=True, capture_output=True, text=True, timeout=600
    ).stdout


if __name__ == "__main__":
    main()
