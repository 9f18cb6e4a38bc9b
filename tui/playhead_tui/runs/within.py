"""The screen of runs over another one, which asked for some of them: its `q` goes back there."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from playhead_tui.runs.screen import RunsScreen


class RunsWithin(RunsScreen):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "leave", "back")]
