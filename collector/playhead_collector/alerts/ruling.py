"""A rule as its users want it: their figures, whom to tell; looked at before it is asked for the first time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clickhouse_connect.driver.client import Client

from playhead_collector.alerts.admission import Admission, Admitted
from playhead_collector.alerts.rule import Rule


@dataclass(slots=True)
class Ruling:
    """A rule in force in one project."""

    rule: Rule
    chosen: Mapping[str, str] = field(default_factory=dict)
    notify: tuple[str, ...] = ()
    """Receivers that there are, of those that it names."""
    _admitted: Admitted | None = None

    def admitted(self, client: Client) -> Admitted:
        """Raises RuleRefused where it may not be asked."""
        if self._admitted is None:
            # Those that come with the package are looked at by its tests: what the guard asks about each would be a
            # part of every collector's start.
            self._admitted = (
                Admitted(self.rule, self.rule.text)
                if self.rule.shipped
                else Admission(client).admit(self.rule, self.chosen)
            )
        return self._admitted
