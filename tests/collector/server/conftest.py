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
from tests.e2e.running import up

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
    address: str
    log: Path | None = None
    """Of its requests, where it keeps one."""

    @property
    def in_cluster(self) -> bool:
        return "?cluster=" in self.address

    def requests(self) -> list[dict[str, Any]]:
        if self.log is None:
            pytest.skip("this server keeps no list of its requests")
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


def address_at(port: int, database: str, options: str = "") -> str:
    return f"clickhouse://default:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/{database}{options}"


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
def serving(folder: Path, config: Path | None = None) -> Iterator[int]:
    """The stand-in for a server: a cluster's node, or one that is restored to, which a collector's port is not."""
    words = [str(folder), *([str(config)] if config else [])]
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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server, no cluster: the port of a collector that has an embedded store, if no other is named."""
    with serving_real() as real:
        if real:
            yield Server(real)
            return
    with up(tmp_path_factory.mktemp("server"), "--admin-token", PASSWORD) as collector:
        yield Server(address_at(collector.ports[2], "playhead"))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The one node of a cluster named play."""
    folder = tmp_path_factory.mktemp("cluster")
    config = folder / "config.xml"
    config.write_text(CLUSTER_CONFIG)
    with serving(folder, config) as port:
        yield Server(address_at(port, "traces", "?cluster=play"), folder / "requests")


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same as `server`, with a certificate of an authority that nobody knows."""
    folder = tmp_path_factory.mktemp("tls")
    ca, key, certificate = (folder / name for name in ("ca.pem", "key.pem", "cert.pem"))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(ca))
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(str(key))
    for part in issued.cert_chain_pems:
        part.write_to_path(str(certificate), append=True)
    flags = ("--admin-token", PASSWORD, "--tls-cert", str(certificate), "--tls-key", str(key))
    with up(folder / "collector", *flags) as collector:
        yield Server(address_at(collector.ports[2], "playhead", f"?secure=1&ca_cert={ca}"))
