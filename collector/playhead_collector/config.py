"""The collector's settings: flags, then `PLAYHEAD_*` variables, then a TOML file, then what stands here.

Every setting is declared once, below; the flags, the variables and `playhead up --help` are made from it.
"""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from playhead.errors import UsageError
from playhead_collector.store.address import (
    DEFAULT_PROJECT,
    Address,
    Embedded,
    checked_project,
    data_directory,
    parse_address,
)

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(BaseModel):
    """One collector."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    store: str = Field(
        default_factory=lambda: f"chdb://{data_directory() / 'store'}",
        description="where traces are kept: chdb:///path (embedded) or clickhouse://user:password@host:8123/database",
    )
    spool: Path | None = Field(
        default=None,
        description="folder in which what was acknowledged waits for the store (default: beside the store)",
    )
    host: str = Field(default="127.0.0.1", description="address that all ports are bound to")
    grpc_port: int = Field(default=4317, ge=0, le=65535, description="OTLP/gRPC; 0 takes any free port")
    http_port: int = Field(default=4318, ge=0, le=65535, description="OTLP/HTTP, /healthz, /readyz and /metrics")
    clickhouse_port: int = Field(
        default=8123, ge=0, le=65535, description="ClickHouse's HTTP interface, for reading; embedded store only"
    )
    ingest_token: list[str] = Field(
        default_factory=list, description="token (or project=token) that may send; repeatable"
    )
    read_token: list[str] = Field(
        default_factory=list, description="token (or project=token) that may read; repeatable"
    )
    tls_cert: Path | None = Field(default=None, description="certificate file for all ports")
    tls_key: Path | None = Field(default=None, description="its private key")
    insecure: bool = Field(
        default=False, description="bind other than loopback without tokens and TLS; anyone there can read and write"
    )
    retention: list[str] = Field(
        default_factory=list,
        description="how long runs are kept, as DAYS or PROJECT=DAYS; repeatable; 90 days where nothing is said",
    )
    admin_token: str = Field(default="", description="token that may erase; needed for that where other tokens are set")
    spool_limit_mb: int = Field(
        default=8192, ge=16, description="how much may wait for the store before emitters are told to try later"
    )
    linger_ms: int = Field(default=300, ge=10, le=60000, description="how long a segment waits for company")
    segment_mb: int = Field(default=24, ge=1, le=256, description="the most that one insert takes")
    max_body_mb: int = Field(default=64, ge=1, le=1024, description="largest request body, compressed or not")
    log_level: str = Field(default="info", description="debug, info, warning or error")
    log_format: str = Field(default="text", description="text, or json: one object a line")

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value not in ("debug", "info", "warning", "error"):
            raise ValueError("must be debug, info, warning or error")
        return value

    @field_validator("log_format")
    @classmethod
    def _format(cls, value: str) -> str:
        if value not in ("text", "json"):
            raise ValueError("must be text or json")
        return value

    @property
    def address(self) -> Address:
        return parse_address(self.store)

    @property
    def spool_folder(self) -> Path:
        if self.spool is not None:
            return self.spool
        address = self.address
        return address.path.parent / "spool" if isinstance(address, Embedded) else data_directory() / "spool"

    def tokens(self, given: list[str]) -> dict[str, str]:
        """Token to project."""
        found: dict[str, str] = {}
        for entry in given:
            project, separator, token = entry.partition("=")
            if not separator:
                project, token = DEFAULT_PROJECT, entry
            if len(token) < 8:
                raise UsageError(f"the token for project {project!r} is too short: use at least 8 characters")
            found[token] = checked_project(project)
        return found

    def retention_days(self) -> dict[str, int]:
        """By project."""
        found: dict[str, int] = {}
        for entry in self.retention:
            project, separator, days = entry.partition("=")
            if not separator:
                project, days = DEFAULT_PROJECT, entry
            if not days.isdigit() or not 1 <= int(days) <= 36500:
                raise UsageError(f"--retention {entry!r}: write DAYS or PROJECT=DAYS, with 1 to 36500 days")
            found[checked_project(project)] = int(days)
        return found

    def check(self) -> None:
        """Refuses what would let strangers in."""
        if (self.tls_cert is None) != (self.tls_key is None):
            raise UsageError("TLS takes both --tls-cert and --tls-key")
        if self.host not in LOOPBACK and not self.insecure:
            missing = []
            if not self.ingest_token:
                missing.append("--ingest-token")
            if not self.read_token and isinstance(self.address, Embedded):
                missing.append("--read-token")
            if self.tls_cert is None:
                missing.append("--tls-cert and --tls-key")
            if missing:
                raise UsageError(
                    f"--host {self.host} lets others reach this collector; give {', '.join(missing)}, "
                    "or say --insecure if something else protects it"
                )


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="FILE", help="TOML file with the settings below (PLAYHEAD_CONFIG)")
    for name, field in Settings.model_fields.items():
        flag = "--" + name.replace("_", "-")
        default = field.get_default(call_default_factory=True)
        shown = f"; default {default}" if default not in (None, [], False) else ""
        help_text = f"{field.description}{shown} (PLAYHEAD_{name.upper()})".replace("%", "%%")
        if field.annotation is bool:
            parser.add_argument(flag, dest=name, action="store_true", default=None, help=help_text)
        elif field.annotation == list[str]:
            parser.add_argument(
                flag, dest=name, action="append", metavar=name.rsplit("_", 1)[-1].upper(), help=help_text
            )
        else:
            parser.add_argument(flag, dest=name, metavar=name.rsplit("_", 1)[-1].upper(), help=help_text)


def load(flags: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Settings:
    """Settings by weight: flags, variables, file."""
    environment = os.environ if environment is None else environment
    merged: dict[str, Any] = {}
    file = flags.get("config") or environment.get("PLAYHEAD_CONFIG")
    if file:
        merged |= _from_file(Path(file))
    for name, field in Settings.model_fields.items():
        value = environment.get(f"PLAYHEAD_{name.upper()}")
        if value:
            merged[name] = [part for part in value.split(",") if part] if field.annotation == list[str] else value
    merged |= {name: value for name, value in flags.items() if name in Settings.model_fields and value is not None}
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        raise UsageError("; ".join(_about(problem) for problem in error.errors())) from None
    settings.check()
    return settings


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the configuration file {path} cannot be read: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the configuration file {path} is not TOML: {error}") from None


def _about(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"there is no setting {name!r}; see playhead up --help"
    # Never the value: it may be a token.
    return f"setting {name!r}: {problem['msg']}"
