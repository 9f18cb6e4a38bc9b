"""Every door of a collector, tried with what is not its key: none, another's, another role's, the right one bent."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

import grpc
from tests.proof.attacks.target import Tally, Target
from tests.proof.emitters import PROTOBUF, records, spans

from playhead_collector.receive.signal import Signal

_grpc: Any = grpc  # untyped
JSON = {"Content-Type": "application/json"}
REFUSED = frozenset({0, 400, 401, 403, 404, 405, 413, 414, 422, 431})
REFUSED_GRPC = frozenset(
    {"UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "INTERNAL", "UNAVAILABLE", "RESOURCE_EXHAUSTED"}
)


@dataclass(frozen=True, slots=True)
class Door:
    """One request that wants a token of one role."""

    name: str
    role: str
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]


def doors(rng: Random) -> tuple[Door, ...]:
    run = rng.randbytes(16).hex()
    mark = {"kind": "silence", "seconds": 60, "by": "attacker", "rule": "all"}
    return (
        Door("traces", "ingest", "POST", "/v1/traces", spans(rng, 2).body, PROTOBUF),
        Door("traces in JSON", "ingest", "POST", "/v1/traces", b'{"resourceSpans":[]}', JSON),
        Door("logs", "ingest", "POST", "/v1/logs", records(rng, 2).body, PROTOBUF),
        Door("metrics", "ingest", "POST", "/v1/metrics", b"", PROTOBUF),
        Door("scores", "ingest", "POST", "/v1/scores", json.dumps({"run": run, "x": 1}).encode(), JSON),
        Door("erase", "admin", "POST", "/admin/erase", json.dumps({"subject": "run", "value": run}).encode(), JSON),
        Door("erase of a project", "admin", "POST", "/admin/erase",
             json.dumps({"subject": "user", "value": "user-1", "project": "bank"}).encode(), JSON),
        Door("mark", "admin", "POST", "/admin/alerts/mark", json.dumps(mark).encode(), JSON),
    )  # fmt: skip


def deformed(token: str) -> Iterator[str]:
    """Near the right one, and far from it."""
    yield from ("", " ", "null", "undefined", "Bearer", "*", "%", "..", "0", "true", "' OR '1'='1", "\xff\xfe", "a" * 7)
    yield from (token[:-1], token[1:], token + "0", "0" + token, token.upper(), token[::-1], token + "\x00", token * 2)
    yield from (f"shop={token}"[:-1], f"bank={token}", f"@{token}", quote(token[:-2]) + "%2" + token[-1])
    yield from ("x" * 60_000, token + "," + "x", base64.b64encode(token.encode()).decode())


def wrong_headers(right: str, others: Mapping[str, str]) -> Iterator[dict[str, str]]:
    yield {}
    for secret in [*deformed(right), *others.values()]:
        yield {"Authorization": f"Bearer {secret}"}
        yield {"X-Playhead-Token": secret}
    yield {"Authorization": right}
    yield {"Authorization": f"Basic {base64.b64encode(f'admin:{right}'.encode()).decode()}"}
    yield {"Authorization": f"Digest {right}"}
    yield {"Cookie": f"token={right}; authorization={right}"}
    yield {"Proxy-Authorization": f"Bearer {right}"}
    yield {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"}
    yield {"X-Original-URL": "/healthz", "X-Rewrite-URL": "/healthz", "X-HTTP-Method-Override": "GET"}


def try_doors(there: Target, rng: Random, tally: Tally) -> None:
    """Over HTTP: each door with each wrong key, and the ways around its path."""
    for door in doors(rng):
        right = {one: token for one, token in there.tokens.items() if one.endswith(door.role)}
        # Another tenant's own key opens the same door, to that tenant's project; it is not wrong here.
        others = {one: token for one, token in there.tokens.items() if one not in right}
        for headers in wrong_headers(next(iter(right.values())), others):
            said = _asked(there, door, door.path, headers)
            tally.tried(f"{door.role} over HTTP", said)
        for path in _around(door.path, next(iter(right.values()))):
            said = _asked(there, door, path, {})
            tally.tried("paths over HTTP", said)


def _asked(there: Target, door: Door, path: str, headers: Mapping[str, str]) -> str | None:
    try:
        answer = there.ask(there.http, door.method, path, door.body, {**door.headers, **headers})
    except (UnicodeEncodeError, ValueError):
        return None  # no client can send this
    if answer.status not in REFUSED:
        return f"{door.name} at {path!r} with {dict(headers)!r:.120} answered {answer.status}"
    return there.leaked(answer.body)


def _around(path: str, right: str) -> Iterator[str]:
    yield from (f"{path}/", f"/{path}", path.upper(), f"{path}?token={right}", f"{path}?authorization=Bearer%20{right}")
    yield from (
        f"/healthz/..{path}",
        f"/healthz;{path}",
        path.replace("/", "/./", 1),
        path.replace("/", "%2f"),
        f"{path}%00",
    )
    yield from (f"{path}?access_token={right}", f"{path}#{right}", f"/metrics/..{path}", f"http://127.0.0.1{path}")


def try_grpc(there: Target, rng: Random, tally: Tally) -> None:
    others = [token for one, token in there.tokens.items() if not one.endswith("ingest")]
    right = there.tokens["shop ingest"]
    with _grpc.insecure_channel(f"127.0.0.1:{there.grpc}") as channel:
        for signal, make in ((Signal.TRACES, spans), (Signal.LOGS, records)):
            export = channel.unary_unary(f"/{signal.service}/Export")
            for secret in [*deformed(right), *others]:
                for metadata in (
                    [("authorization", f"Bearer {secret}")], [("x-playhead-token", secret)],
                    [("authorization", secret)], [("authorization-bin", secret.encode("utf-8", "replace"))],
                ):  # fmt: skip
                    tally.tried("ingest over gRPC", _called(export, make(rng, 2).body, metadata))
        for service in (
            "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "grpc.health.v1.Health/Check",
            "admin/Erase",
        ):
            told = _called(channel.unary_unary(f"/{service}"), b"", [])
            tally.tried("services over gRPC", told)


def _called(export: Any, body: bytes, metadata: list[tuple[str, Any]]) -> str | None:
    try:
        export(body, metadata=metadata, timeout=20)
    except grpc.RpcError as error:
        code: str = error.code().name  # type: ignore[attr-defined]
        return None if code in REFUSED_GRPC or code == "UNIMPLEMENTED" else f"{metadata!r:.120}: {code}"
    except (ValueError, UnicodeEncodeError, TypeError):
        return None  # no client can send this
    return f"{metadata!r:.120} was taken"


def try_reading(there: Target, tally: Tally) -> None:
    """The reading port, by each of the ways in which ClickHouse's clients say who they are."""
    right = there.tokens["shop read"]
    wrong = [*deformed(right), *(token for one, token in there.tokens.items() if "ingest" in one)]
    statement = "SELECT * FROM steps FORMAT JSONEachRow"
    for secret in wrong:
        basic = base64.b64encode(f"default:{secret}".encode("utf-8", "replace")).decode()
        ways: list[tuple[str, dict[str, str]]] = [
            ("/", {"X-ClickHouse-User": "default", "X-ClickHouse-Key": secret}),
            ("/", {"Authorization": f"Basic {basic}"}),
            ("/", {"Authorization": f"Bearer {secret}"}),
            (f"/?user=default&password={quote(secret.encode('utf-8', 'replace'))}", {}),
            (f"/?query={quote(statement)}&user={quote(secret.encode('utf-8', 'replace'))}", {}),
        ]
        for path, headers in ways:
            try:
                answer = there.ask(there.clickhouse, "POST", path, statement.encode(), headers)
            except (UnicodeEncodeError, ValueError):
                tally.tried("reading port", None)
                continue
            through = (
                f"{path:.80} with {headers!r:.80} answered {answer.status}" if answer.status not in REFUSED else None
            )
            tally.tried("reading port", through or there.leaked(answer.body))
    for path in (
        "/play",
        "/dashboard",
        "/binary",
        "/docs",
        "/openapi.json",
        "/replicas_status",
        "/ping",
        "/merges",
        "/jemalloc",
    ):
        answer = there.ask(there.clickhouse, "GET", path)
        fine = answer.status == 404 or answer.body == b"Ok.\n"
        tally.tried("pages of the reading port", None if fine else f"{path} answered {answer.status}")


def told_by_time(there: Target, tries: int = 200) -> float:
    """The time of a wrong token whose first half is right over that of one of which nothing is; 1 tells nothing."""
    right = there.tokens["shop read"]
    half, none = right[:16] + "0" * 16, "z" * 32
    times: dict[str, list[float]] = {half: [], none: []}
    for number in range(2 * tries):
        secret = half if number % 2 else none
        began = time.perf_counter()
        there.ask(there.clickhouse, "POST", "/", b"SELECT 1", {"X-ClickHouse-Key": secret})
        times[secret].append(time.perf_counter() - began)
    middle = {secret: sorted(taken)[tries // 2] for secret, taken in times.items()}
    return middle[half] / middle[none]
