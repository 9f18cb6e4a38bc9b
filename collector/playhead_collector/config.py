"""The collector's settings: flags, then `PLAYHEAD_*` variables, then a TOML file, then what stands here.

Every setting is declared once, below; the flags, the variables and `playhead up --help` are made from it. Its errors
must never show a value: it may be a token, or a password in a store's address.
"""

from __future__ import annotations

import argparse
import difflib
import logging
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from playhead.errors import UsageError
from playhead_collector.redact.rules import RulesByProject, rules_by_project
from playhead_collector.store.address import (
    DEFAULT_PROJECT,
    Address,
    Embedded,
    checked_project,
    data_directory,
    parse_address,
)
from playhead_collector.tokens import holders

LOOPBACK = ("127.0.0.1", "::1", "localhost")

log = logging.getLogger(__name__)


class Settings(BaseModel):
    """One collector."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    store: str = Field(
        default_factory=lambda: f"chdb://{data_directory() / 'store'}",
        description="where traces are kept: chdb:///path (embedded) or clickhouse://user:password@host:8123/database; "
        "@FILE holds it, with its password",
    )
    spool: Path | None = Field(
        default=None,
        description="folder in which what was acknowledged waits for the store (default: beside the store)",
    )
    host: str = Field(default="127.0.0.1", description="address that all ports are bound to")
    grpc_port: int = Field(default=4317, ge=0, le=65535, description="OTLP/gRPC; 0 takes any free port")
    http_port: int = Field(default=4318, ge=0, le=65535, description="OTLP/HTTP, /healthz, /readyz and /metrics")
    clickhouse_port: int = Field(
        default=8123,
        ge=0,
        le=65535,
        description="ClickHouse's HTTP interface, for reading, and for other collectors with the admin token; embedded "
        "store only",
    )
    ingest_token: list[str] = Field(
        default_factory=list,
        description="token, or project=token, that may send; repeatable; @FILE stands for the lines of a file, which "
        "keeps tokens out of the process list",
    )
    read_token: list[str] = Field(
        default_factory=list, description="token, or project=token, that may read; repeatable; @FILE as above"
    )
    figures_token: list[str] = Field(
        default_factory=list,
        description="token, or project=token, that may read figures and no payloads; repeatable; @FILE as above; "
        "embedded store only",
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
    payload_retention: list[str] = Field(
        default_factory=list,
        description="how long payloads are kept, where that is shorter than their runs are, as DAYS or PROJECT=DAYS; "
        "repeatable; figures stay",
    )
    redact: list[str] = Field(
        default_factory=list,
        description="rule by which text is hidden before it is stored, or PROJECT=RULE; repeatable: secrets, email, "
        "card, iban, phone, key:NAME, pattern:REGEX (docs/governance.md); @FILE stands for the lines of a file",
    )
    admin_token: str = Field(
        default="",
        description="token that may erase, and with which other collectors share an embedded store; needed for that "
        "where other tokens are set; @FILE as above",
    )
    spool_limit_mb: int = Field(
        default=8192, ge=16, description="how much may wait for the store before emitters are told to try later"
    )
    audit_limit_mb: int = Field(
        default=256, ge=1, description="how much of who read what is kept, in the folder audit beside the spool"
    )
    linger_ms: int = Field(default=300, ge=10, le=60000, description="how long a segment waits for company")
    segment_mb: int = Field(default=32, ge=1, le=256, description="the most that one insert takes")
    max_body_mb: int = Field(default=64, ge=1, le=1024, description="largest request body, compressed or not")
    alert_rules: Path | None = Field(
        default=None, description="folder of alert rules that add to the shipped ones (default: this user's)"
    )
    alert_settings: Path | None = Field(
        default=None, description="TOML file with the receivers of alerts (default: this user's alerts.toml)"
    )
    objectives: Path | None = Field(
        default=None, description="TOML file with the objectives that /metrics shows (default: this user's)"
    )
    levels_every_s: int = Field(
        default=60, ge=1, le=86400, description="how often service levels of the objectives are computed"
    )
    no_alerts: bool = Field(default=False, description="do not ask the rules of alerts, nor compute service levels")
    log_level: str = Field(default="info", description="debug, info, warning or error")
    log_format: str = Field(default="text", description="text, or json: one object a line")

    @field_validator(
        "ingest_token", "read_token", "figures_token", "retention", "payload_retention", "redact", mode="before"
    )
    @classmethod
    def _several(cls, value: object) -> object:
        """One entry need not be written as a list; an entry `@FILE` is that file's lines."""
        entries = [value] if isinstance(value, (str, int)) else value
        if not isinstance(entries, list):
            return value
        return [line for entry in entries for line in from_file(str(entry))]

    @field_validator("admin_token", "store", mode="before")
    @classmethod
    def _one(cls, value: object) -> object:
        return from_file(value)[0] if isinstance(value, str) else value

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

    @property
    def audit_folder(self) -> Path:
        return self.spool_folder.parent / "audit"

    def tokens(self, given: list[str]) -> dict[str, str]:
        """Token to project."""
        return {token: holder.project for token, holder in holders(given).items()}

    def projects(self) -> set[str]:
        """Those that tokens name, of which some may not have sent yet, and the default one."""
        given = (self.ingest_token, self.read_token, self.figures_token)
        return {DEFAULT_PROJECT, *(project for one in given for project in self.tokens(one).values())}

    def retention_days(self) -> dict[str, int]:
        """By project."""
        return _days("--retention", self.retention)

    def payload_days(self) -> dict[str, int]:
        """By project."""
        found, kept = _days("--payload-retention", self.payload_retention), self.retention_days()
        longer = [project for project, days in found.items() if days > kept.get(project, days)]
        if longer:
            raise UsageError(f"--payload-retention of {', '.join(longer)}: payloads cannot outlive their runs")
        return found

    def redactions(self) -> RulesByProject:
        return rules_by_project(self.redact)

    def _check_figures(self) -> None:
        both = holders(self.read_token).keys() & holders(self.figures_token).keys()
        if both:
            raise UsageError("one token is given with --read-token and with --figures-token; it can be one of them")
        if self.figures_token and not isinstance(self.address, Embedded):
            raise UsageError(
                "--figures-token is for the embedded store; a server has users of its own, and docs/governance.md "
                "says how to let them read figures and no payloads"
            )
        if self.figures_token and not self.read_token:
            raise UsageError("--figures-token takes --read-token beside it: without one everybody may read everything")

    def _check_admin(self) -> None:
        others = {"ingest": self.ingest_token, "read": self.read_token, "figures": self.figures_token}
        both = [kind for kind, given in others.items() if self.admin_token in holders(given)]
        if self.admin_token and both:
            raise UsageError(
                f"one token is given with --admin-token and with --{both[0]}-token; who has the admin token may do "
                "everything, so let it be another"
            )

    def check(self) -> None:
        """Refuses what would let strangers in, and what can only fail later."""
        for given in (self.ingest_token, [*self.read_token, *self.figures_token], [self.admin_token]):
            self.tokens([token for token in given if token])
        self._check_figures()
        self._check_admin()
        self.payload_days()
        self.redactions()
        for name in ("tls_cert", "tls_key"):
            file = getattr(self, name)
            if file is not None and not os.access(file, os.R_OK):
                raise UsageError(f"--{name.replace('_', '-')}: {file} cannot be read")
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


