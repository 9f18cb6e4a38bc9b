"""Nothing acknowledged is lost, and nothing is there twice: a real collector, killed, starved and cut off under load.

    make proof-collector

Every proof prints its figures and the seed of its random moments; `PROOF_SEED=n` repeats it. Clients retry as OTLP says
(see emitters.py); what they had acknowledged is compared with what the store shows, id by id (see accounts.py).
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.e2e.running import Up, again, get, start, wait_for
from tests.proof.accounts import account
from tests.proof.emitters import Http, Ledger, load, spans, until_taken
from tests.proof.sharing import Owner

KILLS = 20
AWAY_S = 60.0


@contextmanager
def running(folder: Path, *flags: str, store: str | None = None) -> Iterator[list[Up]]:
    """A list whose last collector is the one that runs."""
    generations = [start(folder, *flags, store=store)]
    try:
        yield generations
    finally:
        generations[-1].end()


def state(up: Up) -> dict[str, Any]:
    return dict(json.loads(get(f"{up.url}/readyz")))


def until_stored(up: Up) -> None:
    wait_for(lambda: json.loads(get(f"{up.url}/readyz"))["spool_bytes"] == 0, "the spool to be empty")


def metric(up: Up, name: str) -> float:
    lines = get(f"{up.url}/metrics").decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.split("{")[0].split(" ")[0] == name)


def test_twenty_kills_under_load(tmp_path: Path, seed: int, rng: Random) -> None:
    with running(tmp_path) as ups:
        with load(ups[-1].ports, seed) as ledger:
            for _ in range(KILLS):
                before = ledger.requests
                wait_for(lambda before=before: ledger.requests > before, "a request to be acknowledged")
                time.sleep(rng.random() * 1.5)
                assert ups[-1].end(signal.SIGKILL) == -signal.SIGKILL
                ups.append(again(ups[-1]))
        until_stored(ups[-1])
        found = account(ledger, ups[-1].ports[2])
        assert metric(ups[-1], "playhead_quarantined_bodies") == 0
    print(f"{KILLS} kills (seed {seed}): {found}; {ledger.again} times sent again")
    assert found.exact


def test_sigterm_under_load(tmp_path: Path, seed: int, rng: Random) -> None:
    rounds = 3
    with running(tmp_path) as ups:
        with load(ups[-1].ports, seed) as ledger:
            for _ in range(rounds):
                before = ledger.requests
                wait_for(lambda before=before: ledger.requests > before, "a request to be acknowledged")
                time.sleep(rng.random())
                began = time.monotonic()
                assert ups[-1].end(signal.SIGTERM) == 0
                took = time.monotonic() - began
                assert "collector stopped" in ups[-1].log
                assert not list(tmp_path.glob("spool/*/*.seg")), "what was acknowledged was stored before the end"
                ups.append(again(ups[-1]))
        until_stored(ups[-1])
        found = account(ledger, ups[-1].ports[2])
    print(f"{rounds} times SIGTERM (seed {seed}): {found}; the last took {took:.1f} s")
    assert found.exact
    assert "Traceback" not in ups[-1].log


@contextmanager
def on_a_server(folder: Path, *flags: str) -> Iterator[tuple[Owner, list[Up]]]:
    """A collector with no store of its own: the server is another, whose embedded store it shares."""
    server = Owner(folder / "server")
    server.start()
    try:
        with running(folder / "up", *flags, store=server.address) as ups:
            yield server, ups
    finally:
        server.kill()


def test_a_store_that_is_away_for_a_minute(tmp_path: Path, seed: int) -> None:
    """The store is killed, then freezes (it takes connections and never answers), then is gone
    again, with the collector killed and started meanwhile.
    """
    with on_a_server(tmp_path) as (server, ups):
        with load(ups[-1].ports, seed, pause_s=0.05) as ledger:
            wait_for(lambda: ledger.requests > 20, "requests to be acknowledged")
            server.kill()
            time.sleep(AWAY_S / 3)
            assert state(ups[-1])["trouble"]
            server.start()
            wait_for(lambda: state(ups[-1])["trouble"] is None, "the store to be found again")
            server.send(signal.SIGSTOP)
            wait_for(lambda: state(ups[-1])["trouble"], "a store that never answers to be called trouble")
            frozen = state(ups[-1])["trouble"]
            server.send(signal.SIGCONT)
            wait_for(lambda: state(ups[-1])["trouble"] is None, "the store to be found again")
            server.kill()
            time.sleep(AWAY_S / 6)
            ups[-1].end(signal.SIGKILL)
            ups.append(again(ups[-1]))
            time.sleep(AWAY_S / 6)
            waiting = state(ups[-1])
            server.start()
        until_stored(ups[-1])
        found = account(ledger, server.port)
        assert metric(ups[-1], "playhead_quarantined_bodies") == 0
    print(f"store away for a minute (seed {seed}): {found}; {waiting['spool_bytes']} bytes waited at the end")
    print(f"  frozen, it was: {frozen}")
    assert waiting["spool_bytes"] > 0
    assert found.exact


def test_the_limit_of_the_spool(tmp_path: Path, seed: int) -> None:
    with on_a_server(tmp_path, "--spool-limit-mb", "16") as (server, ups):
        with load(ups[-1].ports, seed, pause_s=0.0) as ledger:
            wait_for(lambda: ledger.requests > 20, "requests to be acknowledged")
            server.kill()
            wait_for(lambda: ledger.again > 10, "the spool to be full")
            waiting = metric(ups[-1], "playhead_spool_bytes")
            server.start()
            before = ledger.requests
            wait_for(lambda: ledger.requests > before + 20, "the spool to have room again")
        until_stored(ups[-1])
        found = account(ledger, server.port)
    print(f"spool limit of 16 MB (seed {seed}): {found}; {ledger.again} times told to try later")
    assert 15 * 1024**2 < waiting <= 16 * 1024**2
    assert found.exact


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small tmpfs cannot be mounted here ({mounted.stderr.strip()}); run this as root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_under_the_spool(tmp_path: Path, seed: int) -> None:
    with (
        small_disk(tmp_path / "disk", 16) as disk,
        running(tmp_path / "up", "--spool", str(disk / "spool")) as ups,
    ):
        with load(ups[-1].ports, seed, pause_s=0.0) as ledger:
            for _ in range(3):
                before = ledger.requests
                wait_for(lambda before=before: ledger.requests > before + 20, "requests to be acknowledged")
                fill(disk / "filler")
                told = ledger.again
                wait_for(lambda told=told: ledger.again > told + 10, "the disk to be full")
                (disk / "filler").unlink()
            # Once more, with a kill while it is full.
            fill(disk / "filler")
            told = ledger.again
            wait_for(lambda told=told: ledger.again > told + 10, "the disk to be full")
            ups[-1].end(signal.SIGKILL)
            (disk / "filler").unlink()
            ups.append(again(ups[-1], "--spool", str(disk / "spool")))
        until_stored(ups[-1])
        found = account(ledger, ups[-1].ports[2])
    print(f"disk full four times (seed {seed}): {found}; {ledger.again} times told to try later")
    assert found.exact


def test_a_full_disk_under_the_store(tmp_path: Path, seed: int) -> None:
    """The spool is elsewhere: it takes what the store cannot, and the store takes it when there is room again."""
    with (
        small_disk(tmp_path / "disk", 256) as disk,
        running(tmp_path / "up", "--spool", str(tmp_path / "spool"), store=f"chdb://{disk / 'store'}") as ups,
    ):
        with load(ups[-1].ports, seed, pause_s=0.05) as ledger:
            wait_for(lambda: ledger.requests > 50, "requests to be acknowledged")
            fill(disk / "filler")
            wait_for(lambda: state(ups[-1])["trouble"], "the store to be full")
            trouble, before = state(ups[-1])["trouble"], ledger.requests
            wait_for(lambda: ledger.requests > before + 50, "requests to be acknowledged all the same")
            (disk / "filler").unlink()
        until_stored(ups[-1])
        found = account(ledger, ups[-1].ports[2])
        quarantined = metric(ups[-1], "playhead_quarantined_bodies")
    print(f"disk of the store full (seed {seed}): {found}\n  it said: {trouble[:200]}")
    assert quarantined == 0
    assert found.exact


def fill(path: Path) -> None:
    with path.open("wb") as filler:
        try:
            while True:
                filler.write(bytes(64 * 1024))
                filler.flush()
        except OSError:
            pass


def test_what_was_acknowledged_before_is_answered_and_not_stored_again(tmp_path: Path, rng: Random) -> None:
    """A client that never saw its answer sends the same again, before and after a kill."""
    ledger = Ledger()
    sent = [spans(rng) for _ in range(50)]
    with running(tmp_path) as ups:
        for _ in range(3):
            with contextlib.closing(Http(ups[-1].ports[1])) as transport:
                for one in sent:
                    until_taken(transport, one, ledger)
            until_stored(ups[-1])
            ups[-1].end(signal.SIGKILL)
            ups.append(again(ups[-1]))
        found = account(ledger, ups[-1].ports[2])
    print(f"50 requests, each sent three times: {found}")
    assert found.acknowledged == found.stored == 1000
    assert found.exact
