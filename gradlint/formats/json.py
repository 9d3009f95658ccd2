"""The format for other programs: one object, and nothing else."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from gradlint import __version__
from gradlint.finding import Evidence, Finding, Fix, ModelReport, Problem, Related, Report
from gradlint.formats.view import View
from gradlint.span import Edit, Span

SCHEMA_VERSION = 1


def render(view: View) -> str:
    """The report as JSON, in ASCII."""
    return json.dumps(document(view), indent=2, allow_nan=False)


def document(view: View) -> dict[str, Any]:
    """The report as JSON has it."""
    report = view.report
    return {
        "schema_version": SCHEMA_VERSION,
        "gradlint": __version__,
        "torch": report.torch,
        "models": [_model(model) for model in report.models],
        "findings": [_finding(report, finding) for _, finding in view.exported],
        "errors": [_problem(problem) for problem in report.problems],
    }


def _model(model: ModelReport) -> dict[str, Any]:
    return {
        "path": model.path,
        "target": model.target,
        "status": model.status,
        "reason": model.reason,
        "hint": model.hint,
        "built": model.built,
        "arguments": [asdict(argument) for argument in model.arguments],
        "inputs": model.inputs,
        "seconds": number(round(model.seconds, 3)),
        "cached": model.cached,
    }


def _finding(report: Report, finding: Finding) -> dict[str, Any]:
    return {
        "rule": {"code": finding.code, "name": finding.name},
        "severity": finding.severity,
        "state": finding.state,
        **_place(*report.shown(finding.span)),
        "target": finding.target,
        "message": finding.message,
        "signature": finding.signature,
        "related": [_related(report, related) for related in finding.related],
        "evidence": evidence(finding.evidence) if finding.evidence else None,
        "fixes": [_fix(report, fix) for fix in finding.fixes],
        "suppressed": asdict(finding.suppressed) if finding.suppressed else None,
    }


def _place(cell: int | None, span: Span) -> dict[str, Any]:
    return {**asdict(span), "cell": cell}


def _related(report: Report, related: Related) -> dict[str, Any]:
    return {**_place(*report.shown(related.span)), "message": related.message}


def evidence(found: Evidence) -> dict[str, Any]:
    """The numbers behind a verdict."""
    return {
        "quantity": found.quantity,
        "measured": number(found.measured),
        "limit": number(found.limit),
        "seeds": found.seeds,
    }


def _fix(report: Report, fix: Fix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "checkpoint": fix.checkpoint,
        "verified": fix.verified,
        "unsafe": fix.unsafe,
        "why_not": fix.why_not,
        "before": number(fix.before),
        "after": number(fix.after),
        "trial_before": number(fix.trial_before),
        "trial_after": number(fix.trial_after),
        "edits": [_edit(*report.shown_edit(edit)) for edit in fix.edits],
    }


def _edit(cell: int | None, edit: Edit) -> dict[str, Any]:
    return {**_place(cell, edit.span), "text": edit.text}


def _problem(problem: Problem) -> dict[str, Any]:
    return {"path": problem.path, "message": problem.message, "hint": problem.hint}


def number(value: float) -> float | str:
    """JSON has no infinity: "inf", "-inf" and "nan" are texts."""
    return value if math.isfinite(value) else str(float(value))
