"""The systemd unit under systemd, with all of its hardening: `make proof-deploy`, as root, some minutes.

In a container that systemd boots (systemd-nspawn), with the steps of deploy/README.md word for word.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from tests.deploy.files import DEPLOY
from tests.e2e.running import playhead_here, wait_for
from tests.proof.deployed import debian, ready, run, sent, steps

_SOURCES = ("pyproject.toml", "constraints.txt", "README.md", "LICENSE", "sdk", "collector", "replay", "tui", "deploy")


@dataclass
class Machine:
    root: Path
    trusted: Path
    init: int

    def do(self, script: str) -> str:
        """As root, in deploy/, with an environment of its own."""
        return run(*self._inside(script))

    def fails(self, script: str) -> str:
        done = subprocess.run(self._inside(script), capture_output=True, text=True, check=False)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def token(self, name: str) -> str:
        return (self.root / "etc/playhead" / name).read_text().strip()

    def send(self, *agents: str) -> set[str]:
        return sent("https://localhost:4318", self.token("ingest-tokens"), list(agents), self.trusted)

    def runs(self) -> list[str]:
        """From outside, over TLS, as an engineer elsewhere."""
        address = f"clickhouses://localhost:8123/playhead?ca_cert={self.trusted}"
        said = playhead_here(
            "runs", "--json", "--limit", "1000", "--store", address, "--token", self.token("read-tokens")
        )
        return [row["run_id"] for row in said.rows()] if said.status == 0 else []

    def _inside(self, script: str) -> list[str]:
        entered = ["nsenter", "--target", str(self.init), "--mount", "--uts", "--ipc", "--pid", "--root", "--wd"]
        own = ["/usr/bin/env", "--ignore-environment", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]
        return [*entered, "--", *own, "bash", "-ec", f"cd /playhead/deploy\n{script}"]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    ready()
    top = tmp_path_factory.mktemp("systemd")
    root = debian(top / "debian")
    there = root / "playhead"
    there.mkdir()
    for name in _SOURCES:
        source = DEPLOY.parent / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, there / name)
    for name in ("resolv.conf", "hosts"):
        shutil.copyfile(f"/etc/{name}", root / "etc" / name)
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(there / "deploy/cert.pem")
    certificate.private_key_pem.write_to_path(there / "deploy/key.pem")
    authority.cert_pem.write_to_path(top / "ca.pem")
    with (top / "console").open("wb") as console:
        nspawn = subprocess.Popen(
            ["systemd-nspawn", "--directory", str(root), "--boot", "--register=no", "--keep-unit", "--console=pipe"],
            stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_for(lambda: _children(nspawn.pid), "systemd's process")
        booted = Machine(root, top / "ca.pem", _children(nspawn.pid)[0])
        wait_for(lambda: _is_up(booted), "systemd to be up")
        booted.do(steps("For systemd, as root, here", "Commands on that machine"))
        wait_for(lambda: b"collector ready" in booted.do("journalctl --unit playhead").encode(), "the collector")
        yield booted
    finally:
        nspawn.send_signal(signal.SIGTERM)
        try:
            nspawn.wait(60)
        except subprocess.TimeoutExpired:
            nspawn.kill()
            nspawn.wait(60)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_up(machine: Machine) -> bool:
    done = subprocess.run(machine._inside("systemctl is-system-running"), capture_output=True, text=True, check=False)
    return done.stdout.strip() in ("running", "degraded")


def test_a_killed_service_is_back_with_all_that_it_took(machine: Machine) -> None:
    began = time.monotonic()
    taken = machine.send(*(f"before-{number}" for number in range(20)))
    machine.do("systemctl kill --signal KILL playhead")
    wait_for(lambda: "inactive" not in machine.do("systemctl is-active playhead || true"), "systemd to start it again")
    wait_for(lambda: set(machine.runs()) == taken, "what was acknowledged")
    taken |= machine.send(*(f"after-{number}" for number in range(20)))
    machine.do("systemctl stop playhead")
    assert "Result=success" in machine.do("systemctl show playhead")
    machine.do("systemctl start playhead")
    wait_for(lambda: len(machine.runs()) >= len(taken), "all that was acknowledged")
    found = machine.runs()
    assert sorted(found) == sorted(taken)
    exposure = machine.do("systemd-analyze security playhead --no-pager").strip().splitlines()[-1]
    print(f"systemd: {len(taken)} runs acknowledged, {len(found)} stored, each once; {exposure}; "
          f"{time.monotonic() - began:.0f} s")  # fmt: skip


def test_the_hardening_is_in_force(machine: Machine) -> None:
    pid = machine.do("systemctl show --property MainPID --value playhead").strip()
    status = machine.do(f"cat /proc/{pid}/status")
    assert "CapBnd:\t0000000000000000" in status and "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status
    mounts = [line.split() for line in machine.do(f"cat /proc/{pid}/mountinfo").splitlines()]
    options = {fields[4]: fields[5].split(",") for fields in mounts}
    assert "ro" in options["/"] and "rw" in options["/var/lib/playhead"]


def test_commands_there_find_store_and_tokens_as_the_page_says(machine: Machine) -> None:
    words = "PLAYHEAD_CONFIG=/etc/playhead/collector.toml /opt/playhead/bin/playhead"
    machine.do(f"{words} runs --token @/etc/playhead/read-tokens")
    machine.do(f"{words} backup /var/backups/monday --token @/etc/playhead/admin-token")
    manifest = json.loads((machine.root / "var/backups/monday/manifest.json").read_text())
    assert manifest["complete"] is True
    machine.do("systemctl stop playhead")
    assert "root" in machine.fails(f"{words} runs")
    machine.do(f"runuser --user playhead -- env {words} runs")
    machine.do("systemctl start playhead")


def test_secrets_are_in_no_journal_and_no_command_line(machine: Machine) -> None:
    said = machine.do(
        "journalctl --unit playhead; cat /proc/$(systemctl show --property MainPID --value playhead)/cmdline"
    )
    assert "collector ready" in said
    tokens = [machine.token(name) for name in ("ingest-tokens", "read-tokens", "admin-token")]
    assert [token for token in tokens if token in said] == []
    assert (machine.root / "etc/playhead/admin-token").stat().st_mode & 0o077 == 0
