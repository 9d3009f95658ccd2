"""`gradlint rule` for programs, and what gradlint says it is tested on."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gradlint import tested
from gradlint.command.explanation import markdown
from gradlint.registry import documented, find_rule

ROOT = Path(__file__).parent.parent
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_json_of_a_rule_has_what_its_page_has(gradlint):
    status, out, _ = gradlint("rule", "GRD101", "--format", "json")
    rule = json.loads(out)
    assert status == 0
    assert rule["name"] == "saturating-stack"
    assert list(rule["sections"]) == ["References", "Fix safety", "Known limits"]
    assert rule["thresholds"]["min-depth"] == 4
    assert "References" not in rule["reason"]


def test_the_json_of_a_rule_has_its_examples_without_marks(gradlint):
    examples = json.loads(gradlint("rule", "GRD101", "--format", "json")[1])["examples"]
    assert [example["kind"] for example in examples] == [
        "confirmed",
        "healthy",
        "healthy",
        "cleared",
    ]
    assert "torch.relu" in examples[0]["fixed"]
    assert "«" not in examples[0]["code"]


def test_the_markdown_of_a_rule_is_what_sarif_shows(gradlint):
    assert gradlint("rule", "tiny-init", "--format", "markdown")[1] == (
        markdown(find_rule("tiny-init")) + "\n"
    )


@pytest.mark.parametrize("format", ["text", "markdown", "json"])
def test_all_rules_are_listed(gradlint, format):
    out = gradlint("rule", "--format", format)[1]
    for rule in documented():
        assert rule.code in out
        assert rule.summary in out


def test_the_version_says_what_it_was_tested_on(gradlint):
    out = gradlint("--version")[1]
    assert f"tested on Python {tested.PYTHON[0]} and torch {tested.TORCH[0]}, " in out


def test_the_oldest_tested_versions_are_those_declared():
    assert f'requires-python = ">={tested.PYTHON[0]}"' in PYPROJECT
    oldest = re.search(r'"torch>=([\d.]+)"', PYPROJECT)[1]
    assert tested.TORCH[0].startswith(f"{oldest}.")


def test_the_pinned_torch_is_a_tested_one():
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert re.search(r"^torch==(.*)$", pins, re.MULTILINE)[1] in tested.TORCH


def test_ci_reads_the_versions_from_the_same_place():
    assert "gradlint/tested.py" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
