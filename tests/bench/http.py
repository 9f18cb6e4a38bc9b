"""What recording adds to one HTTP exchange of an agent: `make bench-http`, and a part of `make bench-sdk`.

A model is asked over httpx2 and over requests, recorded and not in turns, in one process: what is not recorded goes
through the same patched client, marked as none of the agent's. The provider is a process of its own. What is counted is
the CPU time of the agent's thread, so neither the provider nor other work on the machine is in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile

CASES = ("small", "large", "small_streamed", "large_streamed")
_ROUNDS = 60

# The answers are made once: a provider that computes would be in the wall time, and its writes in the client's.
_SERVER = """
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

def chat(text):
    return {"id": "r", "object": "chat.completion", "model": "gpt-5", "created": 1,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}}

def piece(text, reason=None):
    return {"id": "r", "object": "chat.completion.chunk", "model": "gpt-5", "created": 1,
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]}

def streamed(size):
    events = [piece("word " * (size // 250)) for _ in range(50)] + [piece("", "stop")]
    return [f"data: {json.dumps(one)}\\n\\n".encode() for one in events] + [b"data: [DONE]\\n\\n"]

WORDS = "word " * 20_000
ANSWERS = {"small": json.dumps(chat("hello")).encode(), "large": json.dumps(chat(WORDS)).encode()}
STREAMS = {"small_streamed": streamed(500), "large_streamed": streamed(100_000)}

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        case = self.path.split("/")[1]
        self.send_response(200)
        if case in ANSWERS:
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(ANSWERS[case])))
            self.end_headers()
            self.wfile.write(ANSWERS[case])
        else:
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for data in STREAMS[case]:
                self.wfile.write(f"{len(data):x}\\r\\n".encode() + data + b"\\r\\n")
                self.wfile.flush()
            self.wfile.write(b"0\\r\\n\\r\\n")

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""

_AGENT = """
import json, statistics, sys, time
import httpx2, requests
import playhead
from playhead.lanes.actor import outside

url, journal, rounds, level = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
playhead.init(service="bench", journal=journal, send=False, record=level)
client, session = httpx2.Client(), requests.Session()
TURN = [{"role": "user", "content": "a question about an order, in a few words"}]
# A conversation as an agent has one: what was said is sent again with each turn.
LONG = [{"role": ("user", "assistant")[n % 2], "content": f"message {n}: " + "word " * 400} for n in range(50)]

def body(case, number):
    asked = {"model": "gpt-5", "messages": [*(LONG if "large" in case else []), *TURN]}
    asked["messages"][-1] = {"role": "user", "content": f"question {number} of this conversation"}
    return json.dumps({**asked, "stream": "streamed" in case}).encode()

def now():
    # Not as the agent's: its own reads of clocks are recorded, too.
    return outside(lambda: (time.thread_time(), time.perf_counter()))

def by_httpx(case, data):
    with client.stream("POST", f"{url}/{case}/v1/chat/completions", content=data) as answer:
        return sum(map(len, answer.iter_bytes()))

def by_requests(case, data):
    with session.post(f"{url}/{case}/v1/chat/completions", data=data, stream=True) as answer:
        return sum(map(len, answer.iter_content(None)))

def timed(ask, case, number):
    data = body(case, number)
    began, wall = now()
    assert ask(case, data) > 100
    ended, at = now()
    return (ended - began) * 1e3, (at - wall) * 1e3

figures = {}
with playhead.step("run"):
    for name, ask in (("httpx", by_httpx), ("requests", by_requests)):
        for case in sys.argv[5:]:
            recorded, bare = [], []
            for number in range(rounds + 5):
                recorded.append(timed(ask, case, number))
                bare.append(outside(lambda: timed(ask, case, number)))
            added = [(one[0] - other[0], one[1] - other[1]) for one, other in zip(recorded[5:], bare[5:])]
            cpu, wall = (statistics.median(side) for side in zip(*added))
            figures[f"{name} {case}"] = [cpu, wall, statistics.median(one[0] for one in bare[5:])]
print(json.dumps(figures))
"""


def measured(level: str = "exact") -> dict[str, list[float]]:
    """For each client and case: added CPU ms, added wall ms, and the CPU ms of the exchange itself."""
    with (
        tempfile.TemporaryDirectory(prefix="playhead-bench-") as folder,
        subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True) as server,
    ):
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{int(server.stdout.readline())}"
            words = [sys.executable, "-c", _AGENT, url, folder, str(_ROUNDS), level, *CASES]
            done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=600)
        finally:
            server.kill()
    told: dict[str, list[float]] = json.loads(done.stdout)
    return told


def figures() -> dict[str, float]:
    """`http_added_ms` is of the small exchanges, whole and streamed, the dearer client; `large` is 100 KB each way."""
    told = measured()
    made = {"http_added_ms": max(told[f"{client} small"][0] for client in ("httpx", "requests"))}
    for case in CASES[1:]:
        made[f"http_added_ms_{case}"] = max(told[f"{client} {case}"][0] for client in ("httpx", "requests"))
    return {name: round(value, 3) for name, value in made.items()}


def main() -> None:
    for level in ("wire", "exact"):
        print(f"\n{level:28}{'added CPU ms':>14}{'added wall ms':>15}{'bare CPU ms':>13}")
        for name, (cpu, wall, bare) in measured(level).items():
            print(f"{name:28}{cpu:14.3f}{wall:15.3f}{bare:13.3f}")
    print(json.dumps(figures()))


if __name__ == "__main__":
    main()
