"""Tokens and TLS, from the exporter to the command line, on a collector that has both."""

from __future__ import annotations

import json
import ssl
import urllib.error
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import clickhouse_connect
import grpc
import pytest
import trustme
from clickhouse_connect.driver.exceptions import ClickHouseError
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from tests.e2e.emitting import hex_id, spans
from tests.e2e.running import Up, playhead_alone, playhead_here, up

INGEST, READ, ADMIN = "ingest-default-1", "read-default-1", "admin-token-1"
ACME_INGEST, ACME_READ = "ingest-acme-0001", "read-acme-000001"


@dataclass(frozen=True, slots=True)
class Secured:
    up: Up
    ca: Path
    """What emitters elsewhere trust."""

    def http(self, token: str) -> SpanExporter:
        headers = {"authorization": f"Bearer {token}"}
        return HttpSpanExporter(f"{self.up.url}/v1/traces", certificate_file=str(self.ca), headers=headers)

    def grpc(self, token: str) -> SpanExporter:
        credentials = grpc.ssl_channel_credentials(self.ca.read_bytes())  # type: ignore[no-untyped-call]
        return GrpcSpanExporter(self.up.grpc, credentials=credentials, headers=(("authorization", f"Bearer {token}"),))

    def deliver(self, exporter: SpanExporter, run: list[ReadableSpan]) -> SpanExportResult:
        try:
            return exporter.export(run)
        finally:
            exporter.shutdown()
            self.up.wait_until_stored()


@pytest.fixture(autouse=True)
def no_other_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """`requests` lets these weigh more than the certificate that an exporter was given."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "ingest").write_text(f"# two projects\n{INGEST}\nacme={ACME_INGEST}\n")
    (folder / "config.toml").write_text(f'read_token = ["{READ}", "acme={ACME_READ}"]\n')
    flags = [
        "--tls-cert",
        f"{folder}/cert.pem",
        "--tls-key",
        f"{folder}/key.pem",
        "--ingest-token",
        f"@{folder}/ingest",
    ]
    with up(folder, *flags, "--config", f"{folder}/config.toml", PLAYHEAD_ADMIN_TOKEN=ADMIN) as collector:
        yield Secured(collector, folder / "ca.pem")


def test_each_token_sends_to_its_project_and_reads_only_that(secured: Secured) -> None:
    mine, theirs = spans("tokens-default"), spans("tokens-acme")
    assert secured.deliver(secured.http(INGEST), mine) is SpanExportResult.SUCCESS
    assert secured.deliver(secured.grpc(ACME_INGEST), theirs) is SpanExportResult.SUCCESS
    seen = {
        token: {row["run_id"] for row in secured.up.playhead("runs", "--json", "--token", token).rows()}
        for token in (READ, ACME_READ)
    }
    assert hex_id(mine) in seen[READ] and hex_id(theirs) not in seen[READ]
    assert seen[ACME_READ] == {hex_id(theirs)}
    other = secured.up.playhead("runs", "--token", READ, "--project", "acme")
    assert other.status == 2 and "this token read project 'acme'" in other.err


@pytest.mark.parametrize("token", ["", "nobodys-token-at-all", READ])
def test_an_exporter_without_the_right_token_is_refused(
    secured: Secured, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    run = spans("refused")
    assert secured.deliver(secured.http(token), run) is SpanExportResult.FAILURE
    assert secured.deliver(secured.grpc(token), run) is SpanExportResult.FAILURE
    assert secured.up.playhead("show", hex_id(run), "--token", READ).status == 2


@pytest.mark.parametrize(
    ("token", "words"),
    [(None, "takes a read token"), ("nobodys-token-at-all", "does not let this token read"), (INGEST, "--read-token")],
)
def test_a_command_without_the_right_token_says_what_to_give(secured: Secured, token: str | None, words: str) -> None:
    given = {"PLAYHEAD_TOKEN": token} if token else {}
    said = secured.up.playhead("runs", **given)
    assert said.status == 2 and words in said.err and "--token" in said.err
    assert not token or token not in said.err


def test_a_command_reads_the_token_from_the_collectors_own_configuration(secured: Secured) -> None:
    said = secured.up.playhead("runs", "--json", "--config", str(secured.up.folder / "config.toml"))
    assert said.status == 0


def test_a_token_may_stand_in_a_file(secured: Secured, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(READ + "\n")
    assert secured.up.playhead("runs", "--json", "--token", f"@{tmp_path / 'token'}").status == 0


def test_tokens_are_in_no_log_no_process_list_and_no_lock_file(secured: Secured) -> None:
    pid = secured.up.process.pid
    lock = Path(secured.up.store.removeprefix("chdb://") + ".lock").read_text()
    told = Path(f"/proc/{pid}/cmdline").read_text() + secured.up.log + secured.up.ready_line + lock
    assert [token for token in (INGEST, READ, ADMIN, ACME_INGEST, ACME_READ) if token in told] == []


def test_a_command_trusts_the_collectors_certificate_and_no_other(secured: Secured, tmp_path: Path) -> None:
    """The record names the certificate that is served; another in its place must not pass."""
    lock = Path(secured.up.store.removeprefix("chdb://") + ".lock")
    record = lock.read_text()
    other = trustme.CA().issue_cert("127.0.0.1").cert_chain_pems[0].bytes().decode()
    try:
        lock.write_text(json.dumps({**json.loads(record), "certificate": other}))
        said = secured.up.playhead("runs", "--token", READ)
        assert said.status == 2 and "CERTIFICATE_VERIFY_FAILED" in said.err
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            secured.up.get("/healthz")
    finally:
        lock.write_text(record)
    assert secured.up.playhead("runs", "--token", READ).status == 0


def test_any_clickhouse_client_reads_over_tls_with_a_token(secured: Secured) -> None:
    port = secured.up.ports[2]
    with clickhouse_connect.get_client(
        host="localhost", port=port, interface="https", ca_cert=str(secured.ca), access_token=READ
    ) as client:
        assert client.command("SELECT currentDatabase()") == "playhead"
    with pytest.raises(ClickHouseError):
        clickhouse_connect.get_client(host="localhost", port=port, interface="https", access_token=READ)


def test_an_embedded_collector_is_a_server_to_commands_elsewhere(
    secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--store clickhouses://` with a read token as the password; the schema is not touched."""
    monkeypatch.setenv("SSL_CERT_FILE", str(secured.ca))
    run = spans("from-elsewhere")
    secured.deliver(secured.http(ACME_INGEST), run)
    url = f"clickhouses://reader:{ACME_READ}@localhost:{secured.up.ports[2]}/playhead"
    said = playhead_here("show", hex_id(run), "--json", "--store", url, "--project", "acme")
    assert [row["name"] for row in said.rows()] == ["invoke_agent from-elsewhere", "chat gpt-4o"]


