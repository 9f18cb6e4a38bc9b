"""`playhead alerts test`: a rule against recorded runs, as CI has it."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.running import playhead_alone
from tests.e2e.test_alerts import looping


def test_cases_pass_where_a_rule_finds_what_is_named_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "looping.otlp").write_bytes(looping(1).request().SerializeToString())
    given = {
        "found": 'parameters = { repeats = 2 }\nfinds = [{ tool = "get_order", value = 2 }]',
        "nothing": "finds = []",
        "other": 'parameters = { repeats = 2 }\nfinds = [{ tool = "refund" }]',
        "more": "parameters = { repeats = 2 }\nfinds = []",
        "typo": "find = []",
    }
    for name, text in given.items():
        (tmp_path / f"{name}.toml").write_text(f'rule = "repeated_call"\nruns = ["looping.otlp"]\n{text}\n')
    said = playhead_alone(tmp_path, "alerts", "test", "--json", str(tmp_path))
    assert said.status == 1
    assert {Path(row["case"]).stem for row in said.rows() if row["passed"]} == {"found", "nothing"}
    for reason in ("does not find", "also finds: get_order was called 2 times", "finds: Field required"):
        assert reason in said.err
    assert playhead_alone(tmp_path, "alerts", "test", str(tmp_path / "found.toml")).status == 0
