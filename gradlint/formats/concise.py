"""One line a finding, for editors and for reading many."""

from __future__ import annotations

import click

from gradlint.finding import Finding
from gradlint.formats.view import View, footer, note, sentence
from gradlint.rule import Severity, State


def render(view: View) -> str:
    """Findings, then notes on models that were not measured, then the summary."""
    lines = [line(view, finding) for _, finding in view.findings]
    if not view.quiet:
        lines += [note(view, model) for model in view.noted]
        lines.append(footer(view))
    return "\n".join(lines)


def line(view: View, finding: Finding) -> str:
    """A finding in one line."""
    head = click.style(f"{finding.code} {finding.name}", bold=True)
    text = f"{view.report.place(finding.span)}: {head}: {sentence(finding)}"
    return text + "".join(f" [{mark}]" for mark in _marks(view, finding))


def _marks(view: View, finding: Finding) -> list[str]:
    marks = [] if finding.state is State.CONFIRMED else [str(finding.state)]
    if finding.severity is Severity.WARNING:
        marks.append("warning")
    if finding.fix is not None:
        kind = "unsafe" if finding.fix.unsafe else "verified" if finding.evidence else "safe"
        marks.append("fixed" if finding.fix in view.applied else f"{kind} fix")
    return marks
