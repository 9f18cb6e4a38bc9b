"""A verdict in words, for people: what the command says, and a test that fails."""

from __future__ import annotations

from collections.abc import Iterator

from playhead_collector.commands.common import one_line
from playhead_replay.certificate import Certificate
from playhead_replay.replay import Verdict

_LONGEST = 400


def told(certificate: Certificate, verdict: Verdict) -> Iterator[str]:
    """A line each."""
    if verdict.status == "identical":
        yield f"playhead: {verdict.what}"
        if verdict.recorded_failure:
            yield f"  the recorded run itself had failed: {one_line(verdict.recorded_failure, _LONGEST)}"
    else:
        where = f"{verdict.status} at step {verdict.step or 0} of {verdict.steps}"
        yield f"playhead: {where}: {one_line(verdict.what, _LONGEST)}"
        if verdict.place:
            yield f"  at {verdict.place}{f', in lane {verdict.lane}' if verdict.lane else ''}"
        for line in verdict.differences:
            yield f"  {one_line(line, _LONGEST)}"
    if verdict.executed:
        yield f"  executed {verdict.executed}"
    if certificate.level != "exact" or verdict.status != "identical":
        for reason in certificate.reasons:
            yield f"  {'!' if reason.grave else '·'} {one_line(reason.what, _LONGEST)}"
