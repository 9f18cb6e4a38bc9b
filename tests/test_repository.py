"""The repository as a whole: what is promised of its files, whoever changes them."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from playhead_collector.config import Settings

ROOT = Path(__file__).parents[1]
STORE = ROOT / "collector" / "playhead_collector" / "store"
# What stands at the top, and nothing else.
TOP = {
    *(".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "constraints.txt", "pyproject.toml"),
    *("collector", "deploy", "docs", "examples", "replay", "sdk", "tests", "tui"),
}
# Of a machine that somebody worked at, or of where its packages came from.
_PRIVATE = re.compile(
    r"(?<![\w.-])/(?:work|root|home|Users|mnt|nix)/[\w.]+|[A-Za-z]:\\Users"
    r"|--(?:extra-)?index-url|--find-links|file://|(?:pypi|npmjs|files\.pythonhosted|debian)\.org",
)


def committed() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name.decode() for name in listed.split(b"\0") if name]


def texts() -> Iterator[tuple[Path, str]]:
    for path in committed():
        try:
            yield path, path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue


def test_nothing_committed_names_a_path_of_a_machine_or_a_host_of_a_registry() -> None:
    here = Path(__file__)
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path, text in texts()
        if path != here
        for match in _PRIVATE.finditer(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "is_private"),
    [
        ("cd /" + "work/main", True),
        ("/" + "root/.cache", True),
        ("see '/home/ada/x'", True),
        ("C:\\Users\\ada", True),
        ("--index-url https://x", True),
        ("https://pypi.org" + "/simple", True),
        ("network/" + "work/x", False),
        ("/var/lib/playhead", False),
        ("$XDG_DATA_HOME/playhead", False),
    ],
)
def test_a_private_path_is_known_when_it_is_seen(text: str, is_private: bool) -> None:
    assert bool(_PRIVATE.search(text)) is is_private


def test_constraints_name_packages_and_versions_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    wrong = [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)]
    assert lines and wrong == []
    names = [line.split("==")[0].lower().replace("_", "-").replace(".", "-") for line in lines]
    assert len(names) == len(set(names))


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(line for lines in project["optional-dependencies"].values() for line in lines)]
    names = {re.split(r"[\[<>=;! ]", line, maxsplit=1)[0] for line in asked} - {"playhead"}
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    assert [name for name in sorted(names) if not re.search(rf"^{re.escape(name.lower())}==", pinned, re.M)] == []


def test_every_query_file_is_loaded_by_something() -> None:
    sources = "".join(text for path, text in texts() if path.suffix == ".py" and "tests" not in path.parts)
    # Of several that differ in a word the name is put together.
    families = [re.compile(re.sub(r"\{[^}]*\}", r"\\w+", name)) for name in re.findall(r"load\(f\"([^\"]+)\"", sources)]
    names = [path.stem for path in committed() if path.suffix == ".sql" and path.parent == STORE / "queries"]
    unused = [name for name in names if f'"{name}"' not in sources and not any(f.fullmatch(name) for f in families)]
    assert names and unused == []


def test_every_other_sql_file_is_of_a_numbered_migration_or_a_view_of_figures() -> None:
    others = [path for path in committed() if path.suffix == ".sql" and path.is_relative_to(STORE)]
    for path in others:
        where = path.relative_to(STORE)
        assert where.parts[0] in ("queries", "figures") or where.parts == ("schema", "migrations.sql") or (
            re.fullmatch(r"schema/\d{4}/\d\d_\w+\.sql", where.as_posix())
        ), where  # fmt: skip


def test_sql_files_of_a_migration_hold_one_statement_each() -> None:
    for path in committed():
        if path.suffix == ".sql" and path.is_relative_to(STORE / "schema"):
            text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
            assert len(re.findall(r"^CREATE ", text, re.MULTILINE)) == 1 and ";" not in text, path


def test_the_top_of_the_repository_is_as_documented() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in committed()} <= TOP
    for package in ("sdk/playhead", "collector/playhead_collector", "replay/playhead_replay", "tui/playhead_tui"):
        assert (ROOT / package / "__init__.py").is_file()
        assert (ROOT / package / "py.typed").is_file()


def test_continuous_integration_runs_the_tests_that_the_readme_names() -> None:
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
    ran = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert {"make test", "make test-long"} <= set(ran)


def test_every_test_is_where_pytest_looks_or_a_proof() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    assert "LONG := tests/e2e " in (ROOT / "Makefile").read_text(encoding="utf-8")
    looked_at = [*settings["testpaths"], "tests/e2e", "tests/proof"]
    tests = [path for path in (path.relative_to(ROOT) for path in committed()) if path.match("test_*.py")]
    assert [path for path in tests if not any(path.is_relative_to(one) for one in looked_at)] == []
    assert len(tests) > 200


def test_every_setting_says_what_it_is_for() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description and len(field.description) > 10, name


def test_modules_are_of_a_size_that_can_be_read_in_one_sitting() -> None:
    long = {
        str(path.relative_to(ROOT)): text.count("\n")
        for path, text in texts()
        if path.suffix == ".py" and text.count("\n") > 400
    }
    assert long == {}
