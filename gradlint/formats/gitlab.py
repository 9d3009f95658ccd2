"""The code quality report of GitLab."""

from __future__ import annotations

import json
from typing import Any

from gradlint.checkout import in_checkout
from gradlint.finding import Finding
from gradlint.formats.view import View, fingerprints, one_line, pointed, sentence
from gradlint.rule import State


def render(view: View) -> str:
    """A list of findings, in ASCII; the interface shows no rule, so the description names it."""
    findings = [finding for _, finding in view.remaining]
    named = zip(findings, fingerprints(findings), strict=True)
    return json.dumps([_finding(view, *each) for each in named], indent=2)


def _finding(view: View, finding: Finding, fingerprint: str) -> dict[str, Any]:
    cell, span = pointed(view, finding.span)
    said = one_line(f"{cell}{sentence(finding)}")
    return {
        "description": f"{finding.code} {finding.name}: {said}",
        "check_name": finding.name,
        "fingerprint": fingerprint,
        "severity": _severity(view, finding),
        "location": {
            "path": in_checkout(span.path),
            "positions": {
                "begin": {"line": span.line, "column": span.column},
                "end": {"line": span.end_line, "column": span.end_column},
            },
        },
    }


def _severity(view: View, finding: Finding) -> str:
    if view.fails(finding):
        return "major"
    return "minor" if finding.state is State.CONFIRMED else "info"