def test_a_token_given_beside_an_address_is_for_that_address(
    secured: Secured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its project, too; those of a configuration are for the ports of that collector, and are sent nowhere else."""
    monkeypatch.setenv("SSL_CERT_FILE", str(secured.ca))
    run = spans("its-project-is-the-tokens")
    secured.deliver(secured.http(ACME_INGEST), run)
    elsewhere = f"clickhouses://localhost:{secured.up.ports[2]}/playhead"
    (tmp_path / "token").write_text(ACME_READ + "\n")
    said = playhead_here("runs", "--json", "--store", elsewhere, "--token", f"@{tmp_path / 'token'}")
    assert hex_id(run) in {row["run_id"] for row in said.rows()}
    (tmp_path / "config.toml").write_text(f'read_token = ["{ACME_READ}"]\n')
    own = playhead_here("runs", "--store", elsewhere, "--config", str(tmp_path / "config.toml"))
    assert own.status == 2 and "takes a read token" in own.err


def test_plain_http_to_a_tls_port_gets_nothing(secured: Secured) -> None:
    with pytest.raises((OSError, ssl.SSLError)):
        from tests.e2e.running import get

        get(f"http://127.0.0.1:{secured.up.ports[1]}/healthz")


def test_import_and_erase_go_through_tls_with_their_own_tokens(secured: Secured, tmp_path: Path) -> None:
    run = spans("come-and-go", user="someone")
    secured.deliver(secured.http(INGEST), run)
    path = str(tmp_path / "run.otlp")
    assert secured.up.playhead("export", hex_id(run), "-o", path, "--token", READ).status == 0
    # Into the other project, by its token alone.
    into = secured.up.playhead("import", path, "--token", ACME_INGEST, "--json")
    assert into.rows() == [{"accepted": 2, "rejected": 0, "unfit": {}}]
    assert secured.up.playhead("show", hex_id(run), "--token", ACME_READ).status == 0

    words = ["erase", "--run", hex_id(run), "--yes", "--json"]
    for token in ((), ("--token", INGEST)):
        refused = secured.up.playhead(*words, *token)
        assert refused.status == 2 and "admin token" in refused.err
    assert secured.up.playhead(*words, PLAYHEAD_ADMIN_TOKEN=ADMIN).rows()[0]["runs"] == 1
    assert secured.up.playhead("show", hex_id(run), "--token", READ).status == 2
    assert secured.up.playhead("show", hex_id(run), "--token", ACME_READ).status == 0


def test_it_binds_loopback_only_unless_it_is_protected(tmp_path: Path) -> None:
    said = playhead_alone(tmp_path, "up", "--host", "0.0.0.0")
    assert said.status == 2
    for flag in ("--ingest-token", "--read-token", "--tls-cert", "--tls-key", "--insecure"):
        assert flag in said.err
