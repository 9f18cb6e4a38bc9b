"""What is written for people and scripts, whatever a trace holds."""

from __future__ import annotations

import json
import math

from playhead.printable import json_line


def test_what_json_does_not_have_is_null_and_the_rest_is_what_it_was() -> None:
    value = {"a": [1.5, math.nan, (math.inf,)], "b": {"c": -math.inf}, "d": "NaN"}
    assert json.loads(json_line(value)) == {"a": [1.5, None, [None]], "b": {"c": None}, "d": "NaN"}
    assert json.loads(json_line({math.nan: 1, 2.5: 2})) == {"nan": 1, "2.5": 2}
