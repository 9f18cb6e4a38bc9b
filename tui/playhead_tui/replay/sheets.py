"""What the pane beside the code says: the step with what was recorded as its outcome, locals, messages, what was
printed, and the certificate. Called in a worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from playhead.printable import printable
from playhead_collector.read.conversation import Conversation
from playhead_collector.read.signs import LETTERS
from playhead_replay.recording.steps import RecordedStep
from playhead_replay.stepping.session import Standing
from playhead_replay.stepping.stop import Ended, Local, Stop
from playhead_replay.stepping.told import asked_in_words, came_in_words
from playhead_replay.told import told
from playhead_tui.replay.opened import OpenedReplay
from playhead_tui.run.contents import write_message, write_value
from playhead_tui.run.sheet import LONGEST, Line, Sheet
from playhead_tui.shown import cell, one_line

TABS = ("here", "messages", "printed", "certificate")
_LONGEST_NAME = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """A session where it stands, and what was asked of it there."""

    standing: Standing
    moment: int
    """Less than before where one went back."""
    content: Conversation | None
    """Of the step."""
    conversation: Conversation | None
    """Of the prompt under way in this lane, or of the last one."""
    frame: int
    locals: Sequence[Local]
    values: Sequence[Local] = ()
    """Of expressions."""
    notes: Sequence[str] = ()


def sheet_of(opened: OpenedReplay, seen: Seen, tab: str, printed: str, width: int) -> list[Line]:
    sheet = Sheet(width)
    match tab:
        case "here":
            _here(sheet, opened, seen)
        case "messages":
            _messages(sheet, seen)
        case "printed":
            write_printed(sheet, printed)
        case _:
            _certificate(sheet, opened)
    return sheet.lines


def write_printed(sheet: Sheet, printed: str) -> None:
    if not printed:
        sheet.note("the program has printed nothing yet")
    elif len(printed) > LONGEST:
        sheet.note(f"… {len(printed) - LONGEST:,} characters before")
    sheet.text(printed[-LONGEST:].removesuffix("\n"))


def _here(sheet: Sheet, opened: OpenedReplay, seen: Seen) -> None:
    for note in seen.notes:
        sheet.text(note, "yellow")
    standing = seen.standing
    if isinstance(standing, Ended):
        for line in told(opened.certificate, standing.verdict):
            sheet.text(line.removeprefix("playhead: "))
        sheet.note("b goes back")
        return
    if standing.failure is not None:
        sheet.text(f"✗ the replay parts from its recording here: {standing.failure.what}", "bold red")
        if standing.failure.place:
            sheet.text(f"at {_here_of(standing.failure.place, opened)}", "dim", 2)
        for difference in standing.failure.differences:
            sheet.text(difference, indent=2)
    if standing.step is not None:
        _step(sheet, standing.step, seen.content)
    for value in seen.values:
        _local(sheet, value, min(_LONGEST_NAME, cell_len(value.name)), "bold cyan")
    if opened.entry is not None:
        _locals(sheet, standing, seen)


def _here_of(place: str, opened: OpenedReplay) -> str:
    """Without the agent's folder."""
    return place if opened.entry is None else place.removeprefix(f"{opened.entry.folder}/")


def _step(sheet: Sheet, step: RecordedStep, content: Conversation | None) -> None:
    letter, _ = LETTERS.get(step.kind, LETTERS["other"])
    asked = asked_in_words(step, content)
    heading = sheet.heading(f"▾ {letter} {step.own_name}{asked}")
    if content is not None and content.arguments is not None:
        write_value(sheet, "arguments", content.arguments)
    elif content is not None and content.input:
        write_message(sheet, content.input[-1], "→", len(content.input))
    _close(sheet, heading)
    came = came_in_words(step, content)
    if not came:
        return
    heading = sheet.heading(f"▾ recorded: {came}", "red" if step.failed else "green")
    if step.failed:
        sheet.text(step.error, "red", 1)
    elif content is not None and content.result is not None:
        write_value(sheet, "result", content.result)
    for message in content.output if content is not None else ():
        write_message(sheet, message, "←")
    _close(sheet, heading)


def _close(sheet: Sheet, heading: int) -> None:
    """Folded; what has nothing more to it has no sign of it."""
    sheet.close(heading, folded=True)
    line = sheet.lines[heading]
    if not line.below:
        line.text = line.text[2:]


def _locals(sheet: Sheet, stop: Stop, seen: Seen) -> None:
    if not stop.frames:
        sheet.note("no code of the agent's stands here")
        return
    heading = sheet.heading(f"▾ locals of {stop.frames[seen.frame].function}")
    longest = min(max((cell_len(row.name) for row in seen.locals), default=0), _LONGEST_NAME)
    for row in seen.locals:
        _local(sheet, row, longest)
    if not seen.locals:
        sheet.note("none")
    sheet.close(heading)


def _local(sheet: Sheet, row: Local, longest: int, style: str = "cyan") -> None:
    """On one line; what does not fit unfolds."""
    name = Text.assemble(" ", (cell(row.name, longest), style), "  ")
    # Two cells for the sign that it is folded.
    room = sheet.width - name.cell_len - 2
    shown = one_line(row.text, room)
    line = Line(Text.assemble(name, (shown, "red" if not row.type else "")))
    sheet.lines.append(line)
    if shown != row.text:
        at = len(sheet.lines) - 1
        if row.type:
            sheet.text(row.type, "dim", 4)
        sheet.text(row.text, indent=4)
        sheet.close(at, folded=True)


def _messages(sheet: Sheet, seen: Seen) -> None:
    said = seen.conversation
    if said is None or not said.captured:
        sheet.note("no prompt yet" if said is None else "the messages were not captured")
        return
    if said.system:
        heading = sheet.heading("▾ system", "bold magenta")
        sheet.markdown(said.system, 1)
        sheet.close(heading)
    for message in said.output:
        write_message(sheet, message, "←")
    for number, message in reversed(list(enumerate(said.input, 1))):
        write_message(sheet, message, "→", number)


def _certificate(sheet: Sheet, opened: OpenedReplay) -> None:
    sheet.text(opened.certificate.headline, "bold")
    if opened.why_playback and opened.certificate.level != "playback":
        sheet.text(f"! {opened.why_playback}", "yellow")
    for reason in opened.certificate.reasons:
        sheet.text(f"{'!' if reason.grave else '·'} {reason.what}", "yellow" if reason.grave else "dim")
    if opened.entry is not None:
        words = " ".join(printable(word) for word in opened.entry.words)
        sheet.text(f"executed: {words}", "dim")
        sheet.text(f"in {opened.entry.folder}", "dim")
