"""The documentation site: it builds without a warning, and has what it promises."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gradlint.finding import Problem, Suppression
from gradlint.formats.json import SCHEMA_VERSION
from gradlint.registry import documented, rules
from gradlint.rule import State

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
SCHEMA = json.loads((DOCS / "gradlint.schema.json").read_text(encoding="utf-8"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_changelog_keeps_its_form():
    first, *headings = re.findall(r"^#+ .*", CHANGELOG, re.MULTILINE)
    release = r"## \[?(Unreleased|\d+\.\d+\.\d+)\]?( - \d{4}-\d\d-\d\d)?"
    kinds = r"### (Added|Changed|Deprecated|Removed|Fixed|Security)"
    assert first == "# Changelog"
    assert [each for each in headings if not re.fullmatch(f"{release}|{kinds}", each)] == []
    assert headings[0] == "## Unreleased"


def test_the_schema_accepts_what_json_prints(gradlint, report, sick, unbuilt, changed):
    jsonschema = pytest.importorskip("jsonschema")
    accepted = Suppression("baseline", "")
    states = [replace(sick, state=state) for state in State]
    found = changed(report, findings=(*states, replace(sick, suppressed=accepted, evidence=None)))
    problem = Problem("other.py", "cannot import", "install it")
    found = replace(found, models=(*found.models, unbuilt), problems=(problem,))
    document = json.loads(gradlint(".", "-v", "--format", "json", finds=found)[1])
    assert len(document["findings"]) == len(found.models[0].findings)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


def test_the_schema_names_every_key_that_json_prints(gradlint, report):
    document = json.loads(gradlint(".", "--format", "json", finds=report)[1])
    known = set(re.findall(r'"(\w+)": \{', json.dumps(SCHEMA)))
    assert set(_keys(document)) <= known
    assert SCHEMA["properties"]["schema_version"]["const"] == SCHEMA_VERSION


def _keys(value):
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _keys(each)
    elif isinstance(value, list):
        for each in value:
            yield from _keys(each)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built without a warning."""
    if not importlib.util.find_spec("material"):
        pytest.skip("mkdocs-material is not installed: pip install -e '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("rule", documented(), ids=lambda rule: rule.name)
def test_every_rule_has_a_page(site, rule):
    page = (site / "rules" / rule.name / "index.html").read_text(encoding="utf-8")
    assert rule.code in page
    assert page.count("<polyline") == (2 if rule in rules() else 0)


@pytest.mark.slow
def test_the_pictures_show_that_the_fix_heals(site):
    page = (site / "rules" / "saturating-stack" / "index.html").read_text(encoding="utf-8")
    number = r"(\d\.\d+e[+-]\d+)"
    sentence = rf"before {number} at the first .*?, after {number} at the first"
    before, after = map(float, re.search(sentence, page).groups())
    assert before < 1e-8 < 1e-4 < after


@pytest.mark.slow
def test_every_page_is_in_the_navigation(site):
    start = (site / "index.html").read_text(encoding="utf-8")
    for path in DOCS.glob("*.md"):
        if path.stem != "index":
            assert f'href="{path.stem}/"' in start


@pytest.mark.slow
def test_nothing_that_makes_the_site_is_published(site):
    assert not list(site.rglob("*.py"))
    assert not (site / "hooks").exists()


def test_in_the_transcript_of_adoption_the_gate_fails_on_the_new_model_alone():
    page = (DOCS / "adoption.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n((?:.*\n)*?)```$", page, re.MULTILINE)
    statuses = [re.findall(r"^\$ echo \$\?\n(\d)", block, re.MULTILINE) for block in blocks]
    assert statuses == [["1"], ["0"], ["0"], ["1"], ["0", "0"]]
    failing = blocks[3]
    assert re.findall(r"^  --> (.*?):", failing, re.MULTILINE) == ["lesson9/deep_regression.py"]
