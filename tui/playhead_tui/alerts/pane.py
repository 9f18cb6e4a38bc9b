"""The pane beside the table of alerts: a sheet in which a run that is named can be opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from playhead_tui.alerts.sheets import RunLine
from playhead_tui.run.pane import SheetPane


class AlertPane(SheetPane):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "fold", "fold"),
        Binding("enter", "choose", "open"),
    ]

    @dataclass
    class RunChosen(Message):
        run_id: str
        step_id: str

    @property
    def run_here(self) -> RunLine | None:
        """The run under the cursor, where there is one."""
        line = self.sheet_line
        return line if isinstance(line, RunLine) else None

    def action_choose(self) -> None:
        run = self.run_here
        if run is not None:
            self.post_message(self.RunChosen(run.run_id, run.step_id))
        else:
            self.action_fold()
