"""Markdown, for the summary of a workflow or a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from gradlint.finding import Finding, ModelReport, Problem
from gradlint.formats.difference import difference, offer
from gradlint.formats.markup import code, fenced, plain
from gradlint.formats.view import View, count, decimal, footer, note, one_line, sentence
from gradlint.rule import Severity, State

ROWS = 100
LENGTH = 60_000  # GitHub takes 65,536 characters in a comment
_HEAD = "| | where | model | rule | finding | measured |\n| --- | --- | --- | --- | --- | --- |"


def render(view: View) -> str:
    """A table, the details of each finding as far as they fit, notes, and the summary."""
    blocks = ["## gradlint"]
    if view.findings:
        blocks.append("\n".join([_HEAD, *_rows(view)]))
    tail = [*_notes(view), plain(footer(view))]
    room = LENGTH - sum(map(len, [*blocks, *tail]))
    return "\n\n".join([*blocks, *_fitting(list(_details(view)), room), *tail])


def _rows(view: View) -> Iterator[str]:
    for _, finding in view.findings[:ROWS]:
        yield f"| {' | '.join(_cells(view, finding))} |"
    if len(view.findings) > ROWS:
        yield f"| | and {len(view.findings) - ROWS} more | | | | |"


def _cells(view: View, finding: Finding) -> tuple[str, ...]:
    evidence = finding.evidence
    measured = f"{decimal(evidence.measured)} (limit {decimal(evidence.limit)})" if evidence else ""
    return (
        _mark(view, finding),
        code(view.report.place(finding.span)),
        code(finding.target) if finding.target else "",
        f"{finding.code} {finding.name}",
        plain(finding.message),
        measured,
    )


def _mark(view: View, finding: Finding) -> str:
    if finding.fix in view.applied:
        return "fixed"
    if finding.state is not State.CONFIRMED:
        return str(finding.state)
    return "**error**" if finding.severity is Severity.ERROR else "warning"


def _details(view: View) -> Iterator[str]:
    for model, finding in view.findings:
        inside = f" in <code>{escape(one_line(finding.target))}</code>" if finding.target else ""
        title = f"{finding.code} {finding.name}{inside}"
        parts = [f"<details><summary>{title}</summary>", *_said(view, model, finding), "</details>"]
        yield "\n\n".join(parts)


def _said(view: View, model: ModelReport, finding: Finding) -> Iterator[str]:
    where = f"{code(view.report.place(finding.span))}: {plain(sentence(finding))}"
    if finding.evidence is None and finding.state is not State.CONFIRMED:
        where += f" (not measured{': ' + code(model.reason) if model.reason else ''})"
    yield where
    others = [
        f"- also: {plain(each.message)} ({code(view.report.place(each.span))})"
        for each in finding.related
    ]
    others += [
        f"- tried: {plain(fix.title)}: {plain(fix.why_not)}"
        for fix in finding.fixes
        if not fix.verified
    ]
    if others:
        yield "\n".join(others)
    if finding.fix is not None:
        yield plain(offer(finding, finding.fix))
        yield fenced(difference(view, finding.fix), "diff")


def _fitting(details: list[str], room: int) -> Iterator[str]:
    """As many details as there is room for, and how many are left out."""
    for number, detail in enumerate(details):
        room -= len(detail) + 2
        if room < 0:
            rest = count(len(details) - number, "finding")
            yield f"The details of {rest} are left out: they would be too long for a comment."
            return
        yield detail


def _notes(view: View) -> Iterator[str]:
    lines = [f"- error: {_problem(each)}" for each in view.report.problems]
    if not view.quiet:
        lines += [f"- {code(note(view, model))}" for model in view.noted]
    if len(lines) > ROWS:
        lines[ROWS:] = [f"- and {len(lines) - ROWS} more"]
    if lines:
        yield "\n".join(lines)


def _problem(problem: Problem) -> str:
    hint = f" ({plain(problem.hint)})" if problem.hint else ""
    return code(f"{problem.path}: {problem.message}") + hint
