"""The README says what works: its blocks are run, in its order, against a collector with the demo's runs in it."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.running import Up, clean_environment, up

README = Path(__file__).parents[2] / "README.md"
_BLOCK = re.compile(r"(?:^<!-- not run: ([^\n]+) -->\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    language: str
    text: str
    not_run: str
    """Why; empty where it is run."""


_EXCERPT = re.compile(r"an excerpt of (\S+\.py),")
BLOCKS = [Block(language, text, not_run) for not_run, language, text in _BLOCK.findall(README.read_text("utf-8"))]
RUN = [block for block in BLOCKS if not block.not_run]


@pytest.fixture(scope="module")
def reader(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A collector as the reader has one by then, `playhead` and `python` on the PATH, and a folder to work in."""
    folder = tmp_path_factory.mktemp("readme") / "copy"
    (folder / "bin").mkdir(parents=True)
    for name, words in {"playhead": f"{sys.executable} -m playhead", "python": sys.executable}.items():
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    shutil.copytree(demo_folder, folder, symlinks=True, dirs_exist_ok=True)
    with up(folder) as collector:
        yield collector


@pytest.mark.parametrize("block", RUN, ids=[block.text.splitlines()[0][:40] for block in RUN])
def test_a_block_of_the_readme_does_what_it_says(reader: Up, block: Block) -> None:
    environment = clean_environment(
        reader.folder,
        {
            "PATH": f"{reader.folder / 'bin'}:{os.environ['PATH']}",
            "PLAYHEAD_STORE": reader.store,
            "OTEL_EXPORTER_OTLP_ENDPOINT": reader.url,
        },
    )
    words = [sys.executable, "-c", block.text] if block.language == "python" else ["bash", "-euc", block.text]
    done = subprocess.run(
        words, capture_output=True, text=True, env=environment, cwd=reader.folder, timeout=120, check=False
    )
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    assert "no runs match" not in done.stderr, "what it looks for is to be found"
    for line in (line for line in block.text.splitlines() if line.startswith("playhead ") and "export" not in line):
        assert done.stdout or done.stderr, line
    if "playhead.init(" in block.text:
        reader.wait_until_stored()
        assert "refund" in reader.playhead("show", "last").out


def test_the_first_commands_are_those_of_the_makefile() -> None:
    first = BLOCKS[0].text
    assert [line.split("#")[0].strip() for line in first.splitlines()] == ["make demo", "make test"]


def test_what_is_not_run_is_little_and_says_why() -> None:
    assert len([block for block in BLOCKS if block.not_run and not _EXCERPT.match(block.not_run)]) <= 5
    assert len(RUN) >= 5


def test_an_excerpt_is_what_stands_in_its_file() -> None:
    excerpts = [(block, found[1]) for block in BLOCKS if (found := _EXCERPT.match(block.not_run))]
    assert excerpts
    for block, name in excerpts:
        source = (README.parent / name).read_text("utf-8")
        for part in block.text.split("\n\n\n"):
            assert part.strip() in source, part


def test_every_link_leads_somewhere() -> None:
    root = README.parent
    for page in (README, *sorted((root / "docs").glob("*.md"))):
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", _BLOCK.sub("", page.read_text("utf-8"))):
            assert link.startswith("https://") or (page.parent / link).exists(), f"{page.name}: {link}"
