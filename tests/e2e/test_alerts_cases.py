"""`playhead alerts test`: a rule against recorded runs, as CI has it."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.running import playhead_alone
from tests.e2e.test_alerts import looping

LARGE = """-- title: T
-- why: W
-- severity: info
SELECT run_id, '' AS step_id, 2000001 AS value, 'many' AS summary FROM runs WHERE run_id IN {runs:Array(String)}
"""


def test_cases_pass_where_a_rule_finds_what_is_named_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "looping.otlp").write_bytes(looping(1).request().SerializeToString())
    given = {
        "found": 'parameters = { repeats = 2 }\nfinds = [{ tool = "get_order", value = 2 }]',
        "nothing": "finds = []",
        "other": 'parameters = { repeats = 2 }\nfinds = [{ tool = "refund" }]',
        "more": "parameters = { repeats = 2 }\nfinds = []",
        "typo": "find = []",
        "figure": 'parameters = { repeats = "x" }\nfinds = []',
        "misspelt": "parameters = { repeat = 2 }\nfinds = []",
        "century": 'later = "9999999d"\nfinds = []',
        "gone": "finds = []",
    }
    for name, text in given.items():
        runs = "gone.otlp" if name == "gone" else "looping.otlp"
        (tmp_path / f"{name}.toml").write_text(f'rule = "repeated_call"\nruns = ["{runs}"]\n{text}\n')
    said = playhead_alone(tmp_path, "alerts", "test", "--json", str(tmp_path))
    assert said.status == 1
    assert {Path(row["case"]).stem for row in said.rows() if row["passed"]} == {"found", "nothing"}
    reasons = {
        "other": "does not find",
        "more": "also finds: get_order was called 2 times",
        "typo": "finds: Field required",
        "figure": "repeats is UInt32: write a whole number from 0 to 4294967295",
        "misspelt": "has no parameter 'repeat'; it has repeats",
        "century": "later: '9999999d' is more than 3650d",
        "gone": f"there is no file {tmp_path / 'gone.otlp'}",
    }
    told = {Path(row["case"]).stem: row["reason"] for row in said.rows() if not row["passed"]}
    assert told.keys() == reasons.keys()
    for name, reason in reasons.items():
        assert reason in told[name]
    assert playhead_alone(tmp_path, "alerts", "test", str(tmp_path / "found.toml")).status == 0


def test_a_value_is_compared_as_a_number_and_not_as_it_is_shown(tmp_path: Path) -> None:
    (tmp_path / "looping.otlp").write_bytes(looping(1).request().SerializeToString())
    (tmp_path / "large.sql").write_text(LARGE)
    for name, value in (("same", "2000001"), ("other", "2e6"), ("shown", '"2e+06"'), ("word", '"two"')):
        (tmp_path / f"{name}.toml").write_text(
            f'rule = "large"\nruns = ["looping.otlp"]\nfinds = [{{ value = {value} }}]\n'
        )
    said = playhead_alone(tmp_path, "alerts", "test", "--rules", str(tmp_path), "--json", str(tmp_path))
    assert {Path(row["case"]).stem for row in said.rows() if row["passed"]} == {"same"}
    assert all("it finds many (value 2000001)" in row["reason"] for row in said.rows() if not row["passed"])
