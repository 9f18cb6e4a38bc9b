"""Starts a server that is recorded, asks it over real sockets, and executes it again with everything gone."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from playhead.commands.record import START
from playhead.effects.files import FOLDER
from playhead.journal.reader import read_journal
from playhead.lanes.sink import Record
from playhead.replaying.asked import VARIABLE, ReplayAsked
from playhead.replaying.outcome import Outcome

REPOSITORY = Path(__file__).resolve().parents[3]
SHOP = ("-m", "uvicorn", "tests.sdk.servers.shop:app")


@contextmanager
def listening(
    words: Sequence[str], folder: Path, environment: Mapping[str, str], ends: int = -signal.SIGTERM
) -> Iterator[str]:
    """The address of a server under uvicorn, which is told to stop by SIGTERM, and ends as uvicorn lets it."""
    with subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        while (found := re.search(r"running on (http://[\d.:]+)", said)) is None:
            line = process.stderr.readline()
            assert line, said
            said += line
        # Read on, or the server would one day wait for us.
        reader = threading.Thread(target=process.stderr.read)
        reader.start()
        try:
            yield found[1]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(120) == ends
            reader.join()


@contextmanager
def recorded(
    journal: Path, provider: str, *words: str, level: str = "exact", ends: int = -signal.SIGTERM
) -> Iterator[str]:
    """Its address."""
    asked = [sys.executable, *(words or SHOP), "--port", "0"]
    with listening(asked, REPOSITORY, environment(journal, provider, LEVEL=level), ends) as address:
        yield address


def records_in(journal: Path) -> list[Record]:
    (folder,) = [folder for folder in journal.iterdir() if folder.is_dir()]
    return [record[2] for record in read_journal(folder) if record[0] == "r"]


@dataclass(frozen=True, slots=True)
class Again:
    outcome: Outcome
    answers: dict[str, bytes]
    """The bodies that it answered, by their path and query."""
    printed: str


def environment(journal: Path, provider: str, **more: str) -> dict[str, str]:
    return {**os.environ, "JOURNAL": str(journal), "PROVIDER": provider, "PYTHONHASHSEED": "1105", **more}


def executed_again(records: list[Record], folder: Path, provider: str, *words: str) -> Again:
    # A replay may write below a folder of this name, and nowhere else.
    folder = Path(mkdtemp(prefix=FOLDER, dir=folder))
    (folder / "records.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    asked = ReplayAsked(
        str(folder / "records.jsonl"), str(folder / "journal"), str(folder / "outcome.json"), None,
        os.environ.get("PYTHONPATH"),
    )  # fmt: skip
    path = os.pathsep.join([str(START), str(REPOSITORY), *filter(None, [asked.pythonpath])])
    kept = folder / "answers"
    kept.touch()
    told = {VARIABLE: asked.as_text(), "PYTHONPATH": path, "ANSWERS": str(kept)}
    done = subprocess.run(
        [sys.executable, *(words or SHOP)], cwd=REPOSITORY, env=environment(folder / "journal", provider, **told),
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    outcome = Outcome.read(folder / "outcome.json")
    assert outcome is not None, done.stderr
    answers: dict[str, bytes] = {}
    for line in kept.read_text().splitlines():
        path, body = json.loads(line)
        answers[path] = answers.get(path, b"") + base64.b64decode(body)
    return Again(outcome, answers, done.stdout)
