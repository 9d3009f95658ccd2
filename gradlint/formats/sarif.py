"""SARIF 2.1.0, for code scanning: the run, its rules and its findings."""

from __future__ import annotations

import json
from typing import Any

from gradlint import __version__
from gradlint.finding import Finding, ModelReport, Problem
from gradlint.formats.sarif_result import ROOT, artifact, result
from gradlint.formats.view import RuleText, View, fingerprints, one_line, split_place, undone

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

SITE = ""  # the address of the documentation; it is not published yet


def render(view: View) -> str:
    """The report as SARIF, in ASCII."""
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(view)]}
    return json.dumps(document, indent=2, allow_nan=False)


def _run(view: View) -> dict[str, Any]:
    findings = [finding for _, finding in view.exported if not view.healed(finding)]
    rules = _rules(view, findings)
    index = {rule.code: number for number, rule in enumerate(rules)}
    return {
        "tool": {"driver": _driver(rules)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(view)],
        "results": [
            result(view, finding, index[finding.code], fingerprint)
            for finding, fingerprint in zip(findings, fingerprints(findings), strict=True)
        ],
    }


def _driver(rules: list[RuleText]) -> dict[str, Any]:
    driver = {"name": "gradlint", "version": __version__, "semanticVersion": __version__}
    address = {"informationUri": SITE} if SITE else {}
    return driver | address | {"rules": [_rule(rule) for rule in rules]}


def _rules(view: View, findings: list[Finding]) -> list[RuleText]:
    """The rules that are explained, and those that only findings name."""
    known = {rule.code: rule for rule in view.rules}
    for each in findings:
        known.setdefault(each.code, RuleText(each.code, each.name, each.severity, each.name))
    return list(known.values())


def _rule(rule: RuleText) -> dict[str, Any]:
    described = {
        "id": rule.code,
        "name": "".join(map(str.capitalize, rule.name.split("-"))),
        "shortDescription": {"text": f"{rule.summary[:1].upper()}{rule.summary[1:]}."},
        "fullDescription": {"text": rule.reason or rule.name},
        "help": {"text": rule.text or rule.name, "markdown": rule.markdown or rule.name},
        "defaultConfiguration": {"level": str(rule.severity)},
    }
    if SITE:
        described["helpUri"] = f"{SITE}/rules/{rule.name}/"
    if rule.precision:
        described["properties"] = {"precision": rule.precision}
    return described


def _invocation(view: View) -> dict[str, Any]:
    notifications = [_problem(each) for each in view.report.problems]
    notifications += [_note(view, model) for model in view.noted]
    return {
        "executionSuccessful": not view.report.problems,
        "toolExecutionNotifications": notifications,
    }


def _problem(problem: Problem) -> dict[str, Any]:
    path, line = split_place(problem.path)
    text = f"{one_line(problem.message)}{f' (hint: {one_line(problem.hint)})' * bool(problem.hint)}"
    return _notification("error", text, "" if path == "gradlint" else path, line)


def _note(view: View, model: ModelReport) -> dict[str, Any]:
    return _notification("note", undone(model), *split_place(view.report.of_model(model)))


def _notification(level: str, text: str, path: str, line: int | None) -> dict[str, Any]:
    notification: dict[str, Any] = {"level": level, "message": {"text": text}}
    if path:
        place: dict[str, Any] = {"artifactLocation": artifact(path)}
        if line:
            place["region"] = {"startLine": line}
        notification["locations"] = [{"physicalLocation": place}]
    return notification
