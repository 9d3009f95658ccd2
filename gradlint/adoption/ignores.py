"""Writes a suppression comment for every finding that is not accepted: `--add-ignores`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace

from gradlint.adoption.comments import Comments, Directive
from gradlint.adoption.suppression import IN_SOURCE
from gradlint.errors import GradlintError
from gradlint.finding import Finding, Problem, Report, Suppression
from gradlint.rule import State
from gradlint.source import Source
from gradlint.span import Edit, Span

LIMIT = 88  # a longer line gets its comment above it


def written(report: Report, comments: Mapping[str, Comments], states: Set[State]) -> Report:
    """The report after comments on findings in some states are written.

    A file is written whole or not at all.
    """
    wanted: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.state in states and is_ignorable(finding) and finding.span.path in comments:
            wanted.setdefault(finding.span.path, []).append(finding)
    done: list[Finding] = []
    problems = list(report.problems)
    for path, findings in wanted.items():
        source = comments[path].source
        try:
            source.edited(_edits(comments[path], findings)).write(source)
            done += findings
        except GradlintError as error:
            problems.append(Problem(path, error.message, error.hint))
    return replace(_suppressed(report, done), problems=tuple(problems))


def is_ignorable(finding: Finding) -> bool:
    """Whether a finding is about a model, and no comment or baseline accepts it."""
    is_notice = finding.evidence is None and finding.state is State.CONFIRMED
    return not is_notice and finding.suppressed is None


def _suppressed(report: Report, done: list[Finding]) -> Report:
    suppression = Suppression(IN_SOURCE, "")
    models = tuple(
        replace(
            model,
            findings=tuple(
                replace(each, suppressed=suppression) if each in done else each
                for each in model.findings
            ),
        )
        for model in report.models
    )
    return replace(report, models=models)


def _edits(comments: Comments, findings: list[Finding]) -> Iterator[Edit]:
    """One edit a line, or a comment that is there already."""
    more: dict[Directive, list[str]] = {}
    fresh: dict[int, list[str]] = {}
    for finding in findings:
        there = [each for each in comments.about(finding.span) if each.words]
        names = more.setdefault(there[0], []) if there else fresh.setdefault(finding.span.line, [])
        if finding.name not in names:
            names.append(finding.name)
    for directive, names in more.items():
        yield directive.naming((*directive.words, *names))
    for line, names in fresh.items():
        yield _placed(comments, line, f"# gradlint: ignore[{', '.join(names)}]")


def _placed(comments: Comments, line: int, text: str) -> Edit:
    """The comment behind the line, above it, or above its statement: where Python allows it."""
    source = comments.source
    behind = _behind(source, line, text)
    fits = len(source.line(line).rstrip()) + 2 + len(text) <= LIMIT
    first, _ = comments.statement(Span(source.path, line, 1, line, 1))
    above = [_above(source, line, text), _above(source, first, text)]
    for edit in [behind, *above] if fits else [*above, behind]:
        if _is_only_a_comment(source, edit):
            return edit
    raise GradlintError(f"line {line} has no room for a comment", f"write by hand: {text}")


def _behind(source: Source, line: int, text: str) -> Edit:
    whole = source.line(line)
    end = len(whole.rstrip())
    return Edit(Span(source.path, line, end + 1, line, len(whole) + 1), f"  {text}")


def _above(source: Source, line: int, text: str) -> Edit:
    whole = source.line(line)
    indentation = whole[: len(whole) - len(whole.lstrip())]
    end = "\r\n" if "\r\n" in source.text else "\n"
    return Edit(Span(source.path, line, 1, line, 1), f"{indentation}{text}{end}")


def _is_only_a_comment(source: Source, edit: Edit) -> bool:
    """Whether the code stays what it is, and the comment is read: not so in a long string."""
    after = source.edited([edit])
    try:
        same = ast.dump(after.tree) == ast.dump(source.tree)
    except GradlintError:
        return False
    return same and len(Comments(after).directives) > len(Comments(source).directives)
