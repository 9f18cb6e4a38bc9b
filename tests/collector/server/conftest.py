"""Servers in processes of their own, and stores on them."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import trustme
from tests.collector.server.clickhouse import PASSWORD

from playhead_collector.store.address import parse_address
from playhead_collector.store.engine import Engine

# One shard, which is this node; and two, the second of which is a port where nobody listens.
CLUSTER_CONFIG = """
<clickhouse>
  <zookeeper><implementation>testkeeper</implementation></zookeeper>
  <macros><shard>one</shard><replica>first</replica></macros>
  <tcp_port>9000</tcp_port>
  <remote_servers><play><shard>
    <internal_replication>true</internal_replication>
    <replica><host>127.0.0.1</host><port>9000</port></replica>
  </shard></play><two>
    <shard><replica><host>127.0.0.1</host><port>9000</port></replica></shard>
    <shard><replica><host>127.0.0.1</host><port>1</port></replica></shard>
  </two></remote_servers>
</clickhouse>
"""


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    folder: Path
    options: str = ""
    real: str = ""
    """The address of a real server, where PLAYHEAD_TEST_CLICKHOUSE names one."""

    @property
    def address(self) -> str:
        return (
            self.real or f"clickhouse://default:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/traces{self.options}"
        )

    def requests(self) -> list[dict[str, Any]]:
        if self.real:
            pytest.skip("a real server keeps no list of its requests")
        return [json.loads(line) for line in (self.folder / "requests").read_text(encoding="utf-8").splitlines()]


def environment() -> dict[str, str]:
    """For a process that runs in a folder of its own: chDB keeps a cache in the one it runs in."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[3]), *filter(None, sys.path)])}


@contextmanager
def serving_real() -> Iterator[str]:
    """An address on the server that PLAYHEAD_TEST_CLICKHOUSE names, in databases of its own; else empty."""
    named = os.environ.get("PLAYHEAD_TEST_CLICKHOUSE", "")
    if not named:
        yield ""
        return
    parts = urlsplit(named)
    own = parts._replace(path=f"{parts.path.rstrip('/') or '/playhead_test'}_{secrets.token_hex(4)}")
    address = parse_address(own.geturl())
    try:
        yield own.geturl()
    finally:
        engine = Engine(address)
        client = engine.connect()
        for (name,) in client.query("SELECT name FROM system.databases").result_rows:
            if str(name).startswith(address.database):
                client.command(f"DROP DATABASE {name} SYNC")
        engine.close()


@contextmanager
def serving(folder: Path, config: Path | None = None, tls: tuple[Path, Path] | None = None) -> Iterator[int]:
    words = [str(folder), str(config or "-"), *(str(path) for path in tls or ())]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.collector.server.clickhouse", *words],
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=folder,
            env=environment(),
        ) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert line, (folder / "log").read_text()
            yield int(line)
        finally:
            process.kill()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server, no cluster."""
    folder = tmp_path_factory.mktemp("server")
    with serving_real() as real:
        if real:
            yield Server(0, folder, real=real)
            return
    with serving(folder) as port:
        yield Server(port, folder)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The one node of a cluster named play."""
    folder = tmp_path_factory.mktemp("cluster")
    config = folder / "config.xml"
    config.write_text(CLUSTER_CONFIG)
    with serving(folder, config) as port:
        yield Server(port, folder, "?cluster=play")


@pytest.fixture(scope="session")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a certificate of an authority that nobody knows."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    for part in issued.cert_chain_pems:
        part.write_to_path(str(folder / "cert.pem"), append=True)
    with serving(folder, None, (folder / "cert.pem", folder / "key.pem")) as port:
        yield Server(port, folder, f"?secure=1&ca_cert={folder / 'ca.pem'}")
