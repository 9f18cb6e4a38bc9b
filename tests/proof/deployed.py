"""A machine for the files in `deploy/`, made of Debian's packages: no image and no registry of images is needed.

Debian's own Python stands where the image names python:3.11-slim. What is run on it are the steps of deploy/README.md,
word for word. As root, and with Debian's packages (`NEEDED`); everything that is made goes below one folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import textwrap
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from tests.deploy.files import text
from tests.e2e.emitting import hex_id, spans

NEEDED = {
    "debootstrap": "debootstrap", "podman": "podman", "runc": "runc", "docker-compose": "docker-compose",
    "/usr/lib/podman/netavark": "netavark", "/usr/lib/podman/aardvark-dns": "aardvark-dns",
    "iptables": "iptables", "systemd-nspawn": "systemd-container", "nsenter": "util-linux",
}  # fmt: skip
PACKAGES = "python3,python3-venv,ca-certificates,openssl,procps,systemd,systemd-sysv,dbus"
_TRUSTED = Path("etc/ssl/certs/ca-certificates.crt")


def ready() -> None:
    """Fails with what to install, as a proof that is passed over would prove nothing."""
    if os.geteuid() != 0:
        pytest.fail("make proof-deploy makes containers and mounts: run it as root")
    absent = [package for program, package in NEEDED.items() if shutil.which(program) is None]
    if absent:
        pytest.fail(f"make proof-deploy needs more of Debian: apt-get install {' '.join(absent)}")


def debian(folder: Path) -> Path:
    """A Debian in a folder, with the Python and the trust in certificates that this machine has."""
    done = subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    for name in ("python", "python3"):
        (folder / "usr/local/bin" / name).symlink_to("/usr/bin/python3")
    shutil.copyfile(Path("/") / _TRUSTED, folder / _TRUSTED)
    return folder


def steps(after: str, until: str) -> str:
    """The commands that deploy/README.md gives between some words and others."""
    page = text("README.md")
    found = page.split(after, 1)[1].split(until, 1)[0]
    block = "\n".join(line for line in found.splitlines() if line.startswith("    ") or not line.strip())
    assert block.strip(), after
    return textwrap.dedent(block)


def run(*words: str, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> str:
    """What a program printed; one that fails fails the proof with all that it said."""
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, cwd=folder, env={**os.environ, **(environment or {})}
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"{' '.join(words)}\n{said[-4000:]}"
    return done.stdout


def sent(url: str, token: str, agents: list[str], trusted: Path | None = None) -> set[str]:
    """The ids of runs that OpenTelemetry's own exporter was told are taken."""
    headers = {"authorization": f"Bearer {token}"}
    taken = set()
    with mock.patch.dict(os.environ):
        # `requests` lets these weigh more than the certificate that an exporter was given.
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            os.environ.pop(name, None)
        exporter: SpanExporter = OTLPSpanExporter(
            f"{url}/v1/traces", headers=headers, certificate_file=str(trusted) if trusted else None
        )
        for agent in agents:
            of_agent = spans(agent)
            assert exporter.export(of_agent) is SpanExportResult.SUCCESS, agent
            taken.add(hex_id(of_agent))
        exporter.shutdown()
    return taken
