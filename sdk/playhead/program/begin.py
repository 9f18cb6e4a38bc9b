"""Inside of the program: begins its recording, and the one step beneath which everything that it does stands.

The step is not ended here: how the process ends is known to the command alone (ending.py). What this process knows at
its end, an exception that nobody caught, is added to the step.
"""

from __future__ import annotations

import atexit
import os
import shlex
import sys
import traceback
from pathlib import Path
from typing import Any

from playhead.aside import is_aside
from playhead.journal.endpoint import from_environment
from playhead.journal.folder import Folder
from playhead.journal.words import ADDED
from playhead.lanes.actor import outside
from playhead.program.asked import Asked
from playhead.program.streams import Streams
from playhead.recorder import recorder as of_process
from playhead.recorder import step
from playhead.recorder.beneath import everything_beneath
from playhead.recorder.recorder import Recorder, Settings, resource_of
from playhead.values.redact import Redactor
from playhead.values.salt import installation_salt


def record_this_process(asked: Asked) -> None:
    os.set_inheritable(asked.lock, False)
    _put_back(asked)
    resource = resource_of(None, asked.service, None, {})
    settings = Settings(
        from_environment(asked.endpoint) if asked.send else None,
        Path(asked.journal),
        redactor=Redactor(installation_salt(), fields=asked.redact_fields, patterns=asked.redact_patterns),
    )
    folder = Folder(settings.journal / asked.process, asked.lock)
    recorder = Recorder(settings, dict(resource.attributes), folder)
    # Not its patterns: one may be a secret itself. What they hid is a token in the recording, and compared as such.
    recorder.program = {
        "name": asked.name,
        "service": asked.service,
        "redact_fields": list(asked.redact_fields),
    }
    recorder.stand_in(recorder.own_provider(resource))
    of_process.begin(recorder, asked.level)
    streams = None if recorder.engine is None else Streams(recorder.engine)
    whole = step.begin("agent", f"invoke_agent {asked.name}", _told(asked, recorder), alone=True)
    everything_beneath(whole.span)
    atexit.unregister(of_process.shutdown)
    is_here = [True]
    # Not by its id: a moment that a replay keeps, and goes on from, is this program in another process.
    os.register_at_fork(after_in_child=lambda: None if is_aside() else is_here.clear())
    atexit.register(_leave, recorder, whole, streams, is_here)
    if asked.hash_seed_is_ours:
        outside(lambda: os.environ.pop("PYTHONHASHSEED"))  # not the agent's doing: it may have been there for the agent


def _put_back(asked: Asked) -> None:
    if asked.pythonpath is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = asked.pythonpath


def _told(asked: Asked, recorder: Recorder) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": asked.name,
        "input.value": shlex.join(recorder.redaction.words(sys.orig_argv)),
    }


def _leave(recorder: Recorder, whole: step.Step, streams: Streams | None, is_here: list[bool]) -> None:
    """At the interpreter's end. The command sends what is left, so the program's end does not wait for a collector."""
    if not is_here:
        of_process.shutdown()
        return
    told: dict[str, Any] = {} if streams is None else streams.told()
    error = getattr(sys, "last_value", None)
    if error is not None:
        told |= {
            "error.type": type(error).__qualname__,
            "exception.message": f"{type(error).__name__}: {error}",
            "exception.stacktrace": "".join(traceback.format_exception(error)),
        }
    if told:
        recorder.journal.append([ADDED, whole.run_id, whole.id, recorder.redaction.attributes(told)])
    if recorder.fingerprint is not None:
        recorder.fingerprint.wait(1.0)
    recorder.stop_effects()
    recorder.worker.finish(0.0)
