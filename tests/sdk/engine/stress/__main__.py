"""`python -m tests.sdk.engine.stress JOURNAL PROGRAM`: programs that would hang if the discipline ever let nobody run.

Each is an ordinary program with `playhead.init()` at its start; it prints `done` where its own results were right.
"""

from __future__ import annotations

import sys

from tests.sdk.engine.stress import beginnings, locks, loops, pools, signals
from tests.sdk.engine.stress.agent import record

# These begin their recording themselves.
LATE = ("late", "in_a_thread")

if __name__ == "__main__":
    program = sys.argv[2]
    if program not in LATE:
        record()
    next(vars(module)[program] for module in (beginnings, locks, loops, pools, signals) if program in vars(module))()
    print("done", flush=True)
