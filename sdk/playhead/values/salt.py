"""The installation's salt, which redaction tokens are keyed with.

It stays on the machine, readable by its user only, and is never recorded: without it a token cannot be guessed from
likely secrets. Processes of one user share it, so the same secret has one token in all of them.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

_LENGTH = 32


def installation_salt(folder: Path | None = None) -> bytes:
    """The salt, made on first use; where it can be kept nowhere, one for this process, and tokens differ by process."""
    path = (folder or _state_folder()) / "redaction-salt"
    made = secrets.token_bytes(_LENGTH)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: of two processes that start at once, one makes it and both read it.
        draft = path.with_name(f"{path.name}.{os.getpid()}.{made[:4].hex()}")
        draft.touch(mode=0o600)
        try:
            draft.write_bytes(made)
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
        kept = path.read_bytes()
    except OSError:
        return made
    return kept if len(kept) >= _LENGTH else made


def _state_folder() -> Path:
    home = os.environ.get("XDG_STATE_HOME")
    return (Path(home) if home else Path("~/.local/state").expanduser()) / "playhead"
