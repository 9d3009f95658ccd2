"""What the formats share: which findings are shown, and how numbers and counts are written."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gradlint.errors import GradlintError
from gradlint.finding import Finding, Fix, ModelReport, Report, Status
from gradlint.rule import Severity, State
from gradlint.source import Source
from gradlint.span import Span

ALWAYS = frozenset({State.CONFIRMED})
DOUBTFUL = frozenset({State.SUSPECTED, State.UNPROVEN})
WIDTH = 100  # of a line, where no terminal says how wide it is
_PLACE = re.compile(r"(?P<path>.+?)(?P<cell>:cell \d+)?(?::(?P<line>[1-9]\d*))?", re.DOTALL)


@dataclass(frozen=True)
class RuleText:
    """A rule as other programs show it."""

    code: str
    name: str
    severity: Severity
    summary: str
    reason: str = ""
    text: str = ""
    markdown: str = ""
    precision: str = ""  # very-high, high, medium or low, where it was measured


@dataclass(frozen=True)
class View:
    """A report, and what of it is to be shown."""

    report: Report
    states: frozenset[State] = ALWAYS
    verbose: bool = False
    quiet: bool = False
    applied: frozenset[Fix] = frozenset()
    failing: frozenset[State] = ALWAYS  # what makes the exit status 1
    width: int = WIDTH
    rules: tuple[RuleText, ...] = ()  # only for the formats that explain them

    @cached_property
    def findings(self) -> list[tuple[ModelReport, Finding]]:
        """The findings to show, by file and place."""
        return [pair for pair in self.exported if pair[1].suppressed is None]

    @cached_property
    def exported(self) -> list[tuple[ModelReport, Finding]]:
        """The findings to show, and those that would be, were they not suppressed."""
        found = [
            (model, finding)
            for model in self.report.models
            for finding in model.findings
            if finding.state in self.states
        ]
        return sorted(found, key=lambda pair: (pair[1].span, pair[1].code))

    @cached_property
    def remaining(self) -> list[tuple[ModelReport, Finding]]:
        """The findings that are still there when the fixes are written."""
        return [pair for pair in self.findings if not self.healed(pair[1])]

    def healed(self, finding: Finding) -> bool:
        """Whether a fix is written that is known to heal."""
        return finding.proven and finding.fix in self.applied

    @property
    def noted(self) -> Iterator[ModelReport]:
        """The models that something is to be said of; what was named and not done is a problem."""
        return (
            model
            for model in self.report.models
            if model.reason and (model.status is Status.PROBED or not model.named)
        )

    def fails(self, finding: Finding) -> bool:
        """Whether a finding makes the exit status 1."""
        return finding.severity is Severity.ERROR and finding.state in self.failing

    def hidden(self, model: ModelReport) -> int:
        """How many suspicions of a model are not shown."""
        doubtful = DOUBTFUL - self.states
        return sum(
            finding.state in doubtful and finding.suppressed is None for finding in model.findings
        )

    def source(self, path: str) -> Source | None:
        """A file as it was checked, or as it is now."""
        try:
            return self.report.sources.get(path) or Source.read(path)
        except GradlintError:
            return None


def note(view: View, model: ModelReport) -> str:
    """The line that says what is missing of a model, and why."""
    hidden = view.hidden(model)
    tail = f"; {hidden} suspected (shown with --suspected)" if hidden else ""
    return f"{view.report.of_model(model)}: note: {undone(model)}{tail}"


def split_place(text: str) -> tuple[str, int | None]:
    """The path and the line of a problem: "net.py:12", or the path alone, as of a notebook."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return text, None
    counts = found["line"] and not found["cell"]  # the lines of the file are those of its JSON
    return found["path"], int(found["line"]) if counts else None


def pointed(view: View, span: Span) -> tuple[str, Span]:
    """Where a code host is pointed to; of a notebook its beginning, and the cell in words."""
    cell, shown = view.report.shown(span)
    if cell is None:
        return "", span
    return f"cell {cell}, line {shown.line}: ", Span(span.path, 1, 1, 1, 1)


def sentence(finding: Finding) -> str:
    """What is wrong, and what was measured."""
    measured = f": {finding.evidence.sentence}" if finding.evidence else ""
    return f"{finding.message}{measured}"


def fingerprints(findings: list[Finding]) -> list[str]:
    """The signature of each, with a running number: unique, and free of lines."""
    seen: Counter[str] = Counter()
    named = []
    for finding in findings:
        seen[finding.signature] += 1
        named.append(f"{finding.signature}:{seen[finding.signature]}")
    return named


UNITS = {  # what is not in decades
    "evenness": "digits",
    "unregistered": "values",
    "unused": "parameters",
    "cut": "parameters",
    "floor": "nats",
}


def unit(finding: Finding) -> str:
    """What the numbers of a fix count."""
    quantity = finding.evidence.quantity if finding.evidence else ""
    return UNITS.get(quantity, "decades")


def undone(model: ModelReport) -> str:
    """What could not be done with a model, and why."""
    what = " was not probed" if model.built else " was not built"
    what = "" if model.status is Status.PROBED else what
    return f"{model.target}{what}: {one_line(model.reason)}"


def footer(view: View) -> str:
    """The last line: how much was checked, and what came of it."""
    models = view.report.models
    left_out = f"{view.report.unchanged} unchanged" if view.report.unchanged else ""
    if not models:
        tail = f" ({left_out})" if left_out else ""
        return f"No models{tail} in {count(view.report.files, 'file')}."
    found = [finding for _, finding in view.findings]
    confirmed = [finding for finding in found if finding.state is State.CONFIRMED]
    fixable = [finding for finding in confirmed if finding.fix and finding.fix not in view.applied]
    fixed = [finding for finding in confirmed if finding.fix in view.applied]
    parts = [
        _some(sum(finding.severity is Severity.ERROR for finding in confirmed), "error"),
        _some(sum(finding.severity is Severity.WARNING for finding in confirmed), "warning"),
        *(f"{n} {state}" for state in State if (n := _others(found, state))),
    ]
    if not any(parts):
        parts = ["no findings"]
    undone = sum(model.status is not Status.PROBED for model in models)
    hidden = sum(map(view.hidden, models))
    suppressed = len(view.exported) - len(view.findings)
    parts += [
        f"{suppressed} suppressed" if suppressed else "",
        f"{len(fixed)} fixed" if fixed else "",
        f"{len(fixable)} fixable with --fix" if fixable else "",
        f"{hidden} suspected (shown with --suspected)" if hidden else "",
        f"{undone} not measured" if undone else "",
        left_out,
        _some(len(view.report.problems), "problem"),
    ]
    return ", ".join([count(len(models), "model"), *filter(None, parts)]) + "."


def _others(found: list[Finding], state: State) -> int:
    return sum(finding.state is state for finding in found) if state is not State.CONFIRMED else 0


def _some(number: int, word: str) -> str:
    return count(number, word) if number else ""


def count(number: int, word: str) -> str:
    """A number with its noun."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def decimal(value: float, places: int = 1) -> str:
    """A measured number as people read it."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    return f"{round(value, places) + 0.0:.{places}f}"  # + 0.0 makes of -0.0 a plain zero


def one_line(text: str) -> str:
    """A message from elsewhere, without line breaks and control characters."""
    return "".join(char if char.isprintable() else " " for char in " ".join(text.split()))
