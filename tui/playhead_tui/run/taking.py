"""What is taken out of the app from a run: a step's text to the clipboard or a pager, the run to a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from clickhouse_connect.driver.client import Client
from textual import on
from textual.app import SuspendNotSupported
from textual.binding import Binding
from textual.message import Message

from playhead.errors import UsageError
from playhead.printable import printable
from playhead_collector.read.export import export_runs
from playhead_tui.ask import AskLine
from playhead_tui.run.details import plain_text
from playhead_tui.run.opened import OpenedRun
from playhead_tui.run.pager import page
from playhead_tui.scoring import ScoringScreen
from playhead_tui.shown import one_line

_NOT_YET = "what the steps of this run say is still being read; this is done when it is there"
TAKING = (Binding("y", "copy", "copy"), Binding("o", "pager", "pager"), Binding("e", "export", "export"))
# More than a terminal's clipboard takes.
_LONGEST_COPY = 500_000


class TakingScreen(ScoringScreen):
    """Where the keys stand in the line of keys is for the screen to say."""

    _awaited: Callable[[], None] | None = None

    @dataclass
    class Exported(Message):
        paths: list[Path]

    @property
    def here(self) -> tuple[OpenedRun, int] | None:
        """The run, and the place of the step under the cursor."""
        raise NotImplementedError

    def wait_for_words(self, do: Callable[[], None]) -> None:
        """Of a run that is not whole yet; the last key that had to wait is the one that counts."""
        self._awaited = do
        self.tell(_NOT_YET)

    def wait_no_longer(self) -> None:
        self._awaited = None

    def words_came(self) -> None:
        awaited, self._awaited = self._awaited, None
        if awaited is not None:
            awaited()

    def action_copy(self) -> None:
        text = self._text_of_step(self.action_copy)
        if text is not None:
            self.app.copy_to_clipboard(printable(text[:_LONGEST_COPY]))
            cut = " (its beginning)" if len(text) > _LONGEST_COPY else ""
            self.tell(f"copied what the step said{cut}; the terminal has to allow it")

    def action_pager(self) -> None:
        text = self._text_of_step(self.action_pager)
        if text is None:
            return
        try:
            with self.app.suspend():
                page(text)
        except SuspendNotSupported:
            self.tell("this terminal cannot be handed over to a pager; y copies the text, e exports it", is_error=True)
        except UsageError as error:
            self.tell(str(error), is_error=True)
        self.refresh()

    def _text_of_step(self, do: Callable[[], None]) -> str | None:
        if self.here is None:
            return None
        opened, place = self.here
        if not opened.is_whole and opened.nodes[place].stored is None:
            # Another step's is not what was asked for.
            self.wait_for_words(lambda: do() if self.here is not None and self.here[1] == place else None)
            return None
        return plain_text(opened.nodes[place])

    def action_export(self) -> None:
        if self.here is not None:
            run_id = self.here[0].run.row.run_id
            question = "export to (.otlp exactly as sent, .playhead to be replayed, .jsonl, .parquet)"
            self.app.push_screen(AskLine(question, f"run-{run_id[:12]}.otlp"), partial(self._export, run_id))

    def _export(self, run_id: str, path: str | None) -> None:
        if path is None:
            return
        target = Path(path).expanduser()
        if self.app.is_web:
            # Who looks on from a browser wants it there, and not on this machine.
            target = Path(mkdtemp(prefix="playhead-export-")) / target.name

        # Only here: a run is opened without what its recording is read and written with.
        from playhead_collector.read.recording_export import export_recording
        from playhead_collector.recording_file import ENDING

        def question(client: Client) -> Message:
            if target.suffix == ENDING:
                return self.Exported([export_recording(client, run_id, target, into=False).file])
            return self.Exported(export_runs(client, [run_id], target))

        self.ask("export", question)

    @on(Exported)
    def _exported(self, event: Exported) -> None:
        if self.app.is_web:
            for path in event.paths:
                self.app.deliver_binary(path)
                # It is open; its name is needed no longer.
                path.unlink()
            event.paths[0].parent.rmdir()
            return
        self.tell("wrote " + ", ".join(one_line(str(path), 200) for path in event.paths))
