"""`python framework.py MODULE PROGRAM`: a program of an unpatched framework (tests/sdk/frameworks), as it is."""

from __future__ import annotations

import importlib
import json
import os
import sys

if __name__ == "__main__":
    module = importlib.import_module(f"tests.sdk.frameworks.{sys.argv[1]}")
    print(json.dumps(getattr(module, sys.argv[2])(os.environ["PROVIDER"]), default=str))
