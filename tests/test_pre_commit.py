"""The hooks, run by the real pre-commit in a real repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from gradlint.registry import find_rule
from gradlint.rule import Bad, Good

ROOT = Path(__file__).parent.parent
MANIFEST = ".pre-commit-hooks.yaml"
ENVIRONMENT = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
SICK, HEALTHY = (
    next(each for each in find_rule("saturating-stack").examples if isinstance(each, kind))
    for kind in (Bad, Good)
)
CODE = {"sick": SICK.code.replace("«", "").replace("»", ""), "healthy": HEALTHY.code}
FILES = 300
SECONDS = 30  # for that many files, on a busy machine; alone it takes less than two

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not shutil.which("pre-commit", path=ENVIRONMENT), reason="pre-commit is not installed"
    ),
    pytest.mark.skipif(not shutil.which("git"), reason="git is not installed"),
]


def git(*args, cwd):
    identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    command = ["git", *identity, *args]
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A repository that publishes the hooks of this tree, and its commit."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copy(ROOT / MANIFEST, folder)
    git("init", "--quiet", cwd=folder)
    git("add", ".", cwd=folder)
    git("commit", "--quiet", "--message", "hooks", cwd=folder)
    return folder, git("rev-parse", "HEAD", cwd=folder).strip()


@pytest.fixture
def repository(tmp_path, published):
    """A repository of a user: `stage` a file in it, `run` the hook on what is staged."""
    folder = tmp_path / "user"
    folder.mkdir()
    git("init", "--quiet", cwd=folder)

    def stage(path, text):
        (folder / path).write_text(text, encoding="utf-8")
        git("add", path, cwd=folder)

    def run(hook="gradlint", *args):
        source, commit = published
        hooks = [{"id": hook, "args": list(args)}]
        config = {"repos": [{"repo": source.as_uri(), "rev": commit, "hooks": hooks}]}
        stage(".pre-commit-config.yaml", json.dumps(config))  # JSON is YAML, too
        variables = {"PATH": ENVIRONMENT, "PRE_COMMIT_HOME": str(tmp_path / "home")}
        return subprocess.run(
            ["pre-commit", "run", "--color", "never"],
            cwd=folder,
            env=os.environ | variables | {"NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    return SimpleNamespace(folder=folder, stage=stage, run=run)


def test_a_healthy_model_passes(repository):
    repository.stage("model.py", CODE["healthy"])
    done = repository.run()
    assert done.returncode == 0, done.stdout
    assert "Passed" in done.stdout


def test_a_sick_model_fails_and_the_finding_is_shown(repository):
    repository.stage("model.py", CODE["sick"])
    done = repository.run()
    assert done.returncode == 1
    assert "- exit code: 1" in done.stdout
    assert "GRD101 saturating-stack" in done.stdout
    assert "--> model.py:13:17  Net" in done.stdout


def test_a_fix_modifies_the_file_and_the_next_run_passes(repository):
    repository.stage("model.py", CODE["sick"])
    done = repository.run("gradlint", "--fix")
    assert done.returncode == 1
    assert "- files were modified by this hook" in done.stdout
    assert "torch.relu" in (repository.folder / "model.py").read_text(encoding="utf-8")

    git("add", "model.py", cwd=repository.folder)
    assert "Passed" in repository.run("gradlint", "--fix").stdout


def test_where_nothing_staged_concerns_it_it_is_skipped(repository):
    repository.stage("README.md", "# A project\n")
    done = repository.run()
    assert done.returncode == 0
    assert "(no files to check)Skipped" in done.stdout


def test_a_notebook_is_handed_over(repository):
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    book = {"cells": [cell | {"source": CODE["sick"]}], "metadata": {}, "nbformat": 4}
    repository.stage("model.ipynb", json.dumps(book | {"nbformat_minor": 5}))
    done = repository.run("gradlint", "--format", "concise")
    assert done.returncode == 1
    assert "model.ipynb:cell 1:13" in done.stdout


def test_what_is_excluded_is_left_out(repository):
    repository.stage("pyproject.toml", "[tool.gradlint]\nexclude = ['old.py']\n")
    repository.stage("old.py", CODE["sick"])
    assert repository.run().returncode == 0


def test_hundreds_of_files_without_a_model_cost_seconds(repository):
    for number in range(FILES):
        (repository.folder / f"module_{number}.py").write_text("import os\n\n\ndef f(): pass\n")
    git("add", ".", cwd=repository.folder)
    repository.run()  # the first run fetches the hook
    started = time.perf_counter()
    done = repository.run()
    assert done.returncode == 0, done.stdout
    assert time.perf_counter() - started < SECONDS


def test_the_static_hook_fails_on_suspicions_and_runs_nothing(repository):
    mark = repository.folder / "was_run"
    repository.stage("model.py", f"{CODE['sick']}\n\nclass Mark:\n    open({str(mark)!r}, 'w')\n")
    done = repository.run("gradlint-static")
    assert done.returncode == 1
    assert "saturating-stack" in done.stdout
    assert not mark.exists()
