"""Runs a program in the foreground as if it was this process: same terminal, same signals, same end.

What a terminal does (Ctrl-C, hanging up) reaches the program by itself, since it is of the same process group. What
another process sends to us is sent on. We wait for the program's end whatever it is.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Mapping, Sequence

_SENT_ON = {
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCONT,
    signal.SIGWINCH,
}  # fmt: skip
# Only these come from a terminal; where the system does not say who sent a signal, they are taken for the terminal's.
_OF_TERMINALS = {signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGWINCH, signal.SIGCONT}


def run_in_foreground(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """The program's exit status, or minus the signal that ended it. Raises OSError where it cannot be started."""
    waited_for = _SENT_ON | {signal.SIGCHLD}
    # Blocked, they wait for us, so none is lost between the start and the wait; the program gets the mask that we had.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, waited_for)
    try:
        pid = os.posix_spawnp(words[0], list(words), dict(environment), setsigmask=before)
        while True:
            number, from_terminal = _next(waited_for)
            if number == signal.SIGCHLD:
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    return os.waitstatus_to_exitcode(status)
            elif not from_terminal:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_as(code: int) -> int:
    """Ends this process by the signal that ended the program; else gives back its exit status."""
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the program has left its core, if it had to
        with contextlib.suppress(OSError, ValueError):  # SIGKILL has no handler
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
        return 128 - code
    return code


def _next(waited_for: set[signal.Signals]) -> tuple[int, bool]:
    """The next signal, and whether the program has got it as well."""
    if hasattr(signal, "sigwaitinfo"):
        told = signal.sigwaitinfo(waited_for)
        return told.si_signo, told.si_code > 0
    number = signal.sigwait(waited_for)
    return number, number in _OF_TERMINALS
