"""A setting that nobody may see: written as itself, as `$NAME` of the environment, or as `@FILE`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, SecretStr

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_PATH = re.compile(r"(?:~|\.{1,2})?/.*")


def _resolved(given: object) -> object:
    """Errors name where it was to come from, never what it is: what is no name may be a secret written as itself."""
    if isinstance(given, str) and given.startswith("$"):
        value = os.environ.get(given[1:])
        if not value:
            if not _VARIABLE.fullmatch(given[1:]):
                raise ValueError("it begins with $ and is no variable's name; put it into a file, and write @FILE")
            raise ValueError(f"there is no variable {given[1:]} in the environment")
        return value
    if isinstance(given, str) and given.startswith("@"):
        try:
            path = Path(given[1:]).expanduser()
            value = path.read_text(encoding="utf-8").strip()
        except (OSError, RuntimeError, ValueError):
            if not _PATH.fullmatch(given[1:]):
                raise ValueError(
                    "it begins with @ and is no file that can be read; write @/PATH/TO/FILE, and a secret that begins "
                    "so into a file"
                ) from None
            raise ValueError(f"the file {given[1:]} cannot be read") from None
        if not value:
            raise ValueError(f"there is nothing in the file {path}")
        return value
    return given


Secret = Annotated[SecretStr, BeforeValidator(_resolved)]
