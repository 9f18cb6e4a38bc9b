"""One run that goes through several processes: real ones, each with a journal of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from tests.sdk.collector import FakeCollector, attributes, collecting, spans_in

from playhead.journal.recording import merged

_BEGIN = """
import asyncio, json, multiprocessing, os, random, signal, subprocess, sys, time
from concurrent.futures import ProcessPoolExecutor
import playhead

def begin():
    where, how = os.environ["COLLECTOR"], os.environ["LEVEL"]
    playhead.init(service="t", endpoint=where, journal=os.environ["JOURNAL"], record=how)

@playhead.tool
def work(number):
    time.time()
    return number * 2

@playhead.tool
def works(number):
    return sum(work(one) for one in range(number))
"""

# A program of its own, which knows nothing of who starts it.
_CHILD = """
begin()
print(works(3))
print(os.environ.get("GIVEN"))
"""


def ran(folder: Path, collector_url: str, text: str, level: str = "wire") -> str:
    (folder / "child.py").write_text(_BEGIN + _CHILD)
    (folder / "program.py").write_text(_BEGIN + textwrap.dedent(text))
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=folder,
        env={**os.environ, "COLLECTOR": collector_url, "JOURNAL": str(folder / "journal"), "LEVEL": level},
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def whole_run(collector: FakeCollector) -> tuple[Span, list[Span]]:
    """The one run that came: its first step, and all of them. Nothing of it is missing, by its own count."""
    spans = list({span.span_id: span for span in collector.spans}.values())
    (root,) = [span for span in spans if not span.parent_span_id]
    assert {span.trace_id for span in spans} == {root.trace_id}
    known = {span.span_id for span in spans}
    assert all(span.parent_span_id in known for span in spans if span is not root)
    assert attributes(collector.ended[root.span_id])["playhead.run.steps"] == len(spans)
    return root, spans


def names(spans: list[Span]) -> Counter[str]:
    return Counter(span.name.split()[-1] for span in spans)


_STARTS = {
    "run": 'out = subprocess.run([sys.executable, "child.py"], capture_output=True, text=True, check=True).stdout',
    "Popen with an environment": """
        given = {**os.environ, "GIVEN": "it"}
        process = subprocess.Popen([sys.executable, "child.py"], stdout=subprocess.PIPE, text=True, env=given)
        out = process.communicate()[0]
    """,
    "through a shell": 'out = subprocess.check_output(f"{sys.executable} child.py", shell=True, text=True)',
    "asyncio": """
        async def start():
            process = await asyncio.create_subprocess_exec(sys.executable, "child.py", stdout=subprocess.PIPE)
            return (await process.communicate())[0].decode()
        out = asyncio.run(start())
    """,
}


@pytest.mark.parametrize("level", ["steps", "wire", "exact"])
@pytest.mark.parametrize("how", _STARTS)
def test_a_subprocess_that_records_is_a_lane_of_the_run(
    how: str, level: str, collector: FakeCollector, tmp_path: Path
) -> None:
    body = textwrap.indent(textwrap.dedent(_STARTS[how]), "    ")
    text = f"begin()\n@playhead.agent\ndef main():\n    work(1)\n{body}\n    return out\nprint(main())"
    out = ran(tmp_path, collector.url, text, level)
    assert out.split()[:2] == ["6", "it" if "environment" in how else "None"]
    root, spans = whole_run(collector)
    assert names(spans) == {"main": 1, "works": 1, "work": 4}
    (works,) = [span for span in spans if span.name == "execute_tool works"]
    assert works.parent_span_id == root.span_id
    assert attributes(works)["process.command_args"][-1] == "child.py"
    if level != "steps":
        # asyncio.run makes a task, and that starts the process.
        lane = "0/1!0" if how == "asyncio" else "0!0"
        assert {record[1]["lane"] for record in recordings(collector) if record[0] == "h"} == {"0", lane}
        assert attributes(works)["playhead.lane"] == lane


def recordings(collector: FakeCollector) -> list[list[Any]]:
    by_process: dict[str, list[bytes]] = {}
    for record in collector.recordings:
        process = next(one.value.string_value for one in record.attributes if one.key == "playhead.process")
        by_process.setdefault(process, []).append(record.body.bytes_value)
    return [record for pieces in by_process.values() for record in merged(pieces)]


_JOBS = {
    "Process": """
        processes = [context.Process(target=works, args=(number,)) for number in (2, 3)]
        for process in processes: process.start()
        for process in processes: process.join()
    """,
    "Pool": """
        with context.Pool(2) as pool:
            assert pool.map(works, (2, 3)) == [2, 6]
    """,
    "ProcessPoolExecutor": """
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            assert list(pool.map(works, (2, 3))) == [2, 6]
    """,
}
_MAIN = """
if __name__ == "__main__":
    begin()
    context = multiprocessing.get_context({method!r})
    @playhead.agent
    def main():
    {body}
    main()
"""


def _main(method: str, body: str) -> str:
    return _MAIN.format(method=method, body=textwrap.indent(textwrap.dedent(body), "        "))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("jobs", _JOBS)
def test_processes_of_multiprocessing_are_lanes_of_the_run(
    jobs: str, method: str, collector: FakeCollector, tmp_path: Path
) -> None:
    """The guard keeps `init` out of the children, and they record all the same: they run the agent's own code."""
    ran(tmp_path, collector.url, _main(method, _JOBS[jobs]))
    root, spans = whole_run(collector)
    assert names(spans) == {"main": 1, "works": 2, "work": 5}
    assert [span.parent_span_id for span in spans if span.name == "execute_tool works"] == [root.span_id] * 2
    records = recordings(collector)
    clocks = Counter(record[2] for record in records if record[0] == "f" and record[3] == "time.time")
    assert sum(clocks.values()) == 5, "what they read of the world is recorded"
    assert any("fork" in record[1] or "multiprocessing" in record[1] for record in records if record[0] == "u")
    assert set(clocks) <= {"0+0", "0+1"}
    assert list((tmp_path / "journal").iterdir()) == []


