"""A model that never answers twice alike, in OpenAI's words, and says what it was asked; beside it a little weather."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FIRST = "You are brief."

DESK = """
import os
import playhead
import httpx2

URL, KEY = os.environ["MODEL"], os.environ["OPENAI_API_KEY"]

def ask(words):
    asked = {"model": "gpt-4o-mini", "messages": [{"role": "system", "content": "You are brief."},
                                                  {"role": "user", "content": words}]}
    answer = httpx2.post(f"{URL}/v1/chat/completions", json=asked, headers={"authorization": f"Bearer {KEY}"})
    return answer.json()["choices"][0]["message"]["content"]

@playhead.tool
def weather(city):
    return httpx2.get(f"{URL}/weather/{city}").json()

@playhead.tool(side_effect=True)
def send(words):
    httpx2.post(f"{URL}/letters", json={"words": words})
    return f"sent {words}"

@playhead.agent(name="desk")
def desk():
    city = ask("Which city?")
    sky = weather("Oslo")
    words = ask(f"It is {sky['sky']} in {city}")
    return send(words)

print(desk())
"""


# Ten at once, which sleep, read clocks and ask twice; what each asks depends on its own answers alone.
TEN = """
import asyncio, os, random, time
from concurrent.futures import ThreadPoolExecutor
import playhead
import httpx2

URL = os.environ["MODEL"]
clocks = []

def read_clocks():
    clocks.append((time.time(), time.monotonic()))

def asked(words):
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": words}]}

def said(answer):
    return answer.json()["choices"][0]["message"]["content"]

@playhead.tool
async def weather(client, city):
    read_clocks()
    return (await client.get(f"{URL}/weather/{city}")).json()

async def worker(client, number):
    first = said(await client.post(f"{URL}/v1/chat/completions", json=asked(f"{number}?")))
    await asyncio.sleep(random.random() * 0.05)
    sky = await asyncio.wait_for(weather(client, number), 20)
    read_clocks()
    return said(await client.post(f"{URL}/v1/chat/completions", json=asked(f"{first}: {sky['sky']}")))

async def in_tasks():
    async with httpx2.AsyncClient() as client:
        return await asyncio.gather(*(worker(client, number) for number in range(10)))

@playhead.tool(name="weather")
def weather_of(client, city):
    read_clocks()
    return client.get(f"{URL}/weather/{city}").json()

def worker_of(client, number):
    first = said(client.post(f"{URL}/v1/chat/completions", json=asked(f"{number}?")))
    time.sleep(random.random() * 0.05)
    sky = weather_of(client, number)
    read_clocks()
    return said(client.post(f"{URL}/v1/chat/completions", json=asked(f"{first}: {sky['sky']}")))

def in_threads():
    with httpx2.Client() as client, ThreadPoolExecutor(10) as pool:
        return list(pool.map(lambda number: worker_of(client, number), range(10)))

for words in asyncio.run(in_tasks()) if os.environ["HOW"] == "tasks" else in_threads():
    print(words)
print("clocks go on:", all(clocks[0] <= one for one in clocks) and clocks == sorted(clocks))
"""


@dataclass(slots=True)
class Model:
    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    """Each request: its path, its body, and its key."""

    @property
    def prompts(self) -> list[dict[str, Any]]:
        return [one["body"] for one in self.asked if one["path"].endswith("completions")]

    @property
    def letters(self) -> list[str]:
        return [one["body"]["words"] for one in self.asked if one["path"] == "/letters"]


@contextmanager
def model() -> Iterator[Model]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length", "0"))) or b"{}")
            there.asked.append({"path": self.path, "body": body, "key": self.headers.get("authorization")})
            answer: dict[str, Any] = {"sky": f"grey {random.randrange(1 << 30)}"}
            if "messages" in body:
                said = {"role": "assistant", "content": f"{random.randrange(1 << 30)} by {body['model']}"}
                choice = {"index": 0, "message": said, "finish_reason": "stop"}
                used = {"prompt_tokens": 1000, "completion_tokens": 1000, "total_tokens": 2000}
                answer = {"id": "c", "model": body["model"], "choices": [choice], "usage": used}
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    there = Model(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
