"""`back_ms`: a step back at the end of a long run, in a session that is warm. `python -m tests.bench.stepping`

The agent imports openai, and asks a model at every fourth of its 2,000 steps; it is recorded against a provider of its
own, which is gone when it is replayed. A step back is what a person waits for: from the key to frame and locals.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from time import perf_counter

from playhead_replay.entry import entry_of
from playhead_replay.recording.find import from_file
from playhead_replay.stepping.session import Session
from playhead_replay.stepping.stop import Stop

STEPS = 2_000
BACK = 40

AGENT = """
import sys, openai, playhead

playhead.init(service="bench")
client = openai.OpenAI(base_url=sys.argv[1], api_key="none", max_retries=0)
SYSTEM = [{"role": "system", "content": "You settle orders. " * 20}]

@playhead.tool
def look(order):
    return {"order": order, "cents": order * 7 % 9_000}

@playhead.tool
def settle(order, cents):
    return {"order": order, "settled": cents}

@playhead.agent(name="bench")
def work(turns):
    messages = []
    for turn in range(turns):
        messages.append({"role": "user", "content": f"order {turn}"})
        answer = client.chat.completions.create(model="gpt-5-mini", messages=SYSTEM + messages[-6:])
        messages.append({"role": "assistant", "content": answer.choices[0].message.content})
        found = look(turn)
        settle(turn, found["cents"])
        playhead.decision("next", chosen="go on", options=["go on", "ask"])
    return len(messages)

print(work(int(sys.argv[2])))
"""


@dataclass(frozen=True, slots=True)
class Figures:
    back_ms: float
    """Median of steps back, from the end of the run."""
    back_worst_ms: float
    back_far_ms: float
    """From the end to the middle of the run, in one go."""
    forward_ms: float
    """From the beginning of the program to its end, with moments kept on the way."""
    steps: int
    from_kept: int
    """Steps back that went on from a moment that was kept, of all."""
    kept_mb: int
    """What the sleeping and the stopped processes take together, what they share counted once."""
    equal: bool
    """What was shown at a moment was what had been shown there before."""


class Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        words = f"{asked['messages'][-1]['content']} is settled. " * 5
        answer = {
            "id": "c-1", "object": "chat.completion", "created": 1, "model": "gpt-5-mini",
            "choices": [
                {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": words}}
            ],
            "usage": {"prompt_tokens": 180, "completion_tokens": 30, "total_tokens": 210},
        }  # fmt: skip
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def provider() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def recorded(folder: Path, steps: int) -> Path:
    (folder / "agent.py").write_text(AGENT)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLAYHEAD_", "OTEL_"))}
    environment = {**kept, "PLAYHEAD_JOURNAL": str(folder / "journal"), "PYTHONHASHSEED": "0"}
    environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9"
    with provider() as url:
        words = [sys.executable, "agent.py", url, str(steps // 4)]
        subprocess.run(words, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    (journal,) = (folder / "journal").iterdir()
    file = folder / "run.playhead"
    file.write_bytes(b"".join(part.read_bytes() for part in sorted(journal.glob("*.jsonl"))))
    return file


def measured(steps: int = STEPS, back: int = BACK) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        recording = from_file(recorded(Path(folder), steps))
        with Session(recording, entry_of(recording), output=subprocess.DEVNULL) as session:
            session.begin()
            began = perf_counter()
            session.go_on()
            forward = perf_counter() - began
            took: list[float] = []
            seen: list[object] = []
            for _ in range(back):
                began = perf_counter()
                seen.append(session.back())
                took.append((perf_counter() - began) * 1000)
            forks, kept_mb = session.forks, _memory_of(Path(folder)) >> 20
            again = [seen[-1], *(session.step() for _ in range(back - 1))]
            session.go_on()
            began = perf_counter()
            far = session.go_to(steps // 2)
            far_ms = (perf_counter() - began) * 1000
        equal = list(reversed(seen)) == again and all(isinstance(stop, Stop) for stop in (*seen, far))
    return Figures(
        round(median(took), 1), round(max(took), 1), round(far_ms, 1), round(forward * 1000, 1), len(recording.steps),
        forks, kept_mb, equal,
    )  # fmt: skip


def _memory_of(folder: Path) -> int:
    """Of all processes that work in this folder, in bytes."""
    found = 0
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdigit() and (process / "cwd").readlink() == folder:
                lines = (process / "smaps_rollup").read_text().splitlines()
                found += sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
    return found


if __name__ == "__main__":
    print(json.dumps(asdict(measured())))
