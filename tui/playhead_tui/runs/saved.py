"""Searches that a user gave a name: a small TOML file under their own configuration, which they may edit."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

from playhead.errors import UsageError

_HEAD = "# Searches of the Playhead terminal: name = query line.\n"


def searches_file() -> Path:
    """Where they are, by the XDG base directories."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "playhead" / "searches.toml"


def read_searches(path: Path) -> dict[str, str]:
    """By name; none where there is no file. Raises UsageError for a file that is no such list."""
    try:
        held = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read as saved searches: {error}; mend or remove it") from None
    return {name: line for name, line in held.items() if isinstance(line, str)}


def write_searches(path: Path, searches: dict[str, str]) -> None:
    """All of them, or none where it fails."""
    lines = [f"{_string(name)} = {_string(line)}\n" for name, line in sorted(searches.items())]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.part")
        partial.write_text(_HEAD + "".join(lines), encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None


def _string(text: str) -> str:
    """As TOML has it: JSON's form, where DEL is to be escaped, too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
