"""Imported by the interpreter itself before the program's first line, where `playhead record` or `playhead replay` has
put this folder on PYTHONPATH. It leaves no trace in the program's path or environment, and lets the `sitecustomize` run
that would have.
"""

import os
import sys


def _begin() -> None:
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib is not for every start
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]  # noqa: PTH100
    replay, record = os.environ.pop("PLAYHEAD_REPLAY", None), os.environ.pop("PLAYHEAD_RECORD", None)
    if replay is None and record is None:
        return
    try:
        if replay is not None:
            from playhead.replaying.asked import ReplayAsked
            from playhead.replaying.begin import replay_this_process

            replay_this_process(ReplayAsked.from_text(replay))
        if record is not None:
            from playhead.program.asked import Asked
            from playhead.program.begin import record_this_process

            record_this_process(Asked.from_text(record))
    except ModuleNotFoundError as error:
        _refuse(
            f"{sys.executable} has no Playhead ({error}); install it there: {sys.executable} -m pip install playhead"
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the program must not run unrecorded
        what = "recording" if replay is None else "the replay"
        _refuse(f"{what} could not begin, and the program was not started ({type(error).__name__}: {error})")


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
