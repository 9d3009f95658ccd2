"""`--fix --interactive`: each fix is shown with its numbers, and written on a yes."""

from __future__ import annotations

from collections.abc import Iterable

import click

from gradlint.finding import Finding, ModelReport
from gradlint.formats import full
from gradlint.formats.view import View

_ANSWERS = "y: write it, n: leave it, a: write it and all others, q: leave it and all others"


def chosen(view: View, findings: Iterable[tuple[ModelReport, Finding]]) -> list[Finding]:
    """The findings whose fixes are wanted. Raises click.Abort where nobody answers."""
    offers = [(model, finding) for model, finding in findings if finding.fix is not None]
    wanted: list[Finding] = []
    for number, (model, finding) in enumerate(offers):
        click.echo(full.block(view, model, finding), err=True)
        answer = _answer(number + 1, len(offers))
        if answer in "ya":
            wanted.append(finding)
        if answer == "a":
            return wanted + [finding for _, finding in offers[number + 1 :]]
        if answer == "q":
            break
    return wanted


def _answer(number: int, total: int) -> str:
    question = f"Write fix {number} of {total}? [y/n/a/q/?]"
    while True:
        answer = str(click.prompt(question, show_default=False, err=True)).strip().lower()
        if answer in ("y", "n", "a", "q"):
            click.echo(err=True)
            return answer
        click.echo(_ANSWERS, err=True)
