"""Takes the fingerprint of this process: the cheap part when recording begins, the files of its code in a thread.

The thread's result reaches the runs that are under way, and the recording; an agent that ends at once waits for it in
`shutdown`, not in a step.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from playhead.fingerprint.fingerprint import Fingerprint

if TYPE_CHECKING:
    from playhead.recorder.recorder import Record, Recorder

log = logging.getLogger("playhead")


class Taking:
    """Made when recording has begun; never raises into the agent."""

    def __init__(self, recorder: Recorder, level: Record) -> None:
        self._recorder = recorder
        self._thread: threading.Thread | None = None
        try:
            self._fingerprint = Fingerprint(None if level == "steps" else _engine_version(), level)
            self._fingerprint.whole["program"] = recorder.program
            told, whole, words = self._fingerprint.attributes, self._fingerprint.whole, recorder.redaction.words
            told["process.command_args"] = words(told["process.command_args"])
            whole["arguments"], whole["command"] = words(whole["arguments"]), words(whole["command"])
            recorder.processor.came_from(told)
            self._thread = threading.Thread(target=self._finish, name="playhead-fingerprint", daemon=True)
            self._thread.start()
        except Exception:
            log.warning("playhead: what this program came from is not recorded", exc_info=True)

    def wait(self, timeout_s: float) -> None:
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(timeout_s)

    def _finish(self) -> None:
        try:
            self.tell()  # at once, for a process that is killed while its files are looked at
            known = self._fingerprint.finish()
            if known:
                self._recorder.processor.came_from(known)
                self.tell()
        except Exception:
            log.warning("playhead: whether the code was changed is not recorded", exc_info=True)

    def tell(self) -> None:
        """Into the recording; not of any run. What is told later counts."""
        redacted = self._recorder.redaction.attributes(self._fingerprint.whole)
        self._recorder.journal.append(["r", None, ["v", redacted]], disk_only=True)


def _engine_version() -> int:
    from playhead.lanes.opening import VERSION

    return VERSION
