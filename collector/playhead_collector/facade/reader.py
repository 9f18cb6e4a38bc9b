"""Who asks at the port, as its gate knows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reader:
    """`database` is the only one that there is for them."""

    database: str
    project: str
    name: str
    """Of their token; empty where none is asked for."""
    figures_of: str | None = None
    """Of a reader of figures, the database whose figures are in theirs; None where payloads may be read, too."""

    def may_name(self, database: str | None) -> bool:
        """Whether a client may ask for this one. Clients send `default` where their user named none."""
        return database in (None, "default", self.database) or (database is not None and database == self.figures_of)


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who has the admin token: another collector on this store, or a command. They write as well, in every project."""

    database: str
    """Of the default project; the others' begin with it."""

    def owns(self, database: str) -> bool:
        """Whether it is one of the store's projects."""
        return database == self.database or database.startswith(f"{self.database}_")

    def may_name(self, database: str | None) -> bool:
        """In `default` there is nothing; it is where a client is that is about to make a database."""
        return database in (None, "default") or (database is not None and self.owns(database))
