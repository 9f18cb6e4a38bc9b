"""Settings: where they come from, in which order, and what is said of those that are wrong."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import pytest

from playhead.errors import UsageError
from playhead_collector import config
from playhead_collector.config import Settings

SECRET = "a-secret-of-some-length"


def test_a_flag_weighs_more_than_a_variable_and_that_more_than_the_file(tmp_path: Path) -> None:
    file = tmp_path / "collector.toml"
    file.write_text('http_port = 1\ngrpc_port = 1\nlinger_ms = 11\nhost = "::1"\n')
    settings = config.load(
        {"config": str(file), "http_port": "3", "grpc_port": None},
        {"PLAYHEAD_HTTP_PORT": "2", "PLAYHEAD_GRPC_PORT": "2"},
    )
    assert (settings.http_port, settings.grpc_port, settings.linger_ms) == (3, 2, 11)
    assert settings.host == "::1"
    assert settings.clickhouse_port == 8123


def test_a_variable_may_name_the_file(tmp_path: Path) -> None:
    file = tmp_path / "collector.toml"
    file.write_text("http_port = 7\n")
    assert config.load({}, {"PLAYHEAD_CONFIG": str(file)}).http_port == 7


def test_every_setting_is_a_flag_and_reads_back_from_it() -> None:
    parser = argparse.ArgumentParser()
    config.add_flags(parser)
    words = ["--spool-limit-mb", "32", "--read-token", "one-token", "--read-token", "acme=two-token", "--insecure"]
    settings = config.read(vars(parser.parse_args(words)), {})
    assert settings.spool_limit_mb == 32 and settings.insecure
    assert settings.tokens(settings.read_token) == {"one-token": "default", "two-token": "acme"}


def test_what_is_said_several_times_is_a_list_however_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "collector.toml"
    file.write_text('retention = 30\ningest_token = "one-token"\n')
    settings = config.load({"config": str(file)}, {"PLAYHEAD_READ_TOKEN": "two-token,acme=three-token"})
    assert settings.retention_days() == {"default": 30}
    assert settings.tokens(settings.ingest_token) == {"one-token": "default"}
    assert settings.tokens(settings.read_token) == {"two-token": "default", "three-token": "acme"}


def test_tokens_stand_in_a_file_one_a_line(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text("# ours\n\n  one-token  \nacme=two-token\n")
    admin = tmp_path / "admin"
    admin.write_text(f"{SECRET}\n")
    settings = config.load({"ingest_token": [f"@{file}"], "admin_token": f"@{admin}"}, {})
    assert settings.tokens(settings.ingest_token) == {"one-token": "default", "two-token": "acme"}
    assert settings.admin_token == SECRET


@pytest.mark.parametrize("name", ["ingest_token", "read_token", "admin_token", "store", "redact"])
def test_a_file_that_has_nothing_in_it_is_not_taken_for_no_tokens(name: str, tmp_path: Path) -> None:
    file = tmp_path / "empty"
    file.write_text("# to be written\n\n")
    with pytest.raises(UsageError, match=f"{file} has nothing in it"):
        config.load({name: f"@{file}", "host": "0.0.0.0", "insecure": True}, {})


@pytest.mark.parametrize("ending", ["=", "=="])
def test_a_token_may_end_as_base64_does(ending: str) -> None:
    given = "QWxhZGRpbjpvcGVu" + ending
    settings = config.load({"read_token": [given]}, {})
    assert settings.tokens(settings.read_token) == {given: "default"}
    assert settings.tokens([f"acme={given}"]) == {given: "acme"}


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("http_prot = 1", "there is no setting 'http_prot'; did you mean 'http_port'?"),
        ("read-token = []", "did you mean 'read_token'?"),
        ("colour = 'blue'", "'playhead up --help' lists them"),
        ("http_port = 70000", "setting 'http_port': Input should be less than or equal to 65535"),
        ("http_port = 'x'", "setting 'http_port': "),
        ("log_level = 'loud'", "setting 'log_level': must be debug, info, warning or error"),
        ("http_port = ", "is not TOML"),
        ("retention = ['a week']", "write DAYS or PROJECT=DAYS"),
        ("retention = 0", "1 to 36500 days"),
        (
            "tls_cert = '/nowhere/cert.pem'\ntls_key = '/nowhere/key.pem'",
            "--tls-cert: /nowhere/cert.pem cannot be read",
        ),
        ("read_token = ['@/nowhere/tokens']", "/nowhere/tokens, which was to hold a secret, cannot be read"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_write(tmp_path: Path, toml: str, words: str) -> None:
    file = tmp_path / "collector.toml"
    file.write_text(toml)
    with pytest.raises(UsageError) as raised:
        config.load({"config": str(file)}, {})
    assert words in str(raised.value)


@pytest.mark.parametrize(
    "flags",
    [
        {"read_token": [f"No Project={SECRET}"]},
        {"read_token": [f"{SECRET}=x"]},
        {"read_token": ["short"]},
        {"read_token": [f"a={SECRET}", f"b={SECRET}"]},
        {"store": f"clickhouse://me:{SECRET}@host:no-port/db"},
        {"store": f"clickhouse://me:{SECRET}@host/db?option=1"},
        {"store": f"clickhouse://me:{SECRET}@host/d-b"},
        {"read_token": {SECRET: 1}},
        {"log_level": SECRET},
    ],
)
def test_no_error_shows_a_secret(flags: dict[str, object]) -> None:
    with pytest.raises(UsageError) as raised:
        settings = config.load(flags, {})
        assert settings.address
    assert SECRET not in str(raised.value) and str(raised.value) != "short"


@pytest.mark.parametrize(
    ("host", "more", "missing"),
    [
        ("127.0.0.1", {}, None),
        ("::1", {}, None),
        ("localhost", {}, None),
        ("0.0.0.0", {}, "--ingest-token, --read-token, --tls-cert and --tls-key"),
        ("0.0.0.0", {"insecure": True}, None),
        ("192.0.2.1", {"ingest_token": [SECRET]}, "--read-token, --tls-cert and --tls-key"),
        ("::", {"ingest_token": [SECRET], "read_token": [SECRET]}, "--tls-cert and --tls-key"),
        ("0.0.0.0", {"store": "clickhouse://host/db", "ingest_token": [SECRET]}, "give --tls-cert and --tls-key,"),
        ("127.0.0.1", {"tls_cert": __file__}, "TLS takes both"),
    ],
)
def test_only_what_is_protected_leaves_loopback(host: str, more: dict[str, object], missing: str | None) -> None:
    if missing is None:
        assert config.load({"host": host, **more}, {}).host == host
        return
    with pytest.raises(UsageError) as raised:
        config.load({"host": host, **more}, {})
    assert missing in str(raised.value)


def test_commands_that_read_do_not_mind_what_only_a_collector_needs() -> None:
    assert config.read({}, {"PLAYHEAD_HOST": "0.0.0.0"}).host == "0.0.0.0"


def test_a_variable_that_is_nearly_a_settings_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        config.warn_of_typos({"PLAYHEAD_HTTP_PROT": "1", "PLAYHEAD_TOKEN": "x", "PLAYHEAD_HOST": "x", "PATH": "x"})
    assert [record.getMessage() for record in caplog.records] == [
        "there is no setting PLAYHEAD_HTTP_PROT and it is passed over; did you mean PLAYHEAD_HTTP_PORT?"
    ]


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
