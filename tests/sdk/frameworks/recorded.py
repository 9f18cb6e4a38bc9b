"""Records the programs of a framework against the fake provider, and replays them with the provider gone.

What a step has to say is not written down anywhere: it is what the provider itself knows of each request, what it
said and what it did.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.sdk.collector import FakeCollector, attributes

from playhead.journal.recording import merged
from playhead_collector.demo.provider import FakeProvider, Mishap
from playhead_collector.demo.speech import Said

REPOSITORY = Path(__file__).resolve().parents[3]
# No framework may reach beyond the loopback.
QUIET = {"OPENAI_AGENTS_DISABLE_TRACING": "1", "LANGSMITH_TRACING": "false", "DO_NOT_TRACK": "1"}


@dataclass(slots=True)
class Request:
    """One request to a model, as the provider knows it."""

    body: dict[str, Any]
    path: str
    mishap: Mishap | None
    said: Said | None = None

    @property
    def streamed(self) -> bool:
        return bool(self.body.get("stream")) or "stream" in self.path.lower()

    @property
    def offers_tools(self) -> bool:
        return bool(self.body.get("tools") or self.body.get("toolConfig"))

    @property
    def cached(self) -> int:
        """What Anthropic counts beside its input, and a step counts in it."""
        return 2 if self.path.endswith("/messages") else 0

    @property
    def counts(self) -> bool:
        """Whether the answer says how many tokens it took: a stream of chat completions does where it was asked to."""
        asked = not self.path.endswith("/chat/completions") or (self.body.get("stream_options") or {})
        return not self.streamed or bool(asked is True or asked.get("include_usage"))


class Listening(FakeProvider):
    """Keeps what it was asked and what it said."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Request] = []
        self._here = threading.local()
        # Clients that leave in mid-stream are what some programs are about.
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]

    def mishap(self, body: bytes) -> Mishap | None:
        mishap = super().mishap(body)
        path = urlsplit(self.requests[-1].path).path
        self._here.request = Request(json.loads(body), path, mishap)
        self.asked.append(self._here.request)
        return mishap

    def say(self, *how: Any) -> Said:
        said = super().say(*how)
        self._here.request.said = said
        return said


@dataclass(slots=True)
class Recorded:
    """One program: what the provider knows, what the collector got, what the program returned, then and now."""

    program: str
    asked: list[Request]
    spans: list[Span]
    returned: Any
    replayed: Any = None
    left: Any = None
    is_left: bool = False
    """The program leaves its streams before their end."""

    def steps(self, *kinds: str) -> list[dict[str, Any]]:
        """The steps that Playhead made, in the order in which they began."""
        made = [(span, attributes(span)) for span in self.spans]
        ours = [(span, said) for span, said in made if said.get("playhead.kind") in kinds]
        ours.sort(key=lambda one: one[0].start_time_unix_nano)
        return [{**said, "status": span.status.code, "name": span.name} for span, said in ours]

    @property
    def others(self) -> int:
        """How many spans of its own the framework made beside them."""
        return sum("playhead.kind" not in attributes(span) for span in self.spans)

    @property
    def calls(self) -> list[dict[str, Any]]:
        return self.steps("prompt", "retrieval")


def record_and_replay(module: str, folder: Path, collector: FakeCollector) -> dict[str, Recorded]:
    """Of a module of this folder."""
    module = f"tests.sdk.frameworks.{module}"
    imported = importlib.import_module(module)
    programs: dict[str, list[dict[str, int]]] = imported.PROGRAMS
    left: set[str] = getattr(imported, "LEFT", set())
    with ExitStack() as stack:
        providers = {program: stack.enter_context(Listening()) for program in programs}
        for program, script in programs.items():
            for what in script:
                if "fail" in what:
                    providers[program].fail(what["fail"], retry_after=0.001)
                else:
                    providers[program].hang_up(after=what["hang_up"])
        words = [f"{program}={provider.url}" for program, provider in providers.items()]
        told = child("record", module, folder, collector.url, words)
    made = {}
    for program, provider in providers.items():
        (run,) = {span.trace_id for span in collector.named(f"invoke_agent {program}")} or {b""}
        spans = [span for span in collector.ended.values() if span.trace_id == run]
        made[program] = Recorded(program, provider.asked, spans, told.get(program, {}).get("returned"))
        made[program].is_left = program in left
        keep_recording(collector, program, folder)
    for program, again in child("serve", module, folder, collector.url, words).items():
        made[program].replayed = again.get("returned")
        made[program].left = again.get("left")
    return made


def keep_recording(collector: FakeCollector, program: str, folder: Path) -> None:
    lines = [json.dumps(record) + "\n" for record in merged(pieces_of(collector, {"service.name": program}))]
    (folder / f"{program}.jsonl").write_text("".join(lines))


def pieces_of(collector: FakeCollector, resource: dict[str, str]) -> list[bytes]:
    """The recording of the process that said this of itself."""
    return [
        record.body.bytes_value
        for request in collector.logs
        for of in request.resource_logs
        if resource.items() <= {one.key: one.value.string_value for one in of.resource.attributes}.items()
        for scope in of.scope_logs
        for record in scope.log_records
        if record.event_name == "playhead.recording"
    ]


def child(direction: str, module: str, folder: Path, collector: str, words: list[str]) -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.sdk.frameworks.run", direction, module, str(folder), collector, *words],
        cwd=REPOSITORY,
        env={**os.environ, **QUIET, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    sys.stderr.write(done.stderr)
    return {line["program"]: line for line in map(json.loads, done.stdout.splitlines())}
