"""action.yml and the examples for other hosts: they parse, fit together, and do what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = ACTION["runs"]["steps"]
GITHUB = yaml.safe_load((ROOT / "docs/ci/github.yml").read_text(encoding="utf-8"))
GITLAB = yaml.safe_load((ROOT / "docs/ci/gitlab.yml").read_text(encoding="utf-8"))
JENKINS = (ROOT / "docs/ci/Jenkinsfile").read_text(encoding="utf-8")
(RUN,) = (step for step in STEPS if step.get("id") == "gradlint")
VALIDATOR = ["@action-validator/core@0.6.0", "@action-validator/cli@0.6.0"]

SCRIPTS = {
    **{f"step {n}": step["run"] for n, step in enumerate(STEPS) if "run" in step},
    "gitlab": "\n".join(GITLAB["gradlint"]["script"]),
    "jenkins": JENKINS.split("'''")[1],
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_the_shell_lines_are_bash(script):
    done = subprocess.run(["bash", "-n", "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_every_option_that_is_used_exists(script, gradlint):
    known = gradlint("--help")[1]
    for option in re.findall(r"--[a-z-]+", script):
        assert option in known
    for name in re.findall(r'-o "?([a-z]+)=', script):
        assert name in known


def test_every_input_is_used_and_no_other():
    used = set(re.findall(r"inputs\.([a-z-]+)", str(STEPS)))
    assert used == set(ACTION["inputs"])


def test_no_input_is_written_into_a_shell_line():
    assert not [step for step in STEPS if "${{" in step.get("run", "")]


def test_every_step_that_is_referred_to_exists_before():
    known: set[str] = set()
    for step in [*STEPS, {"uses": str(ACTION["outputs"])}]:
        assert set(re.findall(r"steps\.(\w+)\.", str(step))) <= known
        known.add(step.get("id", ""))


def test_the_example_workflow_gives_inputs_that_exist():
    (step,) = (each for each in GITHUB["jobs"]["gradlint"]["steps"] if "gradlint@" in str(each))
    assert set(step["with"]) <= set(ACTION["inputs"])


@pytest.fixture
def action(tmp_path):
    """Run the step of the action that runs gradlint, as a runner does."""
    outputs = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    def run(where, **inputs):
        variables = dict.fromkeys(RUN["env"], "") | {"ANNOTATIONS": "true"} | inputs
        variables |= {name: str(path) for name, path in outputs.items()}
        folder = str(Path(sys.executable).parent)
        variables |= {"RUNNER_TEMP": str(temporary), "NO_COLOR": "1"}
        variables["PATH"] = os.pathsep.join([folder, os.environ["PATH"]])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", RUN["run"]],
            cwd=where,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        return done, *(p.read_text() if p.exists() else "" for p in outputs.values())

    return run


def test_the_action_keeps_a_clean_status(tmp_path, action):
    (tmp_path / "plain.py").write_text("import os\n")
    done, outputs, _ = action(tmp_path, PATHS="plain.py", ARGS="--seed 1")
    assert done.returncode == 0, done.stderr
    assert f"status=0\nsarif={tmp_path}/temporary/gradlint.sarif\n" == outputs


def test_the_action_does_not_hide_what_could_not_be_done(tmp_path, action):
    done, outputs, _ = action(tmp_path, PATHS="*.py")  # and `*` is no pattern
    assert done.returncode == 2
    assert "*.py: error: no such file" in done.stderr
    assert "status=2\n" in outputs


def test_the_action_without_annotations_prints_none(tmp_path, action):
    done, *_ = action(tmp_path, PATHS="missing.py", ANNOTATIONS="false")
    assert "::error" not in done.stdout
    assert "::error" in action(tmp_path, PATHS="missing.py")[0].stdout


@pytest.mark.slow
def test_the_action_fails_where_a_model_is_sick_and_says_so_everywhere(action):
    done, outputs, summary = action(ROOT, PATHS="examples/sigmoid_mlp.py")
    assert done.returncode == 1
    assert done.stdout.startswith("GRD101 saturating-stack")
    assert "\n::error file=examples/sigmoid_mlp.py,line=11," in done.stdout
    assert "status=1\n" in outputs
    assert "saturating-stack" in summary


@pytest.mark.slow
@pytest.mark.parametrize("path", ["action.yml", "docs/ci/github.yml"])
def test_the_validator_of_actions_objects_to_nothing(tmp_path, path):
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, and the validator of actions comes from it")
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(tmp_path), *VALIDATOR]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"npm could not install {VALIDATOR}: {done.stderr.strip()[-200:]}")
    folder = tmp_path if path == "action.yml" else tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True, exist_ok=True)
    copy = shutil.copy(ROOT / path, folder)
    validator = tmp_path / "node_modules" / ".bin" / "action-validator"
    done = subprocess.run([validator, copy], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
