"""Imported by the interpreter itself before the program's first line, where `playhead record` has put this folder on
PYTHONPATH. It leaves no trace in the program's path or environment, and lets the `sitecustomize` run that would have.
"""

import os
import sys


def _begin() -> None:
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib is not for every start
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]  # noqa: PTH100
    text = os.environ.pop("PLAYHEAD_RECORD", None)
    if text is None:
        return
    try:
        from playhead.program.asked import Asked
        from playhead.program.begin import record_this_process
    except ImportError as error:
        _refuse(
            f"{sys.executable} has no Playhead ({error}); install it there: {sys.executable} -m pip install playhead"
        )
        return
    try:
        record_this_process(Asked.from_text(text))
    except Exception as error:  # noqa: BLE001 - whatever it is, the program must not run unrecorded
        _refuse(f"recording could not begin, and the program was not started ({type(error).__name__}: {error})")


def _refuse(why: str) -> None:
    sys.stderr.write(f"playhead: {why}\n")
    sys.stderr.flush()
    os._exit(2)


_begin()

# The one that stood behind ours.
_ours = sys.modules.pop("sitecustomize", None)
try:
    import sitecustomize  # type: ignore[import-not-found]  # noqa: F401
except ImportError as _error:
    if _error.name != "sitecustomize":
        raise
    if _ours is not None:
        sys.modules["sitecustomize"] = _ours
