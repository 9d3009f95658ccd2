"""What is installed: every package, one version, every dependency pinned."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from itertools import chain
from pathlib import Path

import pytest

import gradlint

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = {
    line.partition("==")[0].lower().replace("_", "-")
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
}


def test_every_package_is_listed():
    folders = [path.parent for path in (ROOT / "gradlint").rglob("__init__.py")]
    found = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == found | {"gradlint.rules"}


def test_the_installed_version_is_that_of_the_package():
    assert metadata.version("gradlint-torch") == gradlint.__version__


def test_every_requirement_is_pinned():
    project = PYPROJECT["project"]
    extras = chain.from_iterable(project["optional-dependencies"].values())
    wanted = [*project["dependencies"], *extras]
    names = {re.match(r"[\w-]+", requirement)[0].lower() for requirement in wanted}
    assert names - {"gradlint-torch"} <= PINS


def test_pins_are_exact():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"#.*|[\w.-]+==[\w.]+", line) for line in lines)
    assert "torch==2.13.0" in lines


def test_ci_runs_what_the_contributor_runs():
    commands = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in ("pip install -c constraints.txt -e '.[test]'", "pytest", "ruff check", "mypy"):
        assert command in commands


@pytest.mark.slow
def test_the_wheel_holds_the_rules_and_no_tests(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("gradlint", "rules"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.glob("*.*"):
        if path.is_file():
            shutil.copy(path, tree)
    shutil.copy(ROOT / "LICENSE", tree)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", tmp_path, tree]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "gradlint").rglob("*.py")}
    modules |= {f"gradlint/rules/{path.name}" for path in (ROOT / "rules").glob("*.py")}
    assert {name for name in names if name.endswith(".py")} == modules
    assert "gradlint/py.typed" in names
