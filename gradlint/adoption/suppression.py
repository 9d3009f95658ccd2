"""Suppression comments against findings: what they suppress, and what is wrong with them."""

from __future__ import annotations

import difflib
import hashlib
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from gradlint.adoption.comments import Comments, Directive
from gradlint.adoption.rules import BARE, UNKNOWN, UNUSED
from gradlint.checkout import in_checkout
from gradlint.errors import GradlintError
from gradlint.finding import Finding, Fix, ModelReport, Report, Suppression
from gradlint.rule import Checkpoint, Documented, State
from gradlint.source import Source
from gradlint.span import Span

IN_SOURCE = "in-source"
InForce = Callable[[str], Mapping[str, Documented]]  # the rules in force for a file, by code


class Suppressions:
    """The suppression comments of the files of a report, and what they suppress."""

    def __init__(self, report: Report, rules: Sequence[Documented]) -> None:
        self.report = report
        self._codes = {word: rule.code for rule in rules for word in (rule.name, rule.code)}
        self._names = [rule.name for rule in rules]
        self._used: set[tuple[Directive, str]] = set()
        self._confirmed: dict[Directive, list[str]] = {}  # the names, by the comment about them
        self.comments = {path: Comments(source) for path, source in _sources(report)}

    def applied(self) -> Report:
        """The report with the findings that a comment suppresses marked as such."""
        models = tuple(
            replace(model, findings=tuple(self._marked(model, each) for each in model.findings))
            for model in self.report.models
        )
        return replace(self.report, models=models)

    def _marked(self, model: ModelReport, finding: Finding) -> Finding:
        if finding.state is State.CLEARED:
            return finding
        for related in finding.related:
            self._use(model, related.span, related.code)
        found = self._use(model, finding.span, finding.code)
        if finding.state is State.CONFIRMED:
            for directive in self._about(model, finding.span):
                self._confirmed.setdefault(directive, []).append(finding.name)
        if not found or finding.suppressed:
            return finding
        return replace(finding, suppressed=Suppression(IN_SOURCE, found[0].reason))

    def _use(self, model: ModelReport, span: Span, code: str) -> list[Directive]:
        """The comments that name a rule where it suspects something: they are of use.

        So they are where another rule leads, since a run without the probe shows each.
        """
        found = []
        for directive in self._about(model, span):
            words = [word for word in directive.words if self._code(word) == code]
            self._used.update((directive, word) for word in words)
            found += [directive] if words else []
        return found

    def _about(self, model: ModelReport, span: Span) -> Iterator[Directive]:
        if (here := self.comments.get(span.path)) is not None:
            yield from here.about(span)
        for path in dict.fromkeys((span.path, model.path)):
            if path in self.comments:
                yield from (each for each in self.comments[path].directives if each.of_file)

    def _code(self, word: str) -> str | None:
        return self._codes.get(word) or self._codes.get(word.upper())

    def with_notices(
        self, report: Report, in_force: InForce, judged: Callable[[str], bool]
    ) -> Report:
        """The report with what is wrong with the comments, each told under a model of its file."""
        for path, comments in self.comments.items():
            found = (
                list(self._notices(comments, in_force(path), judged)) if comments.directives else []
            )
            report = _told(report, path, found) if found else report
        return report

    def _notices(
        self, comments: Comments, rules: Mapping[str, Documented], judged: Callable[[str], bool]
    ) -> Iterator[Finding]:
        for directive in comments.directives:
            wrong = list(self._wrong(directive, rules, judged))
            kept = self._kept(directive, {word for _, word, _ in wrong})
            mended = bool(directive.words or kept) or judged(directive.span.path)
            for rule, word, message in wrong:
                fixes = (_fix(directive, kept),) if mended else ()
                yield _notice(rules[rule.code], directive, word, message, fixes)

    def _kept(self, directive: Directive, dropped: set[str]) -> tuple[str, ...]:
        """The names that the comment should have: of a misspelt one what is meant and is there."""
        here = dict.fromkeys(self._confirmed.get(directive, ()))
        if not directive.words:
            return tuple(here)
        words = [self._meant(word) if word in dropped else word for word in directive.words]
        allowed = {*directive.words, *here} - dropped
        return tuple(word for word in words if word in allowed)

    def _wrong(
        self, directive: Directive, rules: Mapping[str, Documented], judged: Callable[[str], bool]
    ) -> Iterator[tuple[Documented, str, str]]:
        """The rule that a comment offends, the word that does, and a sentence."""
        if not directive.words and BARE.code in rules:
            yield BARE, "", f"it names no rule: write {directive.verb}[NAME]"
        for word in directive.words:
            code, meant = self._code(word), self._meant(word)
            if code is None and UNKNOWN.code in rules:
                hint = f": did you mean '{meant}'?" if meant else ""
                yield UNKNOWN, word, f"no rule is called '{word}'{hint}"
            in_force = code is not None and {code, UNUSED.code} <= rules.keys()
            used = (directive, word) in self._used
            if in_force and not used and judged(directive.span.path):
                yield UNUSED, word, f"{word} is not found here"

    def _meant(self, word: str) -> str:
        """The rule of the nearest name; "" where none is near."""
        return next(iter(difflib.get_close_matches(word, self._names, n=1)), "")


def _sources(report: Report) -> Iterator[tuple[str, Source]]:
    """The files of a report, and those that its findings point into."""
    yield from report.sources.items()
    for path in sorted({each.span.path for each in report.findings} - report.sources.keys()):
        try:
            source = Source.read(path)
            source.tree  # noqa: B018  (it must parse)
        except GradlintError:
            continue
        yield path, source


def _fix(directive: Directive, words: tuple[str, ...]) -> Fix:
    title = f"Name {', '.join(words)}" if words else "Remove the comment"
    numbers = (math.nan,) * 4
    return Fix(title, Checkpoint.KEEPS, True, "", *numbers, (directive.naming(words),))


def _notice(
    rule: Documented, directive: Directive, word: str, message: str, fixes: tuple[Fix, ...]
) -> Finding:
    parts = (rule.code, in_checkout(directive.span.path), directive.verb, word)
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=rule.severity,
        state=State.CONFIRMED,
        span=directive.span,
        target="",
        message=message,
        label="",
        signature=hashlib.sha256("\0".join(parts).encode()).hexdigest(),
        related=(),
        evidence=None,
        fixes=fixes,
    )


def _told(report: Report, path: str, found: Iterable[Finding]) -> Report:
    """The findings under the first model of the file, or the first that points into it."""
    own = [model for model in report.models if os.path.abspath(model.path) == os.path.abspath(path)]
    pointing = [m for m in report.models if any(f.span.path == path for f in m.findings)]
    chosen = next(iter([*own, *pointing]), None)
    return replace(
        report,
        models=tuple(
            replace(model, findings=(*model.findings, *found)) if model is chosen else model
            for model in report.models
        ),
    )
