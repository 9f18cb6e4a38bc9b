"""Addresses of stores: what they mean, and that a password is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from playhead.errors import UsageError
from playhead_collector.store.address import Embedded, Server, checked_project, parse_address

SECRET = "s3cret"


def test_an_embedded_store_is_a_folder() -> None:
    assert parse_address("chdb:///var/lib/play%20head") == Embedded(Path("/var/lib/play head"))
    assert str(parse_address("chdb:///a/b")) == "chdb:///a/b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("clickhouse://host", Server("host", 8123, "default", "")),
        ("clickhouse://me:pw@host:9999/traces", Server("host", 9999, "me", "pw", "traces")),
        ("http://host", Server("host", 8123, "default", "")),
        ("https://host", Server("host", 8443, "default", "", secure=True)),
        ("clickhouses://host", Server("host", 8443, "default", "", secure=True)),
        ("clickhouse://host?secure=1", Server("host", 8443, "default", "", secure=True)),
        ("clickhouse://host?secure", Server("host", 8443, "default", "", secure=True)),
        ("clickhouse://host?secure=0", Server("host", 8123, "default", "")),
        ("clickhouse://host/db?cluster=play", Server("host", 8123, "default", "", "db", cluster="play")),
        ("clickhouse://m%40e:p%2Fw%3A@[::1]:1", Server("::1", 1, "m@e", "p/w:")),
    ],
)
def test_a_server_is_written_as_a_url(text: str, expected: Server) -> None:
    assert parse_address(text) == expected


def test_a_certificate_authority_is_a_file_and_for_https(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("-")
    found = parse_address(f"clickhouses://host?ca_cert={file}")
    assert isinstance(found, Server) and found.ca_cert == file
    with pytest.raises(UsageError, match="no certificate file"):
        parse_address(f"clickhouses://host?ca_cert={tmp_path / 'none'}")
    with pytest.raises(UsageError, match="ca_cert is for https"):
        parse_address(f"clickhouse://host?ca_cert={file}")


@pytest.mark.parametrize(
    "text",
    [
        f"clickhouse://me:{SECRET}@host:port/db",
        f"clickhouse://me:{SECRET}@host:99999/db",
        f"clickhouse://me:{SECRET}@/db",
        f"clickhouse://me:{SECRET}@host/d-b",
        f"clickhouse://me:{SECRET}@host/db?cluster=a'b",
        f"clickhouse://me:{SECRET}@host/db?unknown=1",
        f"clickhouse://me:{SECRET}@host/db?ca_cert=/none",
        f"clickhouse://me:{SECRET}[@host/db",
        f"clickhouse://me:{SECRET}/@host/db",
        f"postgres://me:{SECRET}@host/db",
        f"chdb://me:{SECRET}@host/db",
    ],
)
def test_a_wrong_address_is_refused_without_showing_the_password(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_address(text)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_server_is_shown_without_its_password() -> None:
    server = parse_address(f"clickhouse://me:{SECRET}@host/db?secure=1")
    assert str(server) == "clickhouses://host:8443/db"
    assert SECRET not in repr(server)


@pytest.mark.parametrize("name", ["a", "0", "team_1", "x" * 40])
def test_a_projects_name_is_one_of_a_database(name: str) -> None:
    assert checked_project(name) == name
    assert parse_address("clickhouse://host/db").database_of(name) == f"db_{name}"


@pytest.mark.parametrize(
    "name", ["", "A", "_a", "a-b", "a b", "a.b", "../a", "a'b", "a`b", "a;b", "a\n", "ä", "x" * 41, "{x:String}", "a\0"]
)
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a project's name"):
        checked_project(name)
    with pytest.raises(UsageError, match="cannot be a project's name"):
        parse_address("chdb:///a").database_of(name)


def test_the_default_project_is_in_the_database_that_the_address_names() -> None:
    assert parse_address("clickhouse://host/db").database_of("default") == "db"
    assert parse_address("chdb:///a").database_of("default") == "playhead"
