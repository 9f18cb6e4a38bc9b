"""A text in the user's $PAGER, outside of the app."""

from __future__ import annotations

import os
import shlex
import subprocess

from playhead.errors import UsageError
from playhead.printable import printable


def page(text: str) -> None:
    """Returns when the pager has ended. The text is made harmless: a pager may pass on what a terminal obeys."""
    command = shlex.split(os.environ.get("PAGER") or "less")
    try:
        subprocess.run(command, input=printable(text).encode(), check=False)
    except OSError as error:
        raise UsageError(f"{command[0]!r} cannot be started as $PAGER: {error.strerror or error}") from None
