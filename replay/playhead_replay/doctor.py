"""Records a program, executes it again at once, and names what the recording could not capture, by file and line.

What a recording says of itself (notices, preemptions) is half of it. The other half no recorder can know: what code
reads past every hook (an address, a clock in C). It shows when the same program is executed again and parts, or prints
something else. Nothing is stored, and nothing is sent.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

from playhead.journal.single import ENDING
from playhead_replay.certificate import certify
from playhead_replay.entry import Entry
from playhead_replay.errors import NotReplayable
from playhead_replay.launch import aside
from playhead_replay.live import record_live
from playhead_replay.recording.find import from_file
from playhead_replay.recording.recording import Recording
from playhead_replay.replay import Verdict, executed_verdict

# Any other than the recorded one.
_OTHER_SEEDS = ("1", "2")
_ADDRESS = re.compile(r"0x[0-9a-f]{6,16}|(?<!\d)\d{14,15}(?!\d)")
_CLOCK = re.compile(r"(?<!\d)1[5-9]\d{8}(?:\.\d+|\d{3}|\d{6}|\d{9})?(?!\d)")
_LONGEST_LINE = 160
# Of what a program that failed said of it.
_LAST_LINES = 10
# What Python itself says, after its own name, where it has nothing to run.
_NOT_BEGUN = re.compile(
    r"\S*(?:python|pypy)\S*: (?:can't open file |can't find '__main__' module |No module named |"
    r"Error while finding module specification for )"
)
_OUTPUT = "playhead.stdout"

Kind = Literal["not captured", "diverged", "output", "order", "hash seed", "under way"]


@dataclass(frozen=True, slots=True)
class Source:
    """Something by which the program is, or may become, another when it is executed again."""

    kind: Kind
    what: str
    place: str = ""
    """`file:line` of the agent's code, where it is known."""
    grave: bool = True
    """Whether the program is not exact because of it; else it is worth knowing."""
    details: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Report:
    run: str
    steps: int
    times: int
    identical: int
    """How many of the replays were identical, their output included."""
    sources: Sequence[Source]
    status: int = 0
    """What the program ended with when it was recorded: its exit status, or minus the signal that ended it."""
    errors: Sequence[str] = ()
    """The last lines of what it said of it, where it failed."""

    @property
    def exact(self) -> bool:
        return self.identical == self.times and not any(source.grave for source in self.sources)


def examine(entry: Entry, times: int) -> Report:
    """Raises NotReplayable where the program could not be begun or recorded, or not executed again."""
    recording, printed, status, errors = _recorded(entry)
    certificate = certify(recording)
    if certificate.level == "playback":
        raise NotReplayable(f"it was recorded, but {certificate.headline}: {certificate.reasons[0].what}")
    sources = [*_told_while_recording(recording), *_under_way(recording)]
    identical = 0
    for _ in range(times):
        verdict, again = _executed(recording, entry)
        found = _differing(verdict, printed, again)
        identical += not found
        sources += (source for source in found if source not in sources)
    if identical == times:
        sources += _by_hash_seed(recording, entry, printed)
    return Report(recording.run, len(recording.steps), times, identical, sources, status, errors)


def _recorded(entry: Entry) -> tuple[Recording, list[str], int, list[str]]:
    """Its recording, what it printed, how it ended, and what it said of that where it failed."""
    with (
        tempfile.TemporaryDirectory(prefix="playhead-doctor-") as folder,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as errors,
    ):
        file = Path(folder) / f"program{ENDING}"
        try:
            status = record_live(entry, file, output, errors)
        except NotReplayable as error:
            raise NotReplayable("\n  ".join([str(error), *_lines(errors)[-_LAST_LINES:]])) from None
        recording, said = from_file(file), _lines(errors)[-_LAST_LINES:] if status else []
        if said and len(recording.steps) == 1 and _NOT_BEGUN.match(said[-1]):
            raise NotReplayable("\n  ".join([f"the program did not begin (status {status}):", *said]))
        return recording, _lines(output), status, said


def _executed(recording: Recording, entry: Entry) -> tuple[Verdict, list[str]]:
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        verdict = executed_verdict(recording, entry, run=aside(output, errors))
        if verdict.status == "refused":
            raise NotReplayable("\n  ".join([verdict.what, *_lines(errors)[-_LAST_LINES:]]))
        return verdict, _lines(output)


