"""From the journal to a collector, whatever happens between. Programs that die are real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.sdk.collector import FakeCollector, attributes, collecting, unanswered

import playhead
from playhead.cli import main
from playhead.journal.endpoint import Endpoint, from_environment
from playhead.journal.recording import merged
from playhead.recorder.recorder import Recorder

_BEGIN = """
import os, sys, time, threading
import playhead
playhead.init(service="agent", endpoint=os.environ["COLLECTOR"], journal=os.environ["JOURNAL"])

@playhead.tool
def work(number: int) -> int:
    return number

@playhead.agent
def run(count: int) -> int:
    return sum(work(number) for number in range(count))
"""


def program(text: str, collector_url: str, journal: Path) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "COLLECTOR": collector_url,
        "JOURNAL": str(journal),
        "XDG_STATE_HOME": str(journal.parent / "state"),
    }
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _BEGIN + textwrap.dedent(text)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ran(text: str, collector_url: str, journal: Path) -> str:
    with program(text, collector_url, journal) as process:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        return out


def journals(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir()) if root.exists() else []


def test_a_program_that_ends_without_shutdown_has_sent_all_and_leaves_nothing(
    collector: FakeCollector, tmp_path: Path
) -> None:
    ran("run(100)", collector.url, tmp_path)
    assert len(collector.named("execute_tool work")) == 100
    (root,) = collector.named("invoke_agent run")
    assert attributes(root)["playhead.run.steps"] == 101
    assert journals(tmp_path) == []


def test_a_killed_program_leaves_a_run_that_is_cut_and_has_no_holes(collector: FakeCollector, tmp_path: Path) -> None:
    """The next start ships what is left: every step that its program knew the end of, and the open ones as open."""
    with collecting() as away:
        away.status = lambda _: 503
        dying = program(
            """
            @playhead.agent
            def killed():
                for number in range(1000):
                    work(number)
                    if number == 300:
                        print("there", flush=True)
                        time.sleep(60)
            killed()
            """,
            away.url,
            tmp_path,
        )
        assert dying.stdout is not None
        assert dying.stdout.readline() == "there\n"
        dying.send_signal(signal.SIGKILL)
        dying.communicate()
        assert away.spans == []
    assert len(journals(tmp_path)) == 1
    finding = program("run(1); sys.stdin.readline()", collector.url, tmp_path)
    collector.wait_for(lambda: any(span.name == "invoke_agent killed" for span in collector.spans))
    finding.communicate("\n", timeout=120)
    # The killed program's own 301, and the one of the program that found them.
    assert len(collector.named("execute_tool work")) == 302
    (cut,) = [span for span in collector.spans if span.name == "invoke_agent killed"]
    assert cut.end_time_unix_nano == 0
    assert attributes(cut)["playhead.state"] == "open"
    assert journals(tmp_path) == []


def test_a_step_that_takes_long_is_seen_while_it_is_open_and_once_when_it_ended(
    recorder: Recorder, collector: FakeCollector
) -> None:
    done = threading.Event()

    @playhead.agent
    def long() -> None:
        done.wait(120)

    thread = threading.Thread(target=long)
    thread.start()
    # The first request of all tells the SDK that it talks to Playhead.
    with playhead.step("hello"):
        pass
    collector.wait_for(lambda: any(span.name == "invoke_agent long" for span in collector.spans))
    (seen,) = [span for span in collector.spans if span.name == "invoke_agent long"]
    assert (seen.end_time_unix_nano, attributes(seen)["playhead.state"]) == (0, "open")
    done.set()
    thread.join()
    recorder.worker.flush(120)
    (ended,) = collector.named("invoke_agent long")
    assert ended.span_id == seen.span_id
    assert "playhead.state" not in attributes(ended)


def test_open_steps_are_not_sent_to_a_collector_that_would_reject_them(
    collector: FakeCollector, tmp_path: Path
) -> None:
    collector.is_playhead = False
    ran("step = playhead.step('open'); step.enter(); run(2); time.sleep(1.5)", collector.url, tmp_path)
    assert all(span.end_time_unix_nano for span in collector.spans)


def test_who_is_no_playhead_gets_no_recording_and_it_is_said_once(
    recorder: Recorder, collector: FakeCollector, caplog: pytest.LogCaptureFixture
) -> None:
    collector.is_playhead = False
    for _ in range(2):
        with playhead.step("elsewhere"):
            recorder.journal.append(["r", None, ["v", {}]], disk_only=True)
        assert recorder.worker.flush(120)
    assert len(collector.named("elsewhere")) == 2 and not collector.logs
    assert caplog.text.count("PLAYHEAD_SEND_RECORDINGS=1") == 1


@pytest.mark.parametrize("takes_logs", [True, False])
def test_who_passes_on_to_a_playhead_is_sent_recordings_where_that_is_asked_for(
    collector: FakeCollector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, takes_logs: bool
) -> None:
    """One without a pipeline for logs goes on getting the steps."""
    collector.is_playhead, collector.takes_logs = False, takes_logs
    monkeypatch.setenv("PLAYHEAD_SEND_RECORDINGS", "1")
    ran("run(3); playhead.flush(60); run(3)", collector.url, tmp_path)
    assert len(collector.named("execute_tool work")) == 6
    assert bool(collector.recordings) == takes_logs
    assert journals(tmp_path) == []


def test_a_recording_of_which_nobody_was_told_stays_whole_when_its_program_is_killed(tmp_path: Path) -> None:
    """No step had ended, so there was nothing yet that a collector could have answered to."""
    with unanswered() as port:
        dying = program(
            """
            @playhead.agent
            def killed():
                for number in range(20):
                    time.time()
                    time.sleep(0.1)
                print("there", flush=True)
                time.sleep(60)
            killed()
            """,
            f"http://127.0.0.1:{port}",
            tmp_path,
        )
        assert dying.stdout is not None
        assert dying.stdout.readline() == "there\n"
        dying.send_signal(signal.SIGKILL)
        dying.communicate()
        with collecting(port) as back:
            assert main(["ship", "--endpoint", back.url, "--journal", str(tmp_path), "--wait", "60"]) == 0
            words = [record[0] for record in merged(one.body.bytes_value for one in back.recordings)]
            assert any(span.name == "invoke_agent killed" for span in back.spans)
    assert words.count("h") == 1
    assert journals(tmp_path) == []


def test_a_program_that_ran_nothing_waits_for_nobody_and_leaves_nothing(tmp_path: Path) -> None:
    with unanswered() as port:
        began = program("playhead.shutdown(600)", f"http://127.0.0.1:{port}", tmp_path)
        began.communicate(timeout=120)
    assert began.returncode == 0
    assert journals(tmp_path) == []


def test_a_collector_that_was_away_gets_everything_when_it_is_back(tmp_path: Path) -> None:
    with unanswered() as port:
        starting = program(
            """
            run(500)
            print("done", flush=True)
            sys.stdin.readline()
            print(playhead.flush(120), flush=True)
            """,
            f"http://127.0.0.1:{port}",
            tmp_path,
        )
        assert starting.stdout is not None
        assert starting.stdout.readline() == "done\n"
        with collecting(port) as back:
            out, _ = starting.communicate("\n", timeout=120)
            assert out == "True\n"
            assert len(back.named("execute_tool work")) == 500
    assert journals(tmp_path) == []


@pytest.mark.parametrize("status", [429, 500, 502, 503, 401, 404])
def test_what_may_change_is_tried_again(recorder: Recorder, collector: FakeCollector, status: int) -> None:
    answers = iter([status, status])
    collector.status = lambda _: next(answers, 200)
    with playhead.step("patience"):
        pass
    assert recorder.worker.flush(120)
    assert len(collector.named("patience")) == 1


def test_one_span_that_is_refused_for_good_takes_no_other_with_it(
    recorder: Recorder, collector: FakeCollector, tmp_path: Path
) -> None:
    def opinion(request: ExportTraceServiceRequest) -> int:
        names = [span.name for rs in request.resource_spans for ss in rs.scope_spans for span in ss.spans]
        return 400 if "bad" in names else 200

    collector.status = opinion
    for name in ("a", "b", "bad", "c", "d"):
        with playhead.step(name):
            pass
    assert recorder.worker.flush(120)
    assert {span.name for span in collector.spans} == {"a", "b", "c", "d"}
    (kept,) = tmp_path.glob("journal/*/refused.otlp")
    request = ExportTraceServiceRequest.FromString(kept.read_bytes())
    assert request.resource_spans[0].scope_spans[0].spans[0].name == "bad"


def test_a_forked_child_has_a_journal_of_its_own_and_both_are_sent(collector: FakeCollector, tmp_path: Path) -> None:
    ran(
        """
        with playhead.step("before"):
            child = os.fork()
            with playhead.step("child" if child == 0 else "parent"):
                pass
            if child == 0:
                playhead.shutdown(10)
                os._exit(0)
            os.waitpid(child, 0)
        """,
        collector.url,
        tmp_path,
    )
    (before,) = collector.named("before")
    for name in ("child", "parent"):
        (span,) = collector.named(name)
        assert span.parent_span_id == before.span_id
    assert journals(tmp_path) == []


def test_a_slow_collector_slows_nobody(recorder: Recorder, collector: FakeCollector) -> None:
    taken = threading.Event()

    def later(_: ExportTraceServiceRequest) -> int:
        taken.wait(120)
        return 200

    collector.status = later
    for number in range(2000):
        with playhead.step(f"n{number}"):
            pass
    # All of them were done while the collector had answered nothing.
    assert collector.requests == []
    taken.set()
    assert recorder.worker.flush(120)
    assert len(collector.ended) == 2000


def test_megabytes_arrive_whole(recorder: Recorder, collector: FakeCollector) -> None:
    text = "äx" * 2_000_000
    with playhead.step("large") as step:
        step.set("text", text)
    assert recorder.worker.flush(120)
    assert attributes(collector.named("large")[0])["text"] == text


def test_an_exit_with_a_collector_that_never_answers_does_not_hang(collector: FakeCollector, tmp_path: Path) -> None:
    collector.status = lambda _: 503
    ran("run(10); playhead.shutdown(0.2)", collector.url, tmp_path)
    assert len(journals(tmp_path)) == 1


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, Endpoint("http://127.0.0.1:4318/v1/traces")),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318/"}, Endpoint("http://c:4318/v1/traces")),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317"}, Endpoint("http://c:4318/v1/traces")),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://c/x"}, Endpoint("https://c/x")),
        (
            {"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer%20x,a=b", "OTEL_EXPORTER_OTLP_TIMEOUT": "3"},
            Endpoint("http://127.0.0.1:4318/v1/traces", {"authorization": "Bearer x", "a": "b"}, 3.0),
        ),
        (
            {"OTEL_EXPORTER_OTLP_COMPRESSION": "none", "OTEL_EXPORTER_OTLP_CERTIFICATE": "ca.pem"},
            Endpoint("http://127.0.0.1:4318/v1/traces", gzip=False, certificate="ca.pem"),
        ),
    ],
)
def test_the_variables_of_every_exporter_are_obeyed(
    variables: dict[str, str], expected: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert from_environment() == expected


def test_an_endpoint_that_is_no_url_is_refused_with_an_example() -> None:
    with pytest.raises(playhead.UsageError, match=r"write it as http://127\.0\.0\.1:4318"):
        playhead.init(endpoint="localhost")


def test_ship_sends_what_a_program_left(
    tmp_path: Path, collector: FakeCollector, capsys: pytest.CaptureFixture[str]
) -> None:
    with collecting() as away:
        nobody = away.url
    ran("run(10); playhead.shutdown(0.1)", nobody, tmp_path)
    assert main(["ship", "--journal", str(tmp_path), "--endpoint", nobody, "--wait", "0"]) == 2
    assert "1 journals" in capsys.readouterr().err
    assert main(["ship", "--journal", str(tmp_path), "--endpoint", collector.url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"spans": 11, "open": 0, "refused": 0, "left": 0}
    assert len(collector.named("execute_tool work")) == 10
    assert journals(tmp_path) == []


def test_what_could_not_be_sent_before_the_end_is_sent_by_the_next_process(
    collector: FakeCollector, tmp_path: Path
) -> None:
    """The collector is back for the very last attempt: what failed before must not be taken for sent."""
    refused = threading.Event()

    def once(_: ExportTraceServiceRequest) -> int:
        first = not refused.is_set()
        refused.set()
        return 503 if first else 200

    collector.status = once
    ending = program("run(50); sys.stdin.readline(); playhead.shutdown(60)", collector.url, tmp_path)
    assert refused.wait(120)
    ending.communicate("\n", timeout=120)
    ran("playhead.flush(60)", collector.url, tmp_path)
    assert len(collector.named("execute_tool work")) == 50
    assert journals(tmp_path) == []
