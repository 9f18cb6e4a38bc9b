"""`playhead record`: programs without a line of Playhead in them, as real processes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sdk.collector import FakeCollector, attributes, spans_in
from tests.sdk.from_outside import ASKS, ENDS, ran, recorded, root_of, script

from playhead.journal.reader import read_journal
from playhead_collector.demo.provider import FakeProvider

_ALL_OF_IT = """
import json, os, sys
print(json.dumps({
    "argv": sys.argv,
    "path": sys.path,
    "environ": dict(os.environ),
    "cwd": os.getcwd(),
    "stdin": sys.stdin.read(),
    "name": __name__,
    "file": globals().get("__file__"),
    "main": sys.modules["__main__"].__spec__ and sys.modules["__main__"].__spec__.name,
    "from behind": sys.modules.get("behind") is not None,
}, sort_keys=True))
print("told", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture
def forms(tmp_path: Path) -> Iterator[dict[str, list[str]]]:
    """The ways in which a Python program is started."""
    script(tmp_path, _ALL_OF_IT)
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    script(package, _ALL_OF_IT, "__main__.py")
    console = tmp_path / "console"
    console.write_text(f"#!{sys.executable}\n{_ALL_OF_IT}")
    console.chmod(0o755)
    yield {
        "script": [sys.executable, "agent.py"],
        "module": [sys.executable, "-X", "utf8", "-m", "package"],
        "text": [sys.executable, "-c", _ALL_OF_IT],
        "console": [str(console)],
    }


@pytest.mark.parametrize("form", ["script", "module", "text", "console"])
def test_a_program_cannot_tell_that_it_is_recorded(form: str, forms: dict[str, list[str]], tmp_path: Path) -> None:
    words = [*forms[form], "7", "--an-option", "-o", "a word", "--"]
    behind = tmp_path / "behind"
    behind.mkdir()
    (behind / "sitecustomize.py").write_text("import sys; sys.modules['behind'] = sys")
    paths = f"{behind}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    plain = ran(tmp_path, *words, stdin="heard", PYTHONPATH=paths)
    assert plain.returncode == 7
    assert json.loads(plain.stdout)["from behind"]
    told = recorded(tmp_path, *words, options=("-o", "a.playhead"), stdin="heard", PYTHONPATH=paths)
    assert (told.stdout, told.stderr, told.returncode) == (plain.stdout, plain.stderr, 7)
    root = root_of(spans_in(tmp_path / "a.playhead"))
    assert attributes(root)["process.command_args"][-len(words) :] == words
    assert attributes(root)["process.exit.code"] == 7
    assert not (tmp_path / "a.playhead.journal").exists()


_SERVED = """
import runpy, sys
from pathlib import Path
from playhead.journal.reader import read_journal
from playhead.lanes.engine import Engine
records = [record[2] for record in read_journal(Path(sys.argv[1])) if record[0] == "r"]
engine = Engine.serving_from(records)
engine.install()
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
engine.uninstall()
"""


@pytest.mark.parametrize("level", ["wire", "exact"])
def test_what_was_recorded_from_outside_runs_again_with_the_world_gone(level: str, tmp_path: Path) -> None:
    script(tmp_path, ASKS)
    with FakeProvider() as provider:
        url = provider.url
        told = recorded(
            tmp_path, sys.executable, "agent.py", url, options=("-o", "a.playhead", "--level", level)
        )  # fmt: skip
    assert told.returncode == 0, told.stderr
    spans = spans_in(tmp_path / "a.playhead")
    root = root_of(spans)
    prompts = [span for span in spans if span.name == "chat gpt-5"]
    assert [span.parent_span_id for span in prompts] == [root.span_id] * 2, "one run, in whichever thread"
    assert attributes(root)["playhead.run.steps"] == len(spans) == 3
    again = ran(tmp_path, sys.executable, "-c", _SERVED, "a.playhead", "agent.py", url)
    assert (again.stdout, again.returncode) == (told.stdout, 0), again.stderr


def test_where_a_collector_answers_it_gets_all_and_nothing_is_left(collector: FakeCollector, tmp_path: Path) -> None:
    script(tmp_path, ENDS)
    words = [sys.executable, "-m", "playhead", "record", "--endpoint", collector.url, "--service", "shop", "--"]
    told = ran(tmp_path, *words, sys.executable, "agent.py", "_exit")
    assert told.returncode == 4
    (root,) = collector.named("invoke_agent agent")
    assert root.status.message == "exit status 4"
    assert f"run {root.trace_id.hex()} is in the collector: 1 step; exit status 4" in told.stderr
    assert b'"level":"exact"' in b"".join(record.body.bytes_value for record in collector.recordings)
    assert list((tmp_path / "journal").iterdir()) == []


def test_where_none_answers_there_is_one_file_and_ship_sends_it(collector: FakeCollector, tmp_path: Path) -> None:
    script(tmp_path, ENDS)
    told = ran(tmp_path, sys.executable, "-m", "playhead", "record", "--", sys.executable, "agent.py", "well")
    (file,) = tmp_path.glob("agent-*.playhead")
    assert f"is in {file.name}: 1 step" in told.stderr
    for _ in range(2):
        sent = ran(tmp_path, sys.executable, "-m", "playhead", "ship", "--endpoint", collector.url, file.name)
        assert sent.returncode == 0, sent.stderr
    assert [span.name for span in collector.ended.values()] == ["invoke_agent agent"]
    keys = [tuple(one.value.SerializeToString() for one in record.attributes) for record in collector.recordings]
    assert len(keys) == 2 * len(set(keys)), "what came twice has the same keys"


def test_sent_or_kept_the_recording_has_the_same_places(collector: FakeCollector, tmp_path: Path) -> None:
    """So that a file and what was sent of the same process are one and the same to a collector."""
    script(tmp_path, ENDS)
    recorded(tmp_path, sys.executable, "agent.py", "well", options=("-o", "a.playhead"))
    journal = tmp_path / "left" / "one"
    journal.mkdir(parents=True)
    (journal / "lock").touch()
    segments: list[list[str]] = []
    for line in (tmp_path / "a.playhead").read_text().splitlines(keepends=True):
        if line.startswith('["head"'):
            segments.append([])
        segments[-1].append(line)
    for number, lines in enumerate(segments, 1):
        (journal / f"{number:06}.jsonl").write_text("".join(lines))
    words = [sys.executable, "-m", "playhead", "ship", "--endpoint", collector.url]
    assert ran(tmp_path, *words, "a.playhead").returncode == 0
    of_file = [(record.trace_id, record.body.bytes_value) for record in collector.recordings]
    collector.logs.clear()
    assert ran(tmp_path, *words, "--journal", "left").returncode == 0
    assert [(record.trace_id, record.body.bytes_value) for record in collector.recordings] == of_file


@pytest.mark.parametrize(
    ("words", "what_to_do"),
    [
        ([], "playhead record -- python agent.py"),
        (["agent.py"], "playhead record -- python agent.py"),
        (["no-such-program"], "'no-such-program' is not found"),
        (["ls", "-l"], "ls … playhead record -- python agent.py"),
        ([sys.executable, "-I", "agent.py"], "option -I"),
        ([sys.executable, "-uE", "agent.py"], "option -E"),
    ],
)
def test_what_cannot_be_recorded_is_not_run(words: list[str], what_to_do: str, tmp_path: Path) -> None:
    script(tmp_path, "open('it ran', 'w')")
    told = recorded(tmp_path, *words, options=("-o", "a.playhead"))
    assert told.returncode == 2
    assert what_to_do in told.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"agent.py"}


