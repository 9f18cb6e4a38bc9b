"""Where a store is: `chdb:///path` (embedded) or `clickhouse://user:password@host:port/database` (a server; https with
`?secure=1` or `clickhouses://`; `?ca_cert=/path` where an authority of one's own signed it; `?cluster=NAME` for all
nodes of a cluster). A project is a database: `default` lives in the one that the address names, any other
in `<database>_<project>`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from playhead.errors import UsageError

DEFAULT_PROJECT = "default"
_PROJECT = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
_DATABASE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_CLUSTER = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def data_directory() -> Path:
    """Where this user's data lives, as the XDG directory specification has it."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "playhead"


def is_project(name: str) -> bool:
    return _PROJECT.fullmatch(name) is not None


def checked_project(name: str) -> str:
    if not is_project(name):
        raise UsageError(
            f"{name!r} cannot be a project's name: use 1 to 40 of a-z, 0-9 and _, beginning with a letter or a digit"
        )
    return name


def _project_in(default: str, database: str) -> str:
    """Whose runs, or figures of them (store/figures.py), a database holds."""
    return database.removeprefix(default).removeprefix("_").partition("-")[0] or DEFAULT_PROJECT


@dataclass(frozen=True, slots=True)
class Embedded:
    """A folder that one process at a time opens with chDB."""

    path: Path
    database: str = "playhead"

    def __str__(self) -> str:
        return f"chdb://{self.path}"

    def database_of(self, project: str) -> str:
        return self.database if project == DEFAULT_PROJECT else f"{self.database}_{checked_project(project)}"

    def project_in(self, database: str) -> str:
        return _project_in(self.database, database)


@dataclass(frozen=True, slots=True)
class Server:
    """A ClickHouse server, or one node of a cluster, over HTTP."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str = "playhead"
    secure: bool = False
    cluster: str | None = None
    ca_cert: Path | None = None
    """Certificates of the authority that the server's must be signed by; the system's where there is none."""

    def __str__(self) -> str:
        """Without the password: this is what logs and errors show."""
        return f"{'clickhouses' if self.secure else 'clickhouse'}://{self.host}:{self.port}/{self.database}"

    def database_of(self, project: str) -> str:
        return self.database if project == DEFAULT_PROJECT else f"{self.database}_{checked_project(project)}"

    def project_in(self, database: str) -> str:
        return _project_in(self.database, database)


Address = Embedded | Server


def parse_address(text: str) -> Address:
    # What is shown of an address never holds what stands before the @: a password.
    shown = repr(text.rsplit("@", maxsplit=1)[-1])
    try:
        parts = urlsplit(text)
    except ValueError:
        raise UsageError(f"{shown} is no address; signs like [ ] in a password are written as %5B %5D") from None
    if parts.scheme == "chdb":
        if parts.netloc or not parts.path.strip("/"):
            raise UsageError(
                f"{shown} is no store: an embedded one is written chdb:///absolute/path, with three slashes"
            )
        return Embedded(Path(unquote(parts.path)).expanduser())
    if parts.scheme in ("clickhouse", "clickhouses", "http", "https"):
        return _parse_server(parts, shown)
    raise UsageError(f"{shown} is no store: write chdb:///path or clickhouse://user:password@host:8123/database")


def _parse_server(parts: SplitResult, shown: str) -> Server:
    options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    unknown = sorted(set(options) - {"secure", "cluster", "ca_cert"})
    if unknown:
        raise UsageError(f"{shown}: unknown option {unknown[0]!r}; there are secure, ca_cert and cluster")
    secure = parts.scheme in ("clickhouses", "https") or options.get("secure") in ("", "1", "true", "yes")
    try:
        port = parts.port or (8443 if secure else 8123)
    except ValueError:
        raise UsageError(f"{shown}: the port is not a number between 1 and 65535") from None
    if not parts.hostname:
        raise UsageError(f"{shown} names no host: write clickhouse://user:password@host:8123/database")
    database = parts.path.strip("/") or "playhead"
    if not _DATABASE.fullmatch(database):
        raise UsageError(f"{database!r} cannot be a database's name: use letters, digits and _")
    cluster = options.get("cluster") or None
    if cluster is not None and not _CLUSTER.fullmatch(cluster):
        raise UsageError(f"{cluster!r} cannot be a cluster's name: use letters, digits and _ . -")
    ca_cert = Path(options["ca_cert"]).expanduser() if options.get("ca_cert") else None
    if ca_cert is not None and not secure:
        raise UsageError(f"{shown}: ca_cert is for https; add secure=1 or write clickhouses://")
    if ca_cert is not None and not ca_cert.is_file():
        raise UsageError(f"{shown}: there is no certificate file {ca_cert}")
    return Server(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=database,
        secure=secure,
        cluster=cluster,
        ca_cert=ca_cert,
    )
