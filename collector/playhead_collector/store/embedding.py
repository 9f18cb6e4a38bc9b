"""Loads chDB with what is asked of it here: SQL and bytes, never Arrow's tables.

It brings pyarrow, and that numpy, where they are there, for tables of theirs alone: 0.1 s of CPU in each process that
opens a store, and 40 MB for as long as it runs. Without them it works, and says so itself.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import cast


def load_chdb() -> ModuleType:
    """chDB; where something loaded pyarrow before, it is left to chDB, too."""
    modules = cast(dict[str, ModuleType | None], sys.modules)
    # None: an import of it fails as if it were not installed.
    hidden = "pyarrow" not in modules
    if hidden:
        modules["pyarrow"] = None
    try:
        importlib.import_module("chdb.state")
    finally:
        if hidden:
            del modules["pyarrow"]
    return importlib.import_module("chdb")
