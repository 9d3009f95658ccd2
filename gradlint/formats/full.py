"""The format for people: where, why, measured how, and the fix with its proof."""

from __future__ import annotations

from collections.abc import Iterator

import click

from gradlint.finding import Finding, Fix, ModelReport
from gradlint.formats.excerpt import changes, excerpt, width
from gradlint.formats.view import View, count, decimal, footer, note, one_line, unit
from gradlint.rule import Checkpoint, Severity, State

PLACES = 4  # as many other places are shown without --verbose

_CHECKPOINTS = {
    Checkpoint.KEEPS: "saved checkpoints keep loading",
    Checkpoint.ADDS: "saved checkpoints load without the new parameters",
    Checkpoint.CHANGES: "saved checkpoints do not load",
}


def render(view: View) -> str:
    """Findings, then notes on models that were not measured, then the summary."""
    blocks = [block(view, model, finding) for model, finding in view.findings]
    if view.quiet:
        return "\n\n".join(blocks)
    notes = [line for model in view.noted for line in _note(view, model)]
    measured = [line for model in view.report.models for line in _measured(view, model)]
    blocks += ["\n".join(lines) for lines in (notes, measured) if lines]
    return "\n\n".join([*blocks, footer(view)])


def block(view: View, model: ModelReport, finding: Finding) -> str:
    """All that is said of a finding."""
    return "\n".join(_finding(view, model, finding))


def _finding(view: View, model: ModelReport, finding: Finding) -> Iterator[str]:
    gutter = _gutter(view, finding)
    yield _header(view, finding)
    yield f"{_arrow(gutter)} {view.report.place(finding.span)}  {finding.target}".rstrip()
    source = view.source(finding.span.path)
    if source is not None:
        yield from excerpt(source, finding.span, finding.label, gutter)
    if finding.evidence is not None or finding.state is not State.CONFIRMED:
        yield _evidence(model, finding)
    yield from _related(view, finding)
    for fix in finding.fixes:
        if fix is finding.fix:
            yield from _fix(view, finding, fix, gutter)
        else:
            yield f"tried: {fix.title}: {fix.why_not}"


def _arrow(gutter: int) -> str:
    return " " * gutter + click.style("-->", fg="blue")


def _gutter(view: View, finding: Finding) -> int:
    """Wide enough for every line number that is shown."""
    edits = finding.fix.edits if finding.fix else ()
    added = sum(edit.text.count("\n") for edit in edits)
    _, span = view.report.shown(finding.span)
    ends = (view.report.shown_edit(edit)[1].span.end_line + added for edit in edits)
    last = max([span.line, *ends])
    return len(str(last))


def _header(view: View, finding: Finding) -> str:
    left = f"{finding.code} {finding.name}  {finding.message}"
    right = f"{finding.severity}, {finding.state}"
    grave = finding.state is State.CONFIRMED and finding.severity is Severity.ERROR
    head, colour = f"{finding.code} {finding.name}", "red" if grave else "yellow"
    return left.replace(head, click.style(head, fg=colour, bold=True), 1) + _flush(
        view, left, right
    )


def _flush(view: View, left: str, right: str) -> str:
    """The text at the right margin; a long line pushes it further, and is not broken."""
    return " " * max(2, view.width - width(left) - width(right)) + right


def _evidence(model: ModelReport, finding: Finding) -> str:
    evidence = finding.evidence
    if evidence is None:
        return f"not measured: {one_line(model.reason)}" if model.reason else "not measured"
    limit = f"limit {decimal(evidence.limit)}; median of {count(evidence.seeds, 'seed')}"
    return f"measured: {evidence.sentence} ({limit})"


def _related(view: View, finding: Finding) -> Iterator[str]:
    shown = finding.related if view.verbose else finding.related[:PLACES]
    for related in shown:
        yield f"also: {related.message} ({view.report.place(related.span)})"
    rest = len(finding.related) - len(shown)
    if rest:
        yield f"also: {count(rest, 'more place')} (shown with --verbose)"


def _fix(view: View, finding: Finding, fix: Fix, gutter: int) -> Iterator[str]:
    if finding.evidence is None:
        yield from _plain_fix(view, fix, gutter)
        return
    state = "applied" if fix in view.applied else "unsafe" if fix.unsafe else "verified"
    left = f"fix [{state}]: {fix.title}"
    numbers = f"{decimal(fix.before)} -> {decimal(fix.after)} {unit(finding)}"
    color = "yellow" if fix.unsafe else "green"
    yield left.replace(state, click.style(state, fg=color), 1) + _flush(view, left, numbers)
    for path in dict.fromkeys(edit.span.path for edit in fix.edits):
        yield from _changes(view, fix, path, gutter)
    if fix.unsafe:
        yield f"not verified: {fix.why_not}"
        return
    trial = f"{decimal(fix.trial_before, 2)} -> {decimal(fix.trial_after, 2)}"
    yield f"trial: loss {trial} of the best constant; {_CHECKPOINTS[fix.checkpoint]}"


def _plain_fix(view: View, fix: Fix, gutter: int) -> Iterator[str]:
    """Of a comment: there is nothing to measure."""
    state = click.style("applied" if fix in view.applied else "safe", fg="green")
    yield f"fix [{state}]: {fix.title}"
    yield from _changes(view, fix, fix.edits[0].span.path, gutter)


def _changes(view: View, fix: Fix, path: str, gutter: int) -> Iterator[str]:
    before = view.source(path)
    if before is None:
        return
    parts = list(before.changes(before.edited(fix.edits)))
    for name, old, new in parts:
        if before.notebook is not None or len({edit.span.path for edit in fix.edits}) > 1:
            yield f"{_arrow(gutter)} {name}"
        yield from changes(old, new, gutter)


def _note(view: View, model: ModelReport) -> Iterator[str]:
    yield note(view, model)
    if model.hint:
        yield f"  hint: {one_line(model.hint)}"


def _took(model: ModelReport) -> str:
    return f"{model.seconds:.1f} s{' in an earlier run' if model.cached else ''}"


def _measured(view: View, model: ModelReport) -> Iterator[str]:
    """With --verbose: what each model was fed."""
    if view.verbose and not model.reason:
        place = view.report.of_model(model)
        how = model.inputs or "from its source alone"
        yield f"{place}: {model.target} {model.status}: {how} ({_took(model)})"
        for argument in model.arguments:
            yield f"  {argument.name} = {argument.value}, from {argument.origin}"
