"""What the files in `deploy/` set is what a collector knows and starts with: names, values, ports, paths."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.files import COMPOSED, DEPLOY, collectors, composed, objects, of_kind, text, unit

from playhead_collector import config
from playhead_collector.config import Settings
from playhead_collector.store.address import Embedded, Server

_SECRETS = {
    "store": "clickhouse://playhead:a-password@clickhouse:8123/playhead",
    "store-2": "clickhouse://playhead:a-password@clickhouse-2-1:8123/playhead?cluster=play",
    "ingest-tokens": "a-token-that-sends\nresearch=another-that-sends",
    "read-tokens": "a-token-that-reads",
    "admin-token": "a-token-that-erases",
    "cert.pem": "",
    "key.pem": "",
    "tls.crt": "",
    "tls.key": "",
}
# Of commands, or of the tests, and no settings of a collector.
_OTHERS = {"PLAYHEAD_CONFIG", "PLAYHEAD_PROJECT", "PLAYHEAD_TOKEN", "PLAYHEAD_COLLECTOR", "PLAYHEAD_TEST_CLICKHOUSE",
           "PLAYHEAD_SEND_RECORDINGS"}  # fmt: skip


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """A folder that holds every file which the settings name."""
    for name, content in _SECRETS.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def here(value: str, secrets: Path) -> str:
    """A file in a container, or on a server, is that of the same name in the folder."""
    return re.sub(
        r"(?:/run/secrets|/etc/playhead/secrets|/etc/playhead/tls|/etc/playhead|%d)(?=/)", str(secrets), value
    )


def test_every_variable_and_flag_that_is_named_exists() -> None:
    known = {f"PLAYHEAD_{name.upper()}" for name in Settings.model_fields} | _OTHERS
    named: set[str] = set()
    for file in sorted(DEPLOY.rglob("*")):
        if file.is_file() and file.suffix != ".json":
            named |= set(re.findall(r"PLAYHEAD_[A-Z_]+", file.read_text(encoding="utf-8")))
    assert {"PLAYHEAD_STORE", "PLAYHEAD_INGEST_TOKEN"} <= named
    assert named <= known
    flags = {"--config", *(f"--{name.replace('_', '-')}" for name in Settings.model_fields)}
    starts = [*unit()["ExecStart"], *(" ".join(one["args"]) for one in _containers())]
    assert len(starts) == 2
    for start in starts:
        assert re.search(r"\bup\b", start)
        assert set(re.findall(r"--[a-z-]+", start)) <= flags


@pytest.mark.parametrize("name", COMPOSED)
def test_a_composed_collector_starts_with_what_it_is_given(name: str, secrets: Path) -> None:
    for service in collectors(name).values():
        environment = {key: here(value, secrets) for key, value in service["environment"].items()}
        settings = config.load({}, environment)
        assert isinstance(settings.address, Server)
        assert settings.address.password == "a-password"
        assert settings.tokens(settings.ingest_token) == {
            "a-token-that-sends": "default",
            "another-that-sends": "research",
        }
        assert settings.admin_token == "a-token-that-erases"
        _has_its_ports(settings, [str(port).rsplit(":", 1)[-1] for port in service["ports"]])
        # What is acknowledged lives in a volume.
        [volume] = [entry.split(":")[1] for entry in service["volumes"]]
        assert settings.spool_folder.is_relative_to(volume)


def test_the_unit_and_its_file_start_a_collector(secrets: Path) -> None:
    told = unit()
    environment = dict(entry.split("=", 1) for entry in told["Environment"])
    credentials = {entry.split(":")[0] for entry in told["LoadCredential"]}
    assert {value.rsplit("/", 1)[1] for value in environment.values() if "%d" in value} == credentials
    file = secrets / "collector.toml"
    file.write_text(here(text("systemd/collector.toml"), secrets))
    assert "--config /etc/playhead/collector.toml" in told["ExecStart"][0]
    settings = config.load({"config": str(file)}, {key: here(value, secrets) for key, value in environment.items()})
    assert isinstance(settings.address, Embedded)
    # Who is told of alerts is written where it is found without being named, or not at all.
    assert settings.alert_settings is None and environment["XDG_CONFIG_HOME"] == "/etc"
    # All that it writes is in the folder that systemd makes for it; the rest is read-only.
    assert (told["StateDirectory"], told["ProtectSystem"]) == (["playhead"], ["strict"])
    for written in (settings.address.path, settings.spool_folder):
        assert written.is_relative_to("/var/lib/playhead")
    _has_its_ports(settings, [])


def test_every_file_that_the_unit_and_its_settings_name_is_made_by_the_steps_of_the_first_page() -> None:
    steps = text("README.md").partition("For systemd")[2].partition("\n## ")[0]
    told = text("systemd/playhead.service") + text("systemd/collector.toml")
    named = set(re.findall(r"/etc/playhead/([\w.-]*\w)", told))
    assert {"collector.toml", "admin-token", "key.pem"} <= named
    assert [name for name in sorted(named) if name not in steps] == []
    [user] = unit()["User"]
    assert re.search(rf"useradd --system --home-dir {unit()['WorkingDirectory'][0]} .*\b{user}\n", steps)


@pytest.mark.parametrize("name", COMPOSED)
def test_every_secret_is_made_by_the_first_page_and_readable_to_who_reads_it(name: str) -> None:
    page = text("README.md")
    files = {key: Path(one["file"]).name for key, one in composed(name)["secrets"].items()}
    assert [file for file in files.values() if f"> secrets/{file}" not in page] == []
    owned = {
        file: line.split()[1]
        for line in page.splitlines() if line.strip().startswith("chown ")
        for file in re.findall(r"secrets/(\S+)", line)
    }  # fmt: skip
    for service in collectors(name).values():
        assert {owned.get(files[secret]) for secret in service["secrets"]} == {"10001"}
    # What lies among a server's configuration is read by the user it serves as; the password before, by root.
    for service in composed(name)["services"].values():
        for secret in service.get("secrets", []):
            if isinstance(secret, dict) and secret["target"].startswith("/etc/clickhouse-server/"):
                assert owned[files[secret["source"]]] == "101"


def test_the_config_map_starts_a_collector_whose_probes_ports_and_volumes_are_its_own(secrets: Path) -> None:
    [config_map] = of_kind("ConfigMap")
    told = config_map["data"]["collector.toml"]
    file = secrets / "collector.toml"
    file.write_text(here(told, secrets))
    settings = config.load({"config": str(file)}, {})
    [container] = _containers()
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    _has_its_ports(settings, list(ports.values()))
    for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        asked = container[probe]["httpGet"]
        assert asked == {"path": path, "port": "otlp-http", "scheme": "HTTPS" if settings.tls_cert else "HTTP"}
        assert ports[asked["port"]] == settings.http_port
    mounted = [mount["mountPath"] for mount in container["volumeMounts"]]
    for needed in re.findall(r"/(?:etc|var)/[\w./-]+", told):
        assert any(Path(needed).is_relative_to(path) for path in mounted), needed
    [claim] = of_kind("StatefulSet")[0]["spec"]["volumeClaimTemplates"]
    held = int(claim["spec"]["resources"]["requests"]["storage"].removesuffix("Gi")) * 1024
    assert settings.spool_limit_mb < held, "the disk is full before emitters are told to try later"


def test_the_image_has_the_collectors_ports_and_folder() -> None:
    image = text("Dockerfile")
    settings = Settings()
    assert re.findall(r"EXPOSE (.+)", image) == [
        f"{settings.grpc_port} {settings.http_port} {settings.clickhouse_port}"
    ]
    assert f"http://127.0.0.1:{settings.http_port}/healthz" in image
    users = set(re.findall(r"(?:--uid|--gid|--owner|--group|USER) (\d+)", image))
    [set_] = of_kind("StatefulSet")
    context = set_["spec"]["template"]["spec"]["securityContext"]
    assert users == {str(context["runAsUser"])} == {str(context["fsGroup"])}
    folders = {mount for name in COMPOSED for one in collectors(name).values() for mount in one["volumes"]}
    assert {folder.split(":")[1] for folder in folders} == set(re.findall(r"VOLUME (\S+)", image))


def test_the_image_is_built_from_what_the_package_is() -> None:
    top = DEPLOY.parent
    copied = {
        word for line in re.findall(r"^COPY (?!--)(.+) \S+$", text("Dockerfile"), re.MULTILINE) for word in line.split()
    }
    assert all((top / word).exists() for word in copied)
    project = tomllib.loads((top / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert {package.split("/")[0] for package in packages} <= copied
    assert {project["project"]["readme"], *project["project"]["license-files"]} <= copied
    let_in = {line[1:] for line in text("Dockerfile.dockerignore").splitlines() if line.startswith("!")}
    assert let_in == copied
    version = project["project"]["version"]
    images = {one["image"] for name in COMPOSED for one in collectors(name).values()} | {
        c["image"] for c in _containers()
    }
    assert images == {f"playhead:{version}"}


def test_every_image_is_named_with_its_version() -> None:
    named = re.findall(r"^FROM (\S+)", text("Dockerfile"), re.MULTILINE)
    for name in COMPOSED:
        named += [service["image"] for service in composed(name)["services"].values()]
    assert all(re.search(r":\d[\w.-]+$", image) for image in named), named


def test_no_secret_stands_in_a_file_or_a_variable() -> None:
    secret = re.compile(
        r"(?:password|token|secret)\w*\"?\s*[:=]\s*\"?(?!@|/run/secrets|/etc|\{|\[|\$)[\w-]{8,}", re.IGNORECASE
    )
    for name in (*COMPOSED, "kubernetes/collector.yaml", "systemd/collector.toml", "systemd/playhead.service",
            "otel/collector.yaml", "cluster/clickhouse.xml"):  # fmt: skip
        found = [line for line in text(name).splitlines() if secret.search(line) and "secretName" not in line]
        assert [line for line in found if "LoadCredential" not in line] == []
    assert not [one for one in objects() if one["kind"] == "Secret"]


def _containers() -> list[dict[str, Any]]:
    return [one for set_ in of_kind("StatefulSet") for one in set_["spec"]["template"]["spec"]["containers"]]


def _has_its_ports(settings: Settings, ports: list[object]) -> None:
    assert (settings.grpc_port, settings.http_port) == (4317, 4318)
    assert [str(port) for port in ports] in ([], ["4317", "4318"])
