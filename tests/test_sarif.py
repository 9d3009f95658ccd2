"""SARIF: what GitHub needs of it, and the word of the official validator."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from shutil import which

import pytest

from gradlint.command.explanation import explained, markdown
from gradlint.finding import Problem, Suppression
from gradlint.formats import sarif
from gradlint.formats.view import RuleText, View
from gradlint.registry import find_rule, rules
from gradlint.rule import Severity, State
from gradlint.source import Source
from gradlint.span import Edit, Span

VALIDATOR = "@microsoft/sarif-multitool@5.7.0"
ALL = frozenset(State)
STACK = RuleText(
    "GRD101",
    "saturating-stack",
    Severity.ERROR,
    "saturating activations shrink the gradient",
    "They multiply slopes below one.",
    "the page as text",
    "# the page",
)


def run_of(view):
    (run,) = json.loads(sarif.render(view))["runs"]
    return run


def test_what_it_looks_like(report, unbuilt, snapshot):
    problem = Problem("other.py:3", "cannot import (ModuleNotFoundError: timm)", "install timm")
    report = replace(report, models=(*report.models, unbuilt), problems=(problem,))
    snapshot("report.sarif", sarif.render(View(report, rules=(STACK,))) + "\n")


def test_a_report_without_findings_is_a_run(report, changed):
    run = run_of(View(changed(report, findings=())))
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is True


@pytest.mark.parametrize(
    ("state", "severity", "failing", "kind", "level"),
    [
        (State.CONFIRMED, Severity.ERROR, State.CONFIRMED, "fail", "error"),
        (State.CONFIRMED, Severity.WARNING, State.CONFIRMED, "fail", "warning"),
        (State.SUSPECTED, Severity.ERROR, State.CONFIRMED, "review", "none"),
        (State.UNPROVEN, Severity.ERROR, State.CONFIRMED, "open", "none"),
        (State.CLEARED, Severity.ERROR, State.CONFIRMED, "pass", "none"),
        (State.SUSPECTED, Severity.ERROR, State.SUSPECTED, "fail", "error"),
    ],
)
def test_kind_and_level(report, changed, sick, state, severity, failing, kind, level):
    found = changed(report, findings=(replace(sick, state=state, severity=severity),))
    (result,) = run_of(View(found, ALL, failing=frozenset({failing})))["results"]
    assert (result["kind"], result["level"]) == (kind, level)


def test_every_result_points_to_its_rule(report, changed, sick):
    other = replace(sick, code="GRD901", name="unused-ignore")
    run = run_of(View(changed(report, findings=(other, sick)), rules=(STACK,)))
    described = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert described[result["ruleIndex"]]["id"] == result["ruleId"]
    assert [rule["name"] for rule in described] == ["SaturatingStack", "UnusedIgnore"]


def test_fingerprints_are_unique(report, changed, sick):
    run = run_of(View(changed(report, findings=(sick, replace(sick, label="again")))))
    marks = [result["partialFingerprints"] for result in run["results"]]
    assert [each["primaryLocationLineHash"] for each in marks] == ["5f2c:1", "5f2c:2"]
    assert {each["gradlint/v1"] for each in marks} == {"5f2c"}


@pytest.mark.parametrize(
    ("kind", "reason", "exported"),
    [
        (
            "in-source",
            "shallow on purpose",
            {"kind": "inSource", "status": "accepted", "justification": "shallow on purpose"},
        ),
        ("baseline", "", {"kind": "external", "status": "accepted"}),
    ],
)
def test_suppressions_are_exported_with_their_reasons(
    report, changed, sick, kind, reason, exported
):
    accepted = replace(sick, suppressed=Suppression(kind, reason))
    (result,) = run_of(View(changed(report, findings=(accepted,))))["results"]
    assert result["suppressions"] == [exported]


def test_columns_count_code_points(report, changed, sick):
    text = 'x = {"層𝕏é": nn.Sigmoid()}\n'
    span = Span("model.py", 1, 13, 1, 25)
    fix = replace(sick.fix, edits=(Edit(span, "nn.ReLU()"),))
    found = changed(report, findings=(replace(sick, span=span, related=(), fixes=(fix,)),))
    source = Source("model.py", text)
    run = run_of(View(replace(found, sources={"model.py": source})))
    assert run["columnKind"] == "unicodeCodePoints"
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region["snippet"]["text"] == "nn.Sigmoid()"
    assert region["startColumn"] == text.index("nn.") + 1


def test_replacements_make_the_fix(report, sick):
    (result,) = run_of(View(report))["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    edits = [
        Edit(Span("model.py", *each["deletedRegion"].values()), each["insertedContent"]["text"])
        for each in change["replacements"]
    ]
    source = report.sources["model.py"]
    assert source.edited(edits).text == source.edited(sick.fix.edits).text


def test_what_was_fixed_is_not_reported(report, sick):
    assert run_of(View(report, applied=frozenset({sick.fix})))["results"] == []


def test_a_problem_of_gradlint_has_no_file(report):
    found = replace(report, problems=(Problem("gradlint", "no torch", "install it"),))
    (notification,) = run_of(View(found))["invocations"][0]["toolExecutionNotifications"]
    assert notification == {"level": "error", "message": {"text": "no torch (hint: install it)"}}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_every_rule_is_explained(rule):
    text = explained(rule)
    assert 0 < len(text.reason) <= 1024
    assert ":\n" not in text.reason
    for title in ("## References\n", "## Fix safety\n", "## Known limits\n", "```diff\n"):
        assert title in text.markdown
    assert "«" not in text.markdown


def test_the_page_of_a_rule_in_markdown(snapshot):
    snapshot("rule.md", markdown(find_rule("saturating-stack")) + "\n")


@pytest.fixture(scope="session")
def validator(tmp_path_factory):
    """The official validator, from npm."""
    npm = which("npm")
    if npm is None:
        pytest.skip("npm is not installed, and the SARIF validator comes from it")
    folder = tmp_path_factory.mktemp("sarif")
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), VALIDATOR]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"npm could not install {VALIDATOR}: {done.stderr.strip()[-200:]}")
    return folder / "node_modules" / ".bin" / "sarif-multitool"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Sarif", "Gh"])
@pytest.mark.parametrize("found", ["nothing", "much"])
def test_the_official_validator_objects_to_nothing(
    project, gradlint, report, changed, sick, unbuilt, validator, kind, found
):
    problem = Problem("other.py:3", "cannot import (ModuleNotFoundError: timm)", "install timm")
    states = (replace(sick, state=state) for state in State)
    much = changed(report, findings=(*states, replace(sick, code="GRD901", name="unused-ignore")))
    much = replace(much, models=(*much.models, unbuilt), problems=(problem,))
    gradlint(
        "-v", "--suspected", "-o", f"sarif={found}.sarif", finds=much if found == "much" else None
    )
    command = [validator, "validate", f"{found}.sarif", "--rule-kind", kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Analysis completed successfully." in done.stdout
    objections = re.findall(r"(?:error|warning) (\w+):", done.stdout)
    unpublished = {"SARIF2005"}  # there is no address to give yet
    assert set(objections) <= (set() if sarif.SITE else unpublished), done.stdout
