"""Tokens as an operator writes them: TOKEN, PROJECT=TOKEN or PROJECT/NAME=TOKEN.

The name is for what is said of a token elsewhere (the audit log, errors), where the token itself must never stand; one
without a name is called by the beginning of its hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from playhead.errors import UsageError
from playhead_collector.store.address import DEFAULT_PROJECT, checked_project

SHORTEST = 8
_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,60}")


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a token is."""

    project: str
    name: str


def holders(given: Iterable[str]) -> dict[str, Holder]:
    """By token. Raises UsageError; never with a token in it."""
    found: dict[str, Holder] = {}
    for entry in given:
        owner, separator, token = entry.partition("=")
        # A token may end in the = of base64: then what stands before it is no project.
        if not separator or not token.strip("="):
            owner, token = DEFAULT_PROJECT, entry
        project, slash, name = owner.partition("/")
        try:
            checked_project(project)
        except UsageError:
            raise UsageError(
                "a token's project is written with 1 to 40 of a-z, 0-9 and _, as in project=token; a token that "
                "has a = in it always takes one: default=TOKEN"
            ) from None
        if slash and not _NAME.fullmatch(name):
            raise UsageError(f"a token's name has 1 to 60 of letters, digits and _ . @ -, as in {project}/anna=token")
        if len(token) < SHORTEST:
            raise UsageError(f"a token for project {project!r} is too short: use at least {SHORTEST} characters")
        holder = Holder(project, name or nameless(token))
        if found.setdefault(token, holder).project != project:
            raise UsageError(f"one token is given to two projects, {found[token].project!r} and {project!r}")
    return found


def nameless(token: str) -> str:
    return f"token-{hashlib.sha256(token.encode()).hexdigest()[:8]}"


def find(tokens: Mapping[str, Holder], given: str) -> Holder | None:
    """Compares with every token in constant time, so that timing tells nothing about them."""
    found: Holder | None = None
    for token, holder in tokens.items():
        if hmac.compare_digest(token.encode(), given.encode()):
            found = holder
    return found
