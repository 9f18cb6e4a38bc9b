"""What is attacked: a collector of two tenants, with tokens for each, and canaries that tell what got through.

`shop` is the attacker's own project, `bank` another's. A secret lies in the payloads of each, another in a file that
the collector could read, and a port on loopback counts who connects to it.
"""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.e2e.running import Up, up
from tests.tui.told import Told

from playhead_collector.send import send

TENANTS = ("shop", "bank")
ROLES = ("ingest", "read", "figures")


@dataclass
class Tally:
    """Attempts by kind, and each of those that got through, in words."""

    attempts: Counter[str] = field(default_factory=Counter)
    through: list[str] = field(default_factory=list)

    def tried(self, kind: str, through: str | None) -> None:
        self.attempts[kind] += 1
        if through:
            self.through.append(f"{kind}: {through}")

    def __str__(self) -> str:
        kinds = dict(sorted(self.attempts.items()))
        return f"{sum(self.attempts.values()):,} attempts, {len(self.through)} got through: {kinds}"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Listener:
    """Counts who connects: a statement or a name that makes the collector call out ends here."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.calls = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            self.calls += 1
            line.close()

    def close(self) -> None:
        self._socket.close()


@dataclass
class Target:
    """The collector, what may open it, and what must never come out of it."""

    up: Up
    tokens: Mapping[str, str]
    secrets: Mapping[str, str]
    """In the payloads, by tenant."""
    file: Path
    listener: Listener

    @property
    def grpc(self) -> int:
        return self.up.ports[0]

    @property
    def http(self) -> int:
        return self.up.ports[1]

    @property
    def clickhouse(self) -> int:
        return self.up.ports[2]

    def ask(
        self, port: int, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request on a line of its own; a line that the collector cut is status 0."""
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            line.request(method, path, body or None, dict(headers or {}))
            answer = line.getresponse()
            return Answer(answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()})
        except (OSError, http.client.HTTPException):
            return Answer(0, b"")
        finally:
            line.close()

    def select(self, statement: str, who: str = "shop read", **url: str) -> Answer:
        """As one of the tenants' readers."""
        more = "&".join(f"{name}={value}" for name, value in url.items())
        headers = {"X-ClickHouse-Key": self.tokens[who]}
        return self.ask(self.clickhouse, "POST", f"/?{more}", statement.encode("utf-8", "surrogatepass"), headers)

    def counts(self) -> dict[str, str]:
        """How many steps each tenant has: nobody but its emitters may change it."""
        return {one: self.select("SELECT count() FROM steps", f"{one} read").body.decode().strip() for one in TENANTS}

    def leaked(self, body: bytes, who: str = "shop read") -> str | None:
        """What of the canaries is in an answer that is not for that reader."""
        for tenant, secret in self.secrets.items():
            if f"{tenant} read" != who and secret.encode() in body:
                return f"a payload of {tenant} came out to {who}"
        if self.file.read_text().encode() in body:
            return "a file came out"
        return "a token came out" if any(token.encode() in body for token in self.tokens.values()) else None

    def well(self) -> str | None:
        """None where it lives and answers those who may."""
        if self.up.process.poll() is not None:
            return f"the collector ended with {self.up.process.returncode}"
        ready = self.ask(self.http, "GET", "/readyz")
        if ready.status != 200 or not json.loads(ready.body)["storing"]:
            return f"not ready: {ready.body!r}"
        return None if self.select("SELECT 1").body == b"1\n" else "the reading port does not answer"


@contextmanager
def target(folder: Path) -> Iterator[Target]:
    tokens = {f"{tenant} {what}": secrets.token_hex(16) for tenant in TENANTS for what in ROLES}
    tokens["admin"] = secrets.token_hex(16)
    folder.mkdir(parents=True, exist_ok=True)
    flags: list[str] = []
    for what in ROLES:
        file = folder / f"{what}-tokens"
        file.write_text("".join(f"{tenant}={tokens[f'{tenant} {what}']}\n" for tenant in TENANTS))
        flags += [f"--{what}-token", f"@{file}"]
    (folder / "admin-token").write_text(tokens["admin"])
    flags += ["--admin-token", f"@{folder / 'admin-token'}"]
    file = folder / "secret-file"
    file.write_text(f"canary-file-{secrets.token_hex(8)}")
    listener = Listener()
    try:
        with up(folder / "collector", *flags) as collector:
            canaries = {tenant: f"canary-payload-{secrets.token_hex(8)}" for tenant in TENANTS}
            there = Target(collector, tokens, canaries, file, listener)
            for number, tenant in enumerate(TENANTS):
                told = Told(number + 1, datetime.fromtimestamp(time.time() - 60, UTC))
                root = told.root((0, 3))
                told.tool(root, (0.5, 1), "look", {"of": tenant}, {"secret": canaries[tenant]})
                send([told.body()], collector.url, tokens[f"{tenant} ingest"])
            collector.wait_until_stored()
            yield there
    finally:
        listener.close()
