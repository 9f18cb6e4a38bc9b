"""Searches that are kept under a name, from the screen of runs: saved, searched for again, deleted."""

from __future__ import annotations

from collections.abc import Callable

from textual.binding import Binding

from playhead.errors import UsageError
from playhead_tui.ask import AskLine, AskOne, then
from playhead_tui.runs.saved import read_searches, write_searches
from playhead_tui.scoring import ScoringScreen

SAVING = (Binding("s", "save", "save search"), Binding("l", "saved", "searches"))


class SavingScreen(ScoringScreen):
    """Where the keys stand in the line of keys is for the screen to say."""

    @property
    def line(self) -> str:
        """What is searched for."""
        raise NotImplementedError

    def search(self, line: str) -> None:
        raise NotImplementedError

    def action_save(self) -> None:
        if self.line:
            self.app.push_screen(AskLine(f"save {self.line!r} as"), then(self._save))
        else:
            self.tell("there is no search to save: type one after /")

    def _save(self, name: str) -> None:
        self._with_searches(lambda searches: {**searches, name: self.line}, f"saved as {name!r}")

    def action_saved(self) -> None:
        try:
            searches = read_searches(self.host.searches)
        except UsageError as error:
            self.tell(str(error), is_error=True)
            return
        if not searches:
            self.tell(f"no searches are saved; s saves one, in {self.host.searches}")
            return
        chosen = then(lambda name: self.search(searches[name]))
        self.app.push_screen(AskOne("search for", sorted(searches.items()), self._forget), chosen)

    def _forget(self, name: str) -> None:
        self._with_searches(lambda old: {other: old[other] for other in old if other != name}, f"deleted {name!r}")

    def _with_searches(self, change: Callable[[dict[str, str]], dict[str, str]], done: str) -> None:
        try:
            write_searches(self.host.searches, change(read_searches(self.host.searches)))
        except UsageError as error:
            self.tell(str(error), is_error=True)
        else:
            self.tell(done)