def _told_while_recording(recording: Recording) -> Iterator[Source]:
    names = {record[1]: f"{record[2]} {record[3]}".strip() for record in recording.records if record[0] == "l"}
    preempted = Counter(str(record[1]) for record in recording.records if record[0] == "x")
    for record in recording.records:
        if record[0] == "u":
            yield Source("not captured", str(record[1]), str(record[2] or ""))
        elif record[0] == "g":
            yield Source("order", f"the order was given up: {record[1]}")
    for lane, count in preempted.items():
        name = f" ({names[lane]})" if lane in names else ""
        yield Source(
            "order",
            f"lane {lane}{name} was busy for more than 20 ms while others waited, {count} times, and ran beside them: "
            "what threads share without a lock is then in no order that a replay can keep",
            grave=False,
        )


def _under_way(recording: Recording) -> Iterator[Source]:
    """What had not ended when the process did: threads and tasks that nobody waited for."""
    begun: dict[tuple[str, str, int], str] = {}
    for record in recording.records:
        if record[0] == "b":
            begun[record[2], record[3], record[5]] = str(record[4])
        elif record[0] == "c":
            begun.pop((record[1], record[2], record[3]), None)
    for (lane, kind, _), asked in begun.items():
        if "#" not in lane:
            words = f"{kind} {asked}".strip()
            yield Source("under way", f"{words[:100]} of lane {lane} was under way when the process ended", grave=False)
    for step in recording.steps:
        if not step.ended:
            yield Source(
                "under way", f"step {step.number + 1}, {step.own_name}, had not ended when the process did", grave=False
            )


def _differing(verdict: Verdict, before: Sequence[str], after: Sequence[str]) -> list[Source]:
    parted = [*_parted(verdict)]
    # Of its output a recording has a hash, which says less than the line.
    output_alone = not parted or all(line.startswith(_OUTPUT) for line in verdict.differences or [""])
    if verdict.cut or not output_alone:
        return parted
    return [*_printed_otherwise(before, after)] or parted


def _parted(verdict: Verdict) -> Iterator[Source]:
    if verdict.status != "identical":
        where = f"step {verdict.step}: " if verdict.step else ""
        details = [*verdict.differences, *_guess("\n".join(verdict.differences))]
        yield Source("diverged", f"{where}{verdict.what}", verdict.place, details=details)


def _printed_otherwise(before: Sequence[str], after: Sequence[str]) -> Iterator[Source]:
    """Where all that was asked of the world is the same, and what came out is not."""
    if before == after:
        return
    pairs = zip([*before, *[""] * len(after)], [*after, *[""] * len(before)], strict=False)
    number, (was, now) = next((number, pair) for number, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    details = [f"recorded {was[:_LONGEST_LINE]!r}", f"now {now[:_LONGEST_LINE]!r}"]
    yield Source("output", f"line {number} of what it prints is another", details=[*details, *_guess(f"{was}\n{now}")])


def _by_hash_seed(recording: Recording, entry: Entry, printed: Sequence[str]) -> Iterator[Source]:
    """Exact only because the seed was kept: under `playhead.init()` alone nobody keeps it."""
    recorded = str(recording.header.get("hash_seed"))
    other = next(seed for seed in _OTHER_SEEDS if seed != recorded)
    verdict, again = _executed(replace(recording, header={**recording.header, "hash_seed": other}), entry)
    for source in _differing(verdict, printed, again):
        yield Source(
            "hash seed",
            "it iterates sets of strings: exact here, since 'playhead record' sets a hash seed; where the program "
            "calls playhead.init(), set PYTHONHASHSEED, or sort",
            source.place,
            grave=False,
            details=source.details,
        )


def _guess(text: str) -> Iterator[str]:
    """What a value looks like that no hook saw."""
    if _ADDRESS.search(text):
        yield "it looks like an address: id(), or the default repr of an object"
    elif _CLOCK.search(text):
        yield "it looks like a clock that was read by an extension in C"


def _lines(file: IO[bytes]) -> list[str]:
    file.seek(0)
    return file.read().decode("utf-8", "replace").splitlines()
