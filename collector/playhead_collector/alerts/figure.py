"""What is set of a rule's parameter, held against its type before any rule is asked.

A value that cannot be bound keeps its rule from being asked, and spoils the statement that holds the conditions of all.
What is set of other types than those here is the engine's to judge, when it looks at the rule.
"""

from __future__ import annotations

import math
import re

from playhead_collector.alerts.rule import Parameter

Given = bool | str | int | float

_WRAPPED = re.compile(r"(?:Nullable|LowCardinality)\((.*)\)")
_INTEGER = re.compile(r"(U?)Int(8|16|32|64|128|256)")
_FRACTION = re.compile(r"Float(?:32|64)|Decimal.*")
_WHOLE = re.compile(r"-?[0-9]{1,80}")
_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def figure_of(parameter: Parameter, given: Given) -> str:
    """As it is bound. Raises ValueError, which says what it has to be, and not what it is."""
    kind = parameter.type
    while (wrapped := _WRAPPED.fullmatch(kind)) is not None:
        kind = wrapped[1]
    text = str(given).lower() if isinstance(given, bool) else str(given)
    wanted = ""
    if (integer := _INTEGER.fullmatch(kind)) is not None:
        bits = int(integer[2])
        least, most = (0, 2**bits - 1) if integer[1] else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
            wanted = f"a whole number from {least} to {most}"
    elif _FRACTION.fullmatch(kind):
        if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            wanted = "a finite number"
    elif kind == "Bool" and text not in ("true", "false", "1", "0"):
        wanted = "true or false"
    if wanted:
        raise ValueError(f"{parameter.name} is {parameter.type}: write {wanted}")
    return text