def test_a_program_that_is_recorded_from_outside_takes_its_processes_along(tmp_path: Path) -> None:
    """Into the one file, in which the run is whole."""
    plain = _BEGIN.replace("@playhead.tool", "").replace("import playhead", "")
    text = _main("spawn", _JOBS["Process"]).replace("    begin()\n", "").replace("@playhead.agent", "")
    (tmp_path / "program.py").write_text(plain + _ASKS + text)
    words = [sys.executable, "-m", "playhead", "record", "-o", "a.playhead", "--", sys.executable, "program.py"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    assert "3 steps" in done.stderr
    spans = spans_in(tmp_path / "a.playhead")
    (root,) = [span for span in spans if not span.parent_span_id]
    assert [span.parent_span_id for span in spans if span is not root] == [root.span_id] * 2
    assert attributes(root)["playhead.run.steps"] == len(spans) == 3


_ASKS = """
import httpx2
def works(number):
    try:
        httpx2.post("http://127.0.0.1:9/v1/chat/completions", json={"model": "m", "messages": []})
    except httpx2.ConnectError:
        pass
"""

_DYING = """
        process = context.Process(target=die)
        process.start()
        process.join()
        assert process.exitcode == {code}
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize(("death", "code"), [("os._exit(3)", 3), ("os.kill(os.getpid(), signal.SIGKILL)", -9)])
def test_a_child_that_just_ends_loses_nothing(
    death: str, code: int, method: str, collector: FakeCollector, tmp_path: Path
) -> None:
    """Its parent sends what it left. What it was in the middle of is cut, and the run is whole but for that."""
    dies = f"""
@playhead.tool
def dying():
    works(20)
    {death}

def die(): dying()
"""
    ran(tmp_path, collector.url, dies + _main(method, _DYING.format(code=code)))
    _, spans = whole_run(collector)
    assert names(spans) == {"main": 1, "dying": 1, "works": 1, "work": 20}
    assert {span.name for span in spans if span.span_id not in collector.ended} == {"execute_tool dying"}
    assert list((tmp_path / "journal").iterdir()) == []


def test_a_bare_fork_is_counted_and_sent(collector: FakeCollector, tmp_path: Path) -> None:
    ran(
        tmp_path,
        collector.url,
        """
        begin()
        @playhead.agent
        def main():
            work(1)
            pid = os.fork()
            if not pid:
                works(5)
                os._exit(0)
            os.waitpid(pid, 0)
            work(2)
        main()
        """,
    )
    _, spans = whole_run(collector)
    assert names(spans) == {"main": 1, "works": 1, "work": 7}


def test_what_a_child_kept_for_itself_is_missed(collector: FakeCollector, tmp_path: Path) -> None:
    """The count that the run ends with tells of steps that never came."""
    with collecting() as elsewhere:
        ran(
            tmp_path,
            collector.url,
            f"""
            begin()
            @playhead.agent
            def main():
                there = {{**os.environ, "COLLECTOR": {elsewhere.url!r}}}
                subprocess.run([sys.executable, "child.py"], env=there, check=True, capture_output=True)
            main()
            """,
        )
        assert names(list(elsewhere.ended.values())) == {"works": 1, "work": 3}
    (root,) = collector.ended.values()
    assert attributes(root)["playhead.run.steps"] == 5


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_jobs_of_a_shared_pool_belong_to_the_run_that_submitted_them(
    method: str, collector: FakeCollector, tmp_path: Path
) -> None:
    ran(
        tmp_path,
        collector.url,
        f"""
        @playhead.agent
        def ask(pool, number):
            return pool.submit(works, number).result()

        if __name__ == "__main__":
            begin()
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context({method!r})) as pool:
                assert [ask(pool, number) for number in (1, 2, 3)] == [0, 2, 6]
        """,
    )
    runs = Counter(span.trace_id for span in collector.ended.values())
    roots = collector.named("invoke_agent ask")
    assert sorted(runs[root.trace_id] for root in roots) == [3, 4, 5]
    assert sorted(attributes(root)["playhead.run.steps"] for root in roots) == [3, 4, 5]


def test_a_process_outside_of_runs_is_handed_nothing(collector: FakeCollector, tmp_path: Path) -> None:
    out = ran(
        tmp_path,
        collector.url,
        """
        begin()
        names = "import os; print([name for name in os.environ if 'TRACEPARENT' in name or 'PLAYHEAD_' in name])"
        print(subprocess.check_output([sys.executable, "-c", names], text=True))
        """,
    )
    assert out.strip() == "[]"


def test_a_redaction_that_cannot_go_along_keeps_a_spawned_process_out(collector: FakeCollector, tmp_path: Path) -> None:
    """Better no recording than one with secrets in it; the agent's own work goes on."""
    (tmp_path / "program.py").write_text(
        _BEGIN.replace(', os.environ["LEVEL"]', ', "wire"').replace(
            "record=how", "record=how, redact=lambda text: text.upper()"
        )
        + _main("spawn", _JOBS["Process"])
    )
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True,
        env={**os.environ, "COLLECTOR": collector.url, "JOURNAL": str(tmp_path / "journal")},
    )  # fmt: skip
    assert "this process cannot record with it" in done.stderr
    assert names(list(collector.ended.values())) == {"MAIN": 1}