def test_an_interpreter_without_playhead_says_where_to_install_it(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text(f'#!/bin/sh\nexec "{sys._base_executable}" -s "$@"\n')  # type: ignore[attr-defined]
    python.chmod(0o755)
    script(tmp_path, "print('it ran')")
    here = os.environ.pop("PYTHONPATH", None)
    try:
        words = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; import playhead.cli as c; c.main()"]
        told = ran(tmp_path, *words, "record", "-o", "a.playhead", "--", str(python), "agent.py")
    finally:
        if here is not None:
            os.environ["PYTHONPATH"] = here
    assert "-m pip install playhead" in told.stderr
    assert told.stdout == ""
    assert not (tmp_path / "a.playhead").exists()


def test_a_recording_is_not_written_over(tmp_path: Path) -> None:
    script(tmp_path, ENDS)
    (tmp_path / "a.playhead").write_text("precious")
    told = recorded(tmp_path, sys.executable, "agent.py", "well", options=("-o", "a.playhead"))
    assert (told.returncode, told.stdout) == (2, "")
    assert (tmp_path / "a.playhead").read_text() == "precious"


_OWN_TELEMETRY = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
with trace.get_tracer("mine").start_as_current_span("mine"):
    pass
print([span.name for span in exporter.get_finished_spans()])
"""


def test_a_program_with_telemetry_of_its_own_keeps_it(tmp_path: Path) -> None:
    script(tmp_path, _OWN_TELEMETRY)
    told = recorded(tmp_path, sys.executable, "agent.py", options=("-o", "a.playhead"))
    assert (told.stdout, told.stderr) == ("['mine']\n", "")
    spans = spans_in(tmp_path / "a.playhead")
    assert {span.name: span.parent_span_id for span in spans}["mine"] == root_of(spans).span_id


def test_what_libraries_tell_of_a_program_without_a_provider_is_in_its_run(tmp_path: Path) -> None:
    script(tmp_path, "from opentelemetry import trace\ntrace.get_tracer('a library').start_span('theirs').end()")
    recorded(tmp_path, sys.executable, "agent.py", options=("-o", "a.playhead"))
    spans = spans_in(tmp_path / "a.playhead")
    assert {span.name: span.parent_span_id for span in spans}["theirs"] == root_of(spans).span_id


def test_rules_of_the_command_line_keep_secrets_out(tmp_path: Path) -> None:
    script(tmp_path, "import os, sys\nprint(os.environ['SHOP_PIN'], open('order').read())")
    (tmp_path / "order").write_text("ticket NR-4711-X of a customer")
    told = recorded(
        tmp_path, sys.executable, "agent.py", "NR-4712-X", "--password", "hunter2", "--api-token=letmein", "--name=x",
        SHOP_PIN="quite a secret",
        options=("-o", "a.playhead", "--redact-field", "shop_pin", "--redact-pattern", r"NR-\d+-X"),
    )  # fmt: skip
    assert told.stdout == "quite a secret ticket NR-4711-X of a customer\n"
    written = (tmp_path / "a.playhead").read_text()
    assert "NR-" not in written
    assert "--name=x" in written
    for secret in ("quite a secret", "hunter2", "letmein"):
        assert secret not in written
    kinds = [
        record[2][3] for record in read_journal(tmp_path / "a.playhead") if record[0] == "r" and record[2][0] == "f"
    ]
    assert {"environment", "open"} <= set(kinds)
