"""The models in examples/, tests/healthy and tests/zoo, checked as a user checks them."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = {
    "constant_init.py": "GRD301",
    "deep_mlp.py": "GRD304",
    "huge_init.py": "GRD303",
    "mlp_factory.py": "GRD304",
    "plain_cnn_40.py": "GRD304",
    "rnn_500_steps.py": "GRD501",
    "sigmoid_autoencoder.py": "GRD101",
    "sigmoid_mlp.py": "GRD101",
    "spirals.ipynb": "GRD101",
    "tanh_tower.py": "GRD304",
    "tiny_init.py": "GRD302",
}


@cache
def checked(folder: str) -> dict:
    """What `gradlint FOLDER --format json` prints."""
    command = [sys.executable, "-m", "gradlint", folder, "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert report["errors"] == [], report["errors"]
    return report


def files(folder: str) -> list[str]:
    models = (path for path in (ROOT / folder).iterdir() if path.suffix in (".py", ".ipynb"))
    return sorted(path.name for path in models)


def confirmed(folder: str, name: str) -> list[dict]:
    return [
        finding
        for finding in checked(folder)["findings"]
        if finding["path"] == f"{folder}/{name}" and finding["state"] == "confirmed"
    ]


def statuses(folder: str, name: str) -> set[str]:
    models = checked(folder)["models"]
    return {model["status"] for model in models if model["path"] == f"{folder}/{name}"}


@pytest.mark.parametrize("name", files("examples"))
def test_a_sick_example_is_confirmed_with_a_verified_fix_and_a_healthy_one_is_not(name):
    found = confirmed("examples", name)

    assert statuses("examples", name) == {"probed"}
    assert [finding["rule"]["code"] for finding in found] == [
        code for file, code in EXAMPLES.items() if file == name
    ]
    assert all(finding["fixes"][0]["verified"] for finding in found)


@pytest.mark.parametrize("name", files("tests/healthy"))
def test_nothing_is_confirmed_in_a_healthy_model(name):
    assert statuses("tests/healthy", name) == {"probed"}
    assert confirmed("tests/healthy", name) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", files("tests/zoo"))
def test_a_sick_model_is_found_and_fixed_however_it_is_written(name):
    first = (ROOT / "tests/zoo" / name).read_text(encoding="utf-8").splitlines()[0]

    found = confirmed("tests/zoo", name)

    assert [f"# sick: {finding['rule']['code']}" for finding in found] == [first]
    assert all(finding["fixes"][0]["verified"] for finding in found)
