"""The image is built and compose.yaml started, with podman: `make proof-deploy`, as root, some minutes.

A second collector with an embedded store answers where compose.yaml has ClickHouse: it takes what a server takes over
HTTP, and is none. Everything else is the file's own: the image, its user, the read-only root, secrets, network and
volumes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.deploy.files import DEPLOY, composed, text
from tests.e2e.running import get, playhead_here, wait_for
from tests.proof.deployed import debian, ready, run, sent, steps

READ = "a-token-that-reads-1"
# As ClickHouse's image: its health check calls wget, its password comes from a file, its data has a folder.
_WGET = """#!/bin/sh
for url; do :; done
exec python -c "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read())" "$url"
"""
_STAND_IN = f"""
FROM {{image}}
USER 0
COPY --chmod=755 wget /usr/bin/wget
ENV PLAYHEAD_HOST=0.0.0.0 PLAYHEAD_INSECURE=true PLAYHEAD_STORE=chdb:///var/lib/clickhouse/store \\
    PLAYHEAD_SPOOL=/var/lib/clickhouse/spool PLAYHEAD_INGEST_TOKEN=a-token-of-nobody PLAYHEAD_READ_TOKEN={READ} \\
    PLAYHEAD_ADMIN_TOKEN=@/run/secrets/clickhouse-password
"""
# Not all machines let a container have as many files as the file asks for; podman asks for processes besides.
_LIMITS = {"nofile": {"soft": 4096, "hard": 4096}, "nproc": {"soft": 4096, "hard": 4096}}


@dataclass
class Composed:
    folder: Path
    environment: dict[str, str]

    def podman(self, *words: str) -> str:
        return run("podman", *words, environment=self.environment)

    def compose(self, *words: str) -> str:
        files = ["--file", "compose.yaml", "--file", "limits.yaml"]
        return run("docker-compose", *files, *words, environment=self.environment, folder=self.folder)

    def token(self) -> str:
        return (self.folder / "secrets/ingest-tokens").read_text().strip()

    def runs(self) -> list[str]:
        said = playhead_here("runs", "--json", "--limit", "1000", "--store", "http://127.0.0.1:8123", "--token", READ)
        return [row["run_id"] for row in said.rows()] if said.status == 0 else []


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    ready()
    top = tmp_path_factory.mktemp("compose")
    environment = _of_podman(top)
    base = text("Dockerfile").split("FROM ", 1)[1].split()[0]
    image = composed("compose.yaml")["services"]["collector"]["image"]
    at = Composed(top / "deploy", environment)
    archive = top / "base.tar"
    run("tar", "--create", "--file", str(archive), "--directory", str(debian(top / "debian")), ".")
    at.podman("import", str(archive), f"docker.io/library/{base}")
    # As the Dockerfile's first line says it, in the folder that it names.
    build = ["build", "--isolation", "chroot", "--pull=never", "--network", "host", "--format", "docker",
             "--volume", "/etc/ssl/certs:/etc/ssl/certs:ro"]  # fmt: skip
    at.podman(*build, "--file", str(DEPLOY / "Dockerfile"), "--tag", f"docker.io/library/{image}", str(DEPLOY.parent))
    stand_in = top / "stand-in"
    stand_in.mkdir()
    (stand_in / "wget").write_text(_WGET)
    (stand_in / "Dockerfile").write_text(_STAND_IN.format(image=f"docker.io/library/{image}"))
    server = composed("compose.yaml")["services"]["clickhouse"]["image"]
    at.podman(*build, "--file", str(stand_in / "Dockerfile"), "--tag", f"docker.io/{server}", str(stand_in))
    shutil.copytree(DEPLOY, at.folder)
    limits = "".join(f"  {name}: {{ulimits: {_LIMITS}}}\n" for name in ("collector", "clickhouse"))
    (at.folder / "limits.yaml").write_text(f"services:\n{limits}")
    run("bash", "-ec", steps("For compose:\n", "(The collector"), folder=at.folder)
    service = subprocess.Popen(
        ["podman", "system", "service", "--time", "0", environment["DOCKER_HOST"]],
        env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for((top / "podman.sock").exists, "podman to answer")
        at.compose("up", "--detach", "--no-build")
        yield at
    finally:
        at.podman("rm", "--force", "--all")
        service.terminate()
        service.wait(60)
        at.podman("system", "reset", "--force")


def _of_podman(top: Path) -> dict[str, str]:
    """Images, volumes and networks of its own: nothing of this machine's is touched, or taken for what is meant."""
    (top / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{top}/images"\nrunroot = "{top}/run"\n'
    )
    (top / "containers.conf").write_text(
        '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n'
        '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n'
        f'volume_path = "{top}/volumes"\ntmp_dir = "{top}/tmp"\n'
        f'[network]\nnetwork_backend = "netavark"\nnetwork_config_dir = "{top}/networks"\n'
    )
    return {
        "CONTAINERS_STORAGE_CONF": f"{top}/storage.conf",
        "CONTAINERS_CONF": f"{top}/containers.conf",
        "DOCKER_HOST": f"unix://{top}/podman.sock",
    }


def test_what_is_sent_is_stored_while_containers_are_killed(up: Composed) -> None:
    began = time.monotonic()
    wait_for(lambda: _answers("http://127.0.0.1:4318/healthz"), "the collector")
    wait_for(lambda: _answers("http://127.0.0.1:8123/ping"), "the store")
    url = "http://127.0.0.1:4318"
    taken = sent(url, up.token(), [f"first-{number}" for number in range(20)])
    wait_for(lambda: set(up.runs()) == taken, "what was sent at first")
    store, collector = "deploy_clickhouse_1", "deploy_collector_1"
    up.podman("kill", "--signal", "KILL", store)
    taken |= sent(url, up.token(), [f"without-a-store-{number}" for number in range(20)])
    up.podman("kill", "--signal", "KILL", collector)
    up.podman("start", store, collector)
    wait_for(lambda: _answers("http://127.0.0.1:4318/healthz"), "the collector again")
    taken |= sent(url, up.token(), [f"after-{number}" for number in range(20)])
    wait_for(lambda: len(up.runs()) >= len(taken), "all that was acknowledged")
    found = up.runs()
    assert sorted(found) == sorted(taken)
    for name in (store, collector):
        up.podman("healthcheck", "run", name)
    size = int(up.podman("image", "inspect", "--format", "{{.Size}}", "docker.io/library/playhead:0.1.0"))
    print(f"compose: {len(taken)} runs acknowledged, {len(found)} stored, each once; "
          f"image {size / 1e9:.2f} GB, {time.monotonic() - began:.0f} s")  # fmt: skip


def test_a_collector_in_its_container_may_do_nothing_else(up: Composed) -> None:
    inside = up.podman("exec", "deploy_collector_1", "sh", "-c", "id -u; cat /proc/1/status; touch /opt/x 2>&1 || true")
    assert inside.splitlines()[0] == "10001"
    assert "CapEff:\t0000000000000000" in inside and "NoNewPrivs:\t1" in inside
    assert "Read-only file system" in inside


def test_it_ends_in_time_and_with_nothing_in_hand(up: Composed) -> None:
    taken = sent("http://127.0.0.1:4318", up.token(), [f"last-{number}" for number in range(20)])
    up.podman("stop", "deploy_collector_1")
    assert up.podman("inspect", "--format", "{{.State.ExitCode}}", "deploy_collector_1").strip() == "0"
    up.podman("start", "deploy_collector_1")
    wait_for(lambda: taken <= set(up.runs()), "what was acknowledged before it ended")


def _answers(url: str) -> bool:
    try:
        return bool(get(url))
    except OSError:
        return False
