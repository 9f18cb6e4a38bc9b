"""The HTTP API given to schemathesis, which makes requests after its schema and against it, as each role.

Schemathesis lives in an environment of its own: a plugin of pytest's comes with it, which is not to be in the tests'.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

from tests.proof.attacks.target import Tally, Target

from playhead_collector.admin import admin_app
from playhead_collector.config import Settings
from playhead_collector.store.store import Store

SCHEMATHESIS = Path(sys.prefix).with_name(f"{Path(sys.prefix).name}-attack") / "bin" / "schemathesis"
_CHECKS = "not_a_server_error,negative_data_rejection,response_schema_conformance,unsupported_method"
_TIME = {"type": "string", "pattern": "^[0-9]{1,19}$"}
_ID = {"type": "string", "pattern": "^[0-9a-f]{16}$"}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _list(of: Any) -> dict[str, Any]:
    return {"type": "array", "items": of}


def schema() -> dict[str, Any]:
    """Of what FastAPI serves, and of OTLP's spans, which are served without it."""
    settings, unused = Settings(), cast("Any", None)
    # Not opened: what is asked for is the paths.
    made: dict[str, Any] = admin_app(settings, Store(settings.address), unused, unused).openapi()
    # As it is served: who may not ask is told so whatever they ask for.
    made["components"]["securitySchemes"] = {"token": {"type": "apiKey", "in": "header", "name": "X-Playhead-Token"}}
    for operations in made["paths"].values():
        for operation in operations.values():
            operation["security"] = [{"token": []}]
    text = {"type": "string"}
    span = _object(
        ("traceId", "spanId", "startTimeUnixNano"),
        traceId={"type": "string", "pattern": "^[0-9a-f]{32}$"},
        spanId=_ID,
        parentSpanId=_ID,
        name=text,
        kind={"type": "integer", "minimum": 0, "maximum": 5},
        startTimeUnixNano=_TIME,
        endTimeUnixNano=_TIME,
        attributes=_list(_object(key=text, value=_object(stringValue=text))),
    )
    body = _object(resourceSpans=_list(_object(scopeSpans=_list(_object(spans=_list(span))))))
    given = {"required": True, "content": {"application/json": {"schema": body}}}
    answers = {str(status): {"description": "an answer"} for status in (200, 400, 413, 503)}
    made["paths"]["/v1/traces"] = {"post": {"requestBody": given, "responses": answers}}
    return made


def try_api(there: Target, tally: Tally, folder: Path, seed: int, examples: int) -> None:
    (folder / "schema.json").write_text(json.dumps(schema()), encoding="utf-8")
    tokens = {"admin": there.tokens["admin"], "emitter": there.tokens["shop ingest"], "nobody": "x" * 32}
    opens = {"admin": "/admin/", "emitter": "/v1/", "nobody": "nothing"}
    for role, token in tokens.items():
        told = _made(there.up.url, token, folder, seed, examples)
        tally.attempts[f"API as {role}"] += told["test_cases"]["generated"]
        for failure in told["failures"]:
            # An OTLP receiver has to take what it does not know.
            where = [one for one in failure["operations"] if (failure["type"], one) != _LENIENT]
            if where:
                tally.through.append(f"API as {role}: {failure['title']}: {where}")
        for operation, phases in told["valid_rates"].items():
            taken = sum(phase["accepted"] for phase in phases.values())
            if taken and f" {opens[role]}" not in operation:
                tally.through.append(f"API as {role}: {operation} took {taken} requests")


_LENIENT = ("AcceptedNegativeData", "POST /v1/traces")


def _made(url: str, token: str, folder: Path, seed: int, examples: int) -> dict[str, Any]:
    report = folder / "report.json"
    subprocess.run(
        [str(SCHEMATHESIS), "run", str(folder / "schema.json"), "--url", url, "-H", f"X-Playhead-Token: {token}",
         "--checks", _CHECKS, "--seed", str(seed), "--max-examples", str(examples), "--report-json-path", str(report),
         "--continue-on-failure", "--no-color", "--suppress-health-check", "all", "--generation-database", "none"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder, timeout=1800, check=False,
    )  # fmt: skip
    told: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    assert told["complete"], told["stop_reason"]
    assert told["test_cases"]["errored"] == 0, told["errors"]
    return told
