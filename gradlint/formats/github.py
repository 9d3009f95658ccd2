"""Annotations in the log of a GitHub workflow, which shows them beside the lines they are about."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import click

from gradlint.checkout import in_checkout
from gradlint.finding import Finding, Problem
from gradlint.formats import concise
from gradlint.formats.difference import offer
from gradlint.formats.view import View, count, one_line, pointed, sentence, split_place
from gradlint.rule import State

LIMIT = 10  # so many of a kind are shown of one step; GitHub drops the rest without a word


class Annotation(NamedTuple):
    """A workflow command, and what stands in the log where it would not be shown."""

    kind: str
    command: str
    plain: str


def render(view: View) -> str:
    """As many annotations as are shown; what is left over, as plain lines, is counted first."""
    found = [_problem(each) for each in view.report.problems]
    found += [_finding(view, finding) for _, finding in view.remaining]
    totals = Counter(each.kind for each in found)
    cut = {kind: total for kind, total in totals.items() if total > _limit(kind, totals)}
    lines = [_command("notice", {"title": "gradlint"}, _cut(cut, totals)).command] if cut else []
    shown: Counter[str] = Counter()
    rest = []
    for each in found:
        shown[each.kind] += 1
        if shown[each.kind] <= _limit(each.kind, totals):
            lines.append(each.command)
        else:
            rest.append(each.plain)
    return "\n".join([*lines, *rest])


def _limit(kind: str, totals: Counter[str]) -> int:
    """One notice less where a notice says that something is left out."""
    is_cut = any(total > LIMIT for total in totals.values())
    return LIMIT - 1 if kind == "notice" and is_cut else LIMIT


def _cut(cut: dict[str, int], totals: Counter[str]) -> str:
    parts = [f"{_limit(kind, totals)} of {count(total, kind)}" for kind, total in cut.items()]
    return f"{' and '.join(parts)} are shown: GitHub shows no more of a step. The log has the rest."


def _finding(view: View, finding: Finding) -> Annotation:
    cell, span = pointed(view, finding.span)
    place: dict[str, str | int] = {"file": in_checkout(span.path)}
    place |= {"line": span.line, "endLine": span.end_line}
    if span.line == span.end_line:  # columns of several lines make GitHub drop the annotation
        place |= {"col": span.column, "endColumn": span.end_column}
    text = f"{cell}{sentence(finding)}"
    if finding.fix is not None:
        text += f"\n{offer(finding, finding.fix)}"
    place["title"] = f"{finding.code} {finding.name}"
    made = _command(_kind(view, finding), place, text)
    return made._replace(plain=one_line(click.unstyle(concise.line(view, finding))))


def _kind(view: View, finding: Finding) -> str:
    if view.fails(finding):
        return "error"
    return "warning" if finding.state is State.CONFIRMED else "notice"


def _problem(problem: Problem) -> Annotation:
    path, line = split_place(problem.path)
    place: dict[str, str | int] = {} if path == "gradlint" else {"file": in_checkout(path)}
    if line is not None:
        place["line"] = line
    text = "\n".join(filter(None, (problem.message, problem.hint and f"hint: {problem.hint}")))
    made = _command("error", place | {"title": "gradlint"}, text)
    return made._replace(plain=f"{problem.path}: error: {one_line(problem.message)}")


def _command(kind: str, properties: dict[str, str | int], text: str) -> Annotation:
    named = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    lines = "\n".join(map(one_line, text.splitlines()))
    return Annotation(kind, f"::{kind} {named}::{_data(lines)}", text)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
