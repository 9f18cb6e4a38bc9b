"""The files in `deploy/` as those read them who are to: Kubernetes' schemas, compose, systemd, ClickHouse."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from tests.deploy.files import COMPOSED, DEPLOY, composed, objects, of_kind, text

from playhead_collector.config import Settings
from playhead_collector.store import ddl
from playhead_collector.store.ddl import Form


@pytest.mark.parametrize("number", range(len(objects())))
def test_every_object_is_as_kubernetes_has_it(number: int) -> None:
    one = objects()[number]
    version = kubernetes_validate.latest_version()
    kubernetes_validate.validate(one, version, strict=True)
    # The schema is asked: what is not in it is refused.
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**one, "replica": 1}, version, strict=True)


def test_objects_name_each_other() -> None:
    [set_] = of_kind("StatefulSet")
    pod = set_["spec"]["template"]
    labels = pod["metadata"]["labels"]
    services = {one["metadata"]["name"]: one["spec"] for one in of_kind("Service")}
    [budget] = of_kind("PodDisruptionBudget")
    [account] = of_kind("ServiceAccount")
    assert set_["spec"]["serviceName"] in services
    assert pod["spec"]["serviceAccountName"] == account["metadata"]["name"]
    for selector in (set_["spec"]["selector"]["matchLabels"], budget["spec"]["selector"]["matchLabels"],
            *(spec["selector"] for spec in services.values())):  # fmt: skip
        assert selector.items() <= labels.items()
    [container] = pod["spec"]["containers"]
    ports = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for spec in services.values() for port in spec["ports"]} <= ports
    volumes = {one["name"] for one in pod["spec"]["volumes"]}
    volumes |= {claim["metadata"]["name"] for claim in set_["spec"]["volumeClaimTemplates"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    assert not [one for one in objects() if "namespace" in one["metadata"]]


@pytest.mark.parametrize("name", COMPOSED)
def test_what_services_name_is_declared(name: str) -> None:
    told = composed(name)
    used: dict[str, set[str]] = {"volumes": set(), "secrets": set()}
    for service in told["services"].values():
        for entry in service.get("volumes", []):
            source = entry.split(":")[0]
            if source.startswith("."):
                assert (DEPLOY / name).parent.joinpath(source).is_file(), source
            else:
                used["volumes"].add(source)
        used["secrets"] |= {one if isinstance(one, str) else one["source"] for one in service.get("secrets", [])}
        assert set(service.get("depends_on", [])) <= set(told["services"])
        build = service.get("build")
        if build:
            context = (DEPLOY / name).parent / build["context"]
            assert (context / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
        # Nothing but loopback: what is sent there is not encrypted.
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))
    for kind, names in used.items():
        assert names == set(told[kind])
    # What a setting reads is mounted.
    for service in told["services"].values():
        mounted = {one if isinstance(one, str) else one["source"] for one in service.get("secrets", [])}
        needed = re.findall(r"/run/secrets/([\w-]+)", json.dumps(service.get("environment", {})))
        assert set(needed) <= mounted


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed")
@pytest.mark.parametrize("name", COMPOSED)
def test_compose_reads_its_files(name: str, tmp_path: Path) -> None:
    copy = tmp_path / "deploy"
    shutil.copytree(DEPLOY, copy)
    done = subprocess.run(
        ["docker-compose", "--file", str(copy / name), "config"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == set(composed(name)["services"])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_knows_every_line_of_the_unit(tmp_path: Path) -> None:
    program = tmp_path / "playhead"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = text("systemd/playhead.service").replace("/opt/playhead/bin/playhead", str(program))

    def said(unit: str) -> str:
        (tmp_path / "playhead.service").write_text(unit)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(tmp_path / "playhead.service")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return "\n".join(line for line in done.stderr.splitlines() if "playhead.service" in line)

    assert said(unit) == ""
    assert "Unknown key" in said(unit.replace("ProtectSystem", "ProtectSystm"))


def test_the_nodes_of_the_cluster_are_those_that_its_configuration_names() -> None:
    config = ElementTree.fromstring(text("cluster/clickhouse.xml"))
    keeper = ElementTree.fromstring(text("cluster/keeper.xml"))
    services = composed("cluster/compose.yaml")["services"]
    shards = [
        [replica.findtext("host") for replica in shard.findall("replica")]
        for shard in config.findall("remote_servers/play/shard")
    ]
    assert [len(shard) for shard in shards] == [2, 2]
    for number, shard in enumerate(shards, start=1):
        for host in shard:
            assert host is not None
            node = services[host]
            assert (node["hostname"], node["environment"]["REPLICA"]) == (host, host)
            assert node["environment"]["SHARD"] == str(number)
    assert all(one.text == "true" for one in config.findall("remote_servers/play/shard/internal_replication"))
    keepers = {one.findtext("host"): one.findtext("port") for one in config.findall("zookeeper/node")}
    port = keeper.findtext("keeper_server/tcp_port")
    assert keepers == dict.fromkeys(("keeper-1", "keeper-2", "keeper-3"), port)
    raft = {
        one.findtext("hostname"): one.findtext("id")
        for one in keeper.findall("keeper_server/raft_configuration/server")
    }
    assert raft == {name: services[name]["environment"]["KEEPER_ID"] for name in keepers}
    # Every name that is taken from the environment is given to every node that reads it.
    for root, prefix in ((config, "clickhouse-"), (keeper, "keeper-")):
        asked = {str(one.get("from_env")) for one in root.iter() if one.get("from_env")}
        assert asked
        for name, service in services.items():
            if name.startswith(prefix):
                assert asked <= set(service["environment"])


def test_the_cluster_has_the_macros_and_the_name_that_the_schema_asks_for() -> None:
    config = ElementTree.fromstring(text("cluster/clickhouse.xml"))
    form = Form(cluster="play")
    sql = "\n".join(one.sql for number in range(1, ddl.latest() + 1) for one in ddl.migration(number, form, "playhead"))
    macros = set(re.findall(r"\{(\w+)\}", " ".join(re.findall(r"Replicated\w+\([^)]*\)", sql))))
    # These two are the server's own.
    given = macros - {"database", "table"}
    assert given == {one.tag for one in config.findall("macros/*")}
    assert f"ON CLUSTER '{config.findall('remote_servers/*')[0].tag}'" in sql
    assert "?cluster=play" in text("README.md")


def test_the_opentelemetry_collector_sends_everything_to_both_and_waits_for_neither() -> None:
    told: dict[str, Any] = yaml.safe_load(text("otel/collector.yaml"))
    pipelines = told["service"]["pipelines"]
    assert set(pipelines) == {"traces", "logs"}
    for pipeline in pipelines.values():
        for kind in ("receivers", "processors", "exporters"):
            assert set(pipeline[kind]) <= set(told[kind])
        assert "otlphttp/playhead" in pipeline["exporters"]
        assert pipeline["processors"][0] == "memory_limiter"
    assert len(pipelines["traces"]["exporters"]) == 2
    assert set(told["service"]["extensions"]) == set(told["extensions"])
    for exporter in told["exporters"].values():
        assert exporter["sending_queue"]["storage"] in told["extensions"]
        assert exporter["retry_on_failure"]["enabled"] is True
    ours = told["exporters"]["otlphttp/playhead"]
    assert ours["endpoint"].endswith(f":{Settings().http_port}")
    assert ours["retry_on_failure"]["max_elapsed_time"] == "0s"
    # From a file, and not within a header: `${file:}` keeps the line break, which no header may have.
    assert told["extensions"][ours["auth"]["authenticator"]]["filename"].startswith("/")
    assert "${file:" not in text("otel/collector.yaml")


def test_the_first_page_tells_of_every_form() -> None:
    page = text("README.md")
    for entry in sorted(DEPLOY.iterdir()):
        if entry.name not in ("README.md", "Dockerfile.dockerignore"):
            assert entry.name in page, entry.name
