"""A setting that nobody may see: written as itself, as `$NAME` of the environment, or as `@FILE`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, SecretStr


def _resolved(given: object) -> object:
    """Errors name where it was to come from, never what it is."""
    if isinstance(given, str) and given.startswith("$"):
        value = os.environ.get(given[1:])
        if not value:
            raise ValueError(f"there is no variable {given[1:]} in the environment")
        return value
    if isinstance(given, str) and given.startswith("@"):
        path = Path(given[1:]).expanduser()
        try:
            value = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ValueError(f"the file {path} cannot be read") from None
        if not value:
            raise ValueError(f"there is nothing in the file {path}")
        return value
    return given


Secret = Annotated[SecretStr, BeforeValidator(_resolved)]
