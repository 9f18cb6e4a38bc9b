"""`python with_vcrpy.py record|replay PROGRAM.py ARGUMENT…`: the program inside of one cassette, as its docs have it.

Requests are matched by their body too, which is not its default: every prompt goes to the same address. Its default
after that is kept: an answer is played once.
"""

from __future__ import annotations

import runpy
import sys

import vcr  # type: ignore[import-not-found]

if __name__ == "__main__":
    direction, program, *arguments = sys.argv[1:]
    sys.argv = [program, *arguments]
    matched = ["method", "scheme", "host", "port", "path", "query", "body"]
    with vcr.use_cassette("cassette.yaml", record_mode="once" if direction == "record" else "none", match_on=matched):
        runpy.run_path(program, run_name="__main__")
