"""Fixes that could not be verified, for those who ask for them: `--unsafe-fixes`."""

from __future__ import annotations

from dataclasses import replace

from gradlint.finding import Finding, Fix, Report
from gradlint.rule import State


def offered(report: Report) -> Report:
    """The report with the best of what was tried as the offer, where nothing was verified."""
    models = tuple(
        replace(model, findings=tuple(map(_offered, model.findings))) for model in report.models
    )
    return replace(report, models=models)


def possible(finding: Finding) -> Fix | None:
    """What was tried and helped most, the gentlest of equals; None where nothing did."""
    if finding.state is not State.CONFIRMED or finding.fix is not None:
        return None
    helped = [fix for fix in finding.fixes if fix.after < fix.before]
    return min(helped, key=lambda fix: fix.after, default=None)


def _offered(finding: Finding) -> Finding:
    best = possible(finding)
    if best is None:
        return finding
    others = [fix for fix in finding.fixes if fix is not best]
    return replace(finding, fixes=(replace(best, unsafe=True), *others))
