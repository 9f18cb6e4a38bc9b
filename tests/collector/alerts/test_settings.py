"""What users want otherwise of rules, held against the rules that there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.collector.alerts.asking import written

from playhead.errors import UsageError
from playhead_collector.alerts.rule_folder import Rules, read_rules
from playhead_collector.alerts.settings import AlertSettings, read_figures, read_settings

MINE = """-- title: T
-- why: W
-- severity: info
-- notify: pagr, default
-- parameter: most {type} = {default}
SELECT run_id, '' AS step_id, 1 AS value, toString({{most:{type}}}) AS summary FROM runs
WHERE run_id IN {{runs:Array(String)}}
"""
PAGER = '[receivers.pager]\ntype = "slack"\nurl = "https://chat.example.com/"\n'


def settings(folder: Path, text: str) -> AlertSettings:
    (folder / "alerts.toml").write_text(text)
    return read_settings(folder / "alerts.toml")


def rules(folder: Path, kind: str = "UInt32", default: str = "3") -> Rules:
    """The shipped ones, one of a user's, and a broken one."""
    written(folder, "mine", MINE.format(type=kind, default=default))
    (folder / "broken.sql").write_text("SELECT 1")
    return read_rules(folder)


@pytest.mark.parametrize(
    ("kind", "given", "bound"),
    [
        ("UInt32", "7", "7"),
        ("UInt32", '"7"', "7"),
        ("Int8", "-128", "-128"),
        ("Nullable(UInt8)", "255", "255"),
        ("Float64", "5", "5"),
        ("Float64", "1e22", "1e+22"),
        ("Bool", "true", "true"),
        ("String", '"many"', "many"),
        ("Date", '"2026-11-22"', "2026-11-22"),
    ],
)
def test_a_figure_that_is_set_is_bound_as_its_type_has_it(tmp_path: Path, kind: str, given: str, bound: str) -> None:
    chosen = settings(tmp_path, f"[rules.mine]\nparameters = {{ most = {given} }}")
    by_name = {ruling.rule.name: ruling.chosen for ruling in chosen.rulings(rules(tmp_path, kind))}
    assert by_name["mine"] == {"most": bound}
    assert by_name["repeated_call"] == {}


@pytest.mark.parametrize(
    ("kind", "given", "wanted"),
    [
        ("UInt32", '"many"', "a whole number from 0 to 4294967295"),
        ("UInt32", "-3", "a whole number from 0 to 4294967295"),
        ("UInt32", "4294967296", "a whole number from 0 to 4294967295"),
        ("UInt32", "2.5", "a whole number"),
        ("UInt32", "true", "a whole number"),
        ("Int8", "300", "a whole number from -128 to 127"),
        ("Nullable(UInt8)", "256", "a whole number from 0 to 255"),
        ("Float64", "nan", "a finite number"),
        ("Float64", "inf", "a finite number"),
        ("Float64", "true", "a finite number"),
        ("Float64", '"1e999"', "a finite number"),
        ("Decimal(9,2)", '"dear"', "a finite number"),
        ("Bool", '"maybe"', "true or false"),
    ],
)
def test_a_figure_that_is_none_of_its_type_is_refused_with_rule_name_and_type_and_not_shown(
    tmp_path: Path, kind: str, given: str, wanted: str
) -> None:
    chosen = settings(tmp_path, f"[rules.mine]\nparameters = {{ most = {given} }}")
    with pytest.raises(UsageError) as refused:
        chosen.rulings(rules(tmp_path, kind))
    said = str(refused.value)
    assert said.startswith(f"[rules.mine] parameters: most is {kind}: write {wanted}")
    assert given.strip('"') not in said.removeprefix("[rules.mine] parameters: ")


def test_a_receiver_that_is_not_there_is_told_of_where_a_rules_file_names_it_and_the_rule_goes_on(
    tmp_path: Path,
) -> None:
    there = rules(tmp_path)
    chosen = settings(tmp_path, PAGER)
    assert chosen.unheard(there) == {
        "mine": f"{tmp_path / 'mine.sql'}: notify: there is no receiver 'pagr'; did you mean 'pager'?"
    }
    assert "mine" in {ruling.rule.name for ruling in chosen.rulings(there)}
    for otherwise in ('notify = ["pager"]', "enabled = false"):
        assert settings(tmp_path, f"{PAGER}[rules.mine]\n{otherwise}").unheard(there) == {}


def test_a_receiver_that_is_not_there_is_refused_where_settings_name_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\[rules.mine\]: there is no receiver 'phone'; describe it in \[receivers"):
        settings(tmp_path, PAGER + '[rules.mine]\nnotify = ["phone"]')


def test_a_broken_rule_is_held_unless_it_is_switched_off(tmp_path: Path) -> None:
    there = rules(tmp_path)
    assert settings(tmp_path, PAGER).held(there) == {"broken"}
    assert settings(tmp_path, "[rules.broken]\nenabled = false").held(there) == frozenset()


def test_figures_are_read_without_the_secrets_of_receivers(tmp_path: Path) -> None:
    text = PAGER.replace("https://chat.example.com/", "$NOT_THERE")
    text += '[rules.mine]\nnotify = ["pager"]\nparameters = { most = 7 }\n[rules.repeated_call]\nenabled = false'
    (tmp_path / "alerts.toml").write_text(text)
    with pytest.raises(UsageError, match="NOT_THERE"):
        read_settings(tmp_path / "alerts.toml")
    chosen = read_figures(tmp_path / "alerts.toml")
    by_name = {ruling.rule.name: ruling.chosen for ruling in chosen.rulings(rules(tmp_path))}
    assert by_name["mine"] == {"most": "7"}
    assert "repeated_call" not in by_name
