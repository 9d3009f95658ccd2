"""What a report means for the run: named models that must be done, and the exit status."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from gradlint.command.config import Settings
from gradlint.finding import Finding, Fix, ModelReport, Problem, Report, Status
from gradlint.formats.view import ALWAYS, DOUBTFUL, undone
from gradlint.rule import Severity, State

CLEAN, FINDINGS, NOT_DONE = 0, 1, 2


def with_named(report: Report) -> Report:
    """The report with a problem for each model that was named and could not be done."""
    problems = [
        Problem(report.of_model(model), undone(model), model.hint)
        for model in report.models
        if model.named and _not_done(model)
    ]
    return replace(report, problems=(*report.problems, *problems))


def _not_done(model: ModelReport) -> bool:
    """Whether less was done than asked for; without a probe, reading is all that is asked for."""
    return model.status is not Status.PROBED and bool(model.reason)


def exit_status(report: Report, settings: Settings, applied: Set[Fix]) -> int:
    """0 clean, 1 findings, 2 something could not be done, which wins."""
    if report.problems:
        return NOT_DONE
    return FINDINGS if _fails(report, settings, applied) else CLEAN


def _fails(report: Report, settings: Settings, applied: Set[Fix]) -> bool:
    if settings.fail_on == "never":
        return False
    if settings.fail_on == "not-built" and any(map(_not_done, report.models)):
        return True
    states = failing_states(settings)
    return any(
        finding.severity is Severity.ERROR
        and finding.state in states
        and finding.suppressed is None
        and not _healed(finding, applied)
        for finding in report.findings
    )


def failing_states(settings: Settings) -> frozenset[State]:
    """The states that make a finding fail the run."""
    return ALWAYS | DOUBTFUL if settings.fail_on == "suspected" else ALWAYS


def _healed(finding: Finding, applied: Set[Fix]) -> bool:
    return finding.proven and finding.fix in applied
