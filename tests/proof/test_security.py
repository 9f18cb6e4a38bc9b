"""A collector attacked from outside: two tenants, and tokens. Each part counts what it tried and what got through.

make proof-security
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from tests.e2e.running import clean_environment
from tests.proof.accounts import peak_rss_mb
from tests.proof.attacks.api import SCHEMATHESIS, try_api
from tests.proof.attacks.doors import told_by_time, try_doors, try_grpc, try_reading
from tests.proof.attacks.lines import try_bombs, try_noise, try_slow, try_smuggling
from tests.proof.attacks.statements import try_statements
from tests.proof.attacks.stored import EVIL, OBEYED, commands, store_evil, try_names
from tests.proof.attacks.target import Tally, Target, target
from tests.proof.attacks.writing import try_administering, try_writing

STATEMENTS = int(os.environ.get("PROOF_STATEMENTS", "20000"))
NOISE = int(os.environ.get("PROOF_NOISE", "3000"))
EXAMPLES = int(os.environ.get("PROOF_EXAMPLES", "200"))
SLOW_LINES, SLOW_S = 300, 30.0
MOST_MEMORY_MB = 1280

_all = Tally()


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with target(tmp_path_factory.mktemp("attacked")) as collector:
        yield collector
        print(f"\nall of it: {_all}\n  peak {peak_rss_mb(collector.up.process.pid)} MB")
    assert _all.through == []


@pytest.fixture
def tally(there: Target) -> Iterator[Tally]:
    """Of one part; at its end nothing has got through, and the collector is well."""
    part = Tally()
    before = there.counts()
    yield part
    part.tried("what stands", there.well())
    print(part)
    _all.attempts.update(part.attempts)
    _all.through += part.through
    assert part.through == []
    assert before["bank"] == there.counts()["bank"], "nobody but its emitters adds to a project or takes from it"
    assert "Traceback" not in there.up.log
    assert not any(token in there.up.log for token in there.tokens.values()), "a token is in the log"


def test_no_door_opens_without_its_own_key(there: Target, tally: Tally, rng: Random) -> None:
    try_doors(there, rng, tally)
    try_grpc(there, rng, tally)
    try_reading(there, tally)
    assert sum(tally.attempts.values()) > 1000


def test_a_wrong_token_is_not_told_by_time(there: Target) -> None:
    ratio = told_by_time(there)
    print(f"a token that is half right takes {ratio:.3f} of the time of one that is not")
    assert 0.5 < ratio < 2, "far from noise"


def test_requests_after_the_schema_and_against_it_find_no_defect(
    there: Target, tally: Tally, tmp_path: Path, seed: int
) -> None:
    assert SCHEMATHESIS.exists(), "`make proof-security` installs it"
    print(f"seed {seed}")
    try_api(there, tally, tmp_path, seed, EXAMPLES)


def test_no_statement_gets_at_what_is_not_the_readers(there: Target, tally: Tally, rng: Random, seed: int) -> None:
    print(f"seed {seed}")
    try_statements(there, rng, tally, STATEMENTS)


def test_nobody_writes_without_the_admin_token_and_with_it_nothing_but_the_store(
    there: Target, tally: Tally, rng: Random, seed: int
) -> None:
    print(f"seed {seed}")
    try_writing(there, tally)
    try_administering(there, rng, tally, STATEMENTS // 10)


def test_noise_on_every_port_harms_nobody(there: Target, tally: Tally, rng: Random, seed: int) -> None:
    print(f"seed {seed}")
    try_noise(there, rng, tally, NOISE)
    try_smuggling(there, tally)


def test_bombs_are_refused_and_cost_no_memory(there: Target, tally: Tally) -> None:
    try_bombs(there, tally)
    assert peak_rss_mb(there.up.process.pid) <= MOST_MEMORY_MB


def test_slow_lines_keep_nobody_waiting(there: Target, tally: Tally) -> None:
    slowest = try_slow(there, tally, SLOW_LINES, SLOW_S)
    print(f"{SLOW_LINES} slow lines for {SLOW_S:g} s: a good client waited {slowest:.2f} s at most")
    assert sum(tally.attempts.values()) > 20


def test_what_a_terminal_would_obey_is_shown_by_no_command(there: Target, tally: Tally, tmp_path: Path) -> None:
    run = store_evil(there)
    environment = clean_environment(
        tmp_path, {"PLAYHEAD_STORE": there.up.store, "PLAYHEAD_TOKEN": there.tokens["shop read"]}
    )
    seen = ""
    for words in commands(run):
        said = subprocess.run(
            [sys.executable, "-m", "playhead", *words, "--project", "shop"],
            capture_output=True, env=environment, cwd=tmp_path, timeout=120, check=False,
        )  # fmt: skip
        shown = said.stdout.decode("utf-8", "replace") + said.stderr.decode("utf-8", "replace")
        seen += shown
        obeyed = OBEYED.findall(shown)
        tally.tried("commands", f"{words} printed {obeyed[:3]!r}" if obeyed else None)
        assert said.returncode in (0, 1, 2), shown
    assert EVIL[:4] not in seen
    assert "\\x1b[2J" in seen, "it was shown, in words"


def test_names_that_lead_out_of_a_folder_lead_nowhere(there: Target, tally: Tally) -> None:
    try_names(there, tally)
