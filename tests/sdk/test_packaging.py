"""What an installation brings: the SDK alone OpenTelemetry and nothing else, the wheel everything that runs need."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import distribution, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "playhead": "sdk/playhead",
    "playhead_collector": "collector/playhead_collector",
    "playhead_replay": "replay/playhead_replay",
    "playhead_tui": "tui/playhead_tui",
}


def needed_by(name: str, extra: str = "") -> set[str]:
    """The distributions that a distribution asks for, under the conditions of this Python."""
    wanted = (Requirement(line) for line in requires(name) or [])
    return {
        canonicalize_name(one.name)
        for one in wanted
        if one.marker is None or (one.marker.evaluate({"extra": extra}) and (extra or "extra" not in str(one.marker)))
    }


def closure(names: set[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needed_by(name)
    return found


def test_the_sdk_asks_for_opentelemetry_and_nothing_else() -> None:
    assert needed_by("playhead") == {"opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"}


def test_what_comes_with_the_sdk_is_what_opentelemetry_itself_needs() -> None:
    brought = closure(needed_by("playhead"))
    of_opentelemetry = {name for name in brought if name.startswith("opentelemetry-")}
    others = {needed for name in of_opentelemetry for needed in needed_by(name)} - of_opentelemetry
    assert brought == of_opentelemetry | closure(others)
    # None of the server's, whatever OpenTelemetry comes to need.
    server = {canonicalize_name(Requirement(line).name) for line in requires("playhead") or [] if "server" in line}
    assert server and brought & server <= {"opentelemetry-proto"}
    assert distribution("playhead").metadata["Name"] == "playhead"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """As `pip install .` would build it, by the build backend that is at hand; nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    build = f"import hatchling.build; print(hatchling.build.build_wheel({str(folder)!r}))"
    done = subprocess.run([sys.executable, "-c", build], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(folder / done.stdout.split()[-1])


def test_the_wheel_has_the_four_packages_and_no_other(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_wheel_has_every_file_of_the_packages(wheel: zipfile.ZipFile) -> None:
    shipped = set(wheel.namelist())
    listed = subprocess.run(
        ["git", "ls-files", *PACKAGES.values()], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        assert name.split("/", 1)[1] in shipped, name
    suffixes = {Path(name).suffix for name in shipped}
    assert {".py", ".sql", ".csv", ".proto", ".txt", ".typed"} <= suffixes


def test_importing_the_sdk_imports_the_standard_library_and_opentelemetry_at_most() -> None:
    code = "import sys, playhead, playhead.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if not name.startswith("_")}
    allowed = set(sys.stdlib_module_names) | {"playhead", "opentelemetry"}
    # What a developer's virtual environment loads at each start.
    at_start = subprocess.run(
        [sys.executable, "-c", code.replace(", playhead, playhead.cli", "")], capture_output=True, text=True, check=True
    )
    assert loaded - allowed - set(at_start.stdout.split()) == set()
