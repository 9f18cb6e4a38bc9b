"""What interrupts the agent's code from outside, an end, Ctrl-C, clients, a garbage collection, never hangs it."""

from __future__ import annotations

import gc
import queue
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sdk.engine.recorded import recorded

from playhead.lanes import locks
from playhead.lanes.active import active_engine
from playhead.lanes.engine import Engine

AT_EXIT = """
import os, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from playhead.lanes.engine import Engine
from playhead.lanes.sink import ListSink
engine = Engine.recording(ListSink())
engine.install()
{body}
"""


@pytest.mark.parametrize(
    "body",
    [
        "threading.Thread(target=time.sleep, args=(0.05,)).start()",
        "threading.Thread(target=threading.Event().wait, daemon=True).start()",
        "pool = ThreadPoolExecutor(2); pool.submit(time.sleep, 0.02)",
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "child = os.fork()\nif not child:\n    threading.Thread(target=print).start(); sys.exit(7)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7",
        "from multiprocessing import get_context\n"
        "process = get_context('fork').Process(target=print); process.start(); process.join()\n"
        "assert process.exitcode == 0",
    ],
    ids=["a thread that goes on", "a daemon that waits", "an executor left open", "a fork", "multiprocessing"],
)
def test_a_process_ends_and_forks_without_waiting_for_us(body: str, tmp_path: Path) -> None:
    script = tmp_path / "agent.py"
    script.write_text(AT_EXIT.format(body=body))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


SERVER = """
import asyncio, sys, threading
from playhead.lanes.engine import Engine
from playhead.lanes.sink import ListSink
engine = Engine.recording(ListSink())
engine.install()

def compute():
    return sum(value * value for value in range(1_000_000))

async def live():
    await asyncio.sleep(0.001)
    return "answer"

async def handle(reader, writer):
    while line := await reader.readline():
        answer = await engine.perform_async("tool", live, str, lambda packed, _: packed, fingerprint="")
        if line.startswith(b"0") and line.strip().endswith(b"7"):
            await asyncio.to_thread(compute)
            compute()
        writer.write(line.strip() + answer.encode() + b"\\n")
        await writer.drain()
    writer.close()

async def client(port, number):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for turn in range(5):
        writer.write(b"%d %d\\n" % (turn, number))
        assert (await reader.readline()) == b"%d %danswer\\n" % (turn, number)
    writer.close()

async def main():
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await asyncio.gather(*(client(port, number) for number in range(40)))
    server.close()

asyncio.run(main())
print("all answered", len([record for record in engine.direction._sink.records if record[0] == "x"]) > 0)
"""


def test_a_server_that_computes_under_the_discipline_answers_everyone(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr) == ("all answered True\n", "")


INTERRUPTED = """
import os, signal, threading, time
from playhead.lanes.engine import Engine
from playhead.lanes.sink import ListSink
engine = Engine.recording(ListSink())
engine.install()

waiting = [False]

def heard(*_):
    if waiting[0]:
        waiting[0] = False
        raise KeyboardInterrupt

signal.signal(signal.SIGINT, heard)

def interrupt():
    # Again and again: a signal that comes just before a wait begins does not break it off, in any Python program.
    while waiting[0]:
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

never = threading.Event()
for wait in (never.wait, lambda: time.sleep(9), lambda: thread.join(), lambda: never.wait(9)):
    waiting[0] = True
    thread = threading.Thread(target=interrupt)
    try:
        thread.start()
        wait()
    except KeyboardInterrupt:
        print("interrupted")
    thread.join()
with threading.Lock():
    assert engine.discipline.detached == 0
"""


def test_ctrl_c_breaks_off_any_wait_and_the_thread_comes_back_in_line(tmp_path: Path) -> None:
    script = tmp_path / "agent.py"
    script.write_text(INTERRUPTED)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout.split(), done.stderr) == (["interrupted"] * 4, "")


COLLECTED = """
import contextvars, gc
from playhead.lanes.engine import Engine
from playhead.lanes.sink import ListSink
engine = Engine.recording(ListSink())
engine.install()
gc.set_threshold(1, 1, 1)
made = [contextvars.ContextVar(str(number)) for number in range(200)]
for turn in range(100):
    for var in made:
        var.set([turn])
print("alive")
"""


def test_a_collection_in_the_middle_of_setting_a_context_variable_does_not_kill_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", COLLECTED], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.returncode) == ("alive\n", 0)


def test_a_finaliser_that_wants_what_its_own_thread_holds_does_not_hang_it(
    uninstalls: list[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: told.append(str(one.exc_value)))
    monkeypatch.setattr(locks, "IN_A_FINALISER_S", 0.01)

    class Pooled:
        """As a response that urllib3 has not read to its end: it is in a circle, and wants its pool at its end."""

        def __init__(self, pool: queue.Queue[int]) -> None:
            self.me, self.pool = self, pool

        def __del__(self) -> None:
            self.pool.put(1)

    def run() -> int:
        pool: queue.Queue[int] = queue.Queue()
        Pooled(pool)
        with pool.mutex:
            gc.collect()
        Pooled(pool)
        gc.collect()
        return pool.qsize()

    size, _ = recorded(uninstalls, run)
    assert size == 1
    assert told == ["a finaliser waited for a lock that its own thread holds; what it was to do is left out"]


def test_what_a_handler_raises_in_the_middle_of_an_effect_is_what_the_agent_gets(uninstalls: list[Engine]) -> None:
    class TooLate(Exception):
        """No class that could be found by its name."""

    late = TooLate()

    def handler(*_: object) -> None:
        raise late

    def run() -> BaseException | None:
        engine = active_engine()
        assert engine is not None
        signal.signal(signal.SIGUSR1, handler)
        try:
            engine.fact("run", lambda: signal.raise_signal(signal.SIGUSR1))
        except TooLate as error:
            return error
        finally:
            signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        return None

    error, records = recorded(uninstalls, run)
    assert error is late
    assert [record[6][0] for record in records if record[0] == "f" and record[3] == "run"] == ["!"]