def _days(flag: str, given: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in given:
        project, separator, days = entry.partition("=")
        if not separator:
            project, days = DEFAULT_PROJECT, entry
        if not days.isdigit() or not 1 <= int(days) <= 36500:
            raise UsageError(f"{flag} {entry!r}: write DAYS or PROJECT=DAYS, with 1 to 36500 days")
        found[checked_project(project)] = int(days)
    return found


def from_file(entry: str) -> list[str]:
    """`@FILE` is the lines of that file, of which there must be one, without blank ones and comments; anything else is
    itself.
    """
    if not entry.startswith("@"):
        return [entry]
    path = Path(entry[1:]).expanduser()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}, which was to hold a secret, cannot be read: {_why(error)}") from None
    found = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not found:
        # Taken for "no tokens", it would open a collector that is told --insecure to everybody.
        raise UsageError(f"{path} has nothing in it: write what it is to hold, or do not name it")
    return found


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="FILE", help="TOML file with the settings below (PLAYHEAD_CONFIG)")
    for name, field in Settings.model_fields.items():
        flag = "--" + name.replace("_", "-")
        default = field.get_default(call_default_factory=True)
        shown = f"; default {default}" if default not in (None, [], False, "") else ""
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
    """The settings of a collector that is about to start."""
    settings = read(flags, environment)
    settings.check()
    return settings


def read(flags: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Settings:
    """Settings by weight: flags, variables, file. Commands that only read need no more of them to be right."""
    environment = os.environ if environment is None else environment
    merged: dict[str, Any] = {}
    file = flags.get("config") or environment.get("PLAYHEAD_CONFIG")
    if file:
        merged |= _from_toml(Path(str(file)))
    for name, field in Settings.model_fields.items():
        value = environment.get(f"PLAYHEAD_{name.upper()}")
        if value:
            merged[name] = [part for part in value.split(",") if part] if field.annotation == list[str] else value
    merged |= {name: value for name, value in flags.items() if name in Settings.model_fields and value is not None}
    try:
        return Settings(**merged)
    except ValidationError as error:
        raise UsageError("; ".join(_about(problem) for problem in error.errors())) from None


def warn_of_typos(environment: Mapping[str, str]) -> None:
    """A variable that is nearly a setting's would otherwise be passed over in silence."""
    names = [f"PLAYHEAD_{name.upper()}" for name in Settings.model_fields]
    for given in sorted(environment):
        if given.startswith("PLAYHEAD_") and given not in [*names, *_OF_COMMANDS]:
            near = difflib.get_close_matches(given, names, 1, 0.8)
            if near:
                log.warning("there is no setting %s and it is passed over; did you mean %s?", given, near[0])


_OF_COMMANDS = ("PLAYHEAD_CONFIG", "PLAYHEAD_PROJECT", "PLAYHEAD_TOKEN")


def _from_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the configuration file {path} cannot be read: {_why(error)}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the configuration file {path} is not TOML: {error}") from None


def _why(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else "it is not UTF-8"


def _about(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name.replace("-", "_"), list(Settings.model_fields), 1, 0.5)
        hint = f"did you mean {near[0]!r}?" if near else "'playhead up --help' lists them"
        return f"there is no setting {name!r}; {hint}"
    # Never the value: it may be a token.
    return f"setting {name!r}: {problem['msg'].removeprefix('Value error, ')}"
