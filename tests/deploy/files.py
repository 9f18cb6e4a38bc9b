"""What the files in `deploy/` say, read once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
COMPOSED = ("compose.yaml", "cluster/compose.yaml")


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def composed(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load(text(name)))


def objects() -> list[dict[str, Any]]:
    """Kubernetes' own, in order."""
    return [dict(one) for one in yaml.safe_load_all(text("kubernetes/collector.yaml"))]


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [one for one in objects() if one["kind"] == kind]


def collectors(name: str) -> dict[str, dict[str, Any]]:
    """Services of a compose file that are collectors, with the environment that each starts with."""
    return {key: one for key, one in composed(name)["services"].items() if one["image"].startswith("playhead:")}


def unit() -> dict[str, list[str]]:
    """The systemd unit: each directive's values."""
    found: dict[str, list[str]] = {}
    for line in text("systemd/playhead.service").splitlines():
        if match := re.match(r"(\w+)=(.*)", line):
            found.setdefault(match[1], []).append(match[2])
    return found
