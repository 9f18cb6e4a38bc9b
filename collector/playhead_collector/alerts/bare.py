"""The text of a statement without what is none of it: comments, and what stands in quotes."""

from __future__ import annotations

import re

# As the engine reads them. A quote that is doubled ends one text and begins the next; a value's type may have quotes.
_TOKEN = re.compile(
    r"""
      '(?:[^'\\]|\\.)*' | `(?:[^`\\]|\\.)*` | "(?:[^"\\]|\\.)*" | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    | (?:--|//|\#[ !])[^\n]* | /\*.*?\*/ | (?P<value>\{\s*\w+\s*:[^{}]+\})
    """,
    re.DOTALL | re.VERBOSE,
)


def bare(text: str) -> str:
    """Each line stays where it is."""
    return _TOKEN.sub(lambda found: found["value"] or " " + "\n" * found[0].count("\n"), text)
