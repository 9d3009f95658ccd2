"""What a code base has accepted: suppression comments and the baseline, against a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from gradlint import checkout, registry
from gradlint.adoption import ignores
from gradlint.adoption.baseline import DEFAULT, Baseline, Entry
from gradlint.adoption.imports import Imports
from gradlint.adoption.scope import Scope
from gradlint.adoption.suppression import Suppressions
from gradlint.command.config import Request, Settings, exclusion
from gradlint.command.outcome import failing_states
from gradlint.command.paths import python_files, relative
from gradlint.command.printing import status
from gradlint.discovery.targets import has_model
from gradlint.errors import GradlintError
from gradlint.finding import Report
from gradlint.formats.view import count
from gradlint.rule import Documented
from gradlint.source import Source


def read_baseline(settings: Settings, options: Mapping[str, Any]) -> Baseline | None:
    """The baseline of a run; raises GradlintError where it cannot be read."""
    if options["no_baseline"]:
        return None
    said = options["baseline"] or settings.baseline
    file = Path(said) if said else settings.root / DEFAULT
    if file.exists() or (said and not options["write_baseline"]):
        return Baseline.read(file)
    return Baseline(file) if options["write_baseline"] else None


class Adoption:
    """What one run makes of suppression comments and of the baseline."""

    def __init__(
        self,
        report: Report,
        requests: Sequence[Request],
        settings: Settings,
        options: Mapping[str, Any],
    ) -> None:
        self.report = report
        self.settings = settings
        self.options = options
        whole = [each.path for each in requests if not each.names and settings.concerns is None]
        imports = Imports(_top())
        self.scope = Scope(report, whole, imports, self._files, _has_model)

    def adopted(self, baseline: Baseline | None) -> Report:
        """The report with what is accepted marked, and what is wrong with the comments."""
        suppressions = Suppressions(self.report, registry.documented())
        report = suppressions.applied()
        if baseline is not None:
            report = self._accepted(report, baseline)
        if self.options["add_ignores"]:
            before = sum(finding.suppressed is not None for finding in report.findings)
            states = failing_states(self.settings)
            report = ignores.written(report, suppressions.comments, states)
            after = sum(finding.suppressed is not None for finding in report.findings)
            self._say(f"{count(after - before, 'finding')} ignored by new comments")
        return suppressions.with_notices(report, self._in_force, cache(self.scope.judged))

    def _accepted(self, report: Report, baseline: Baseline) -> Report:
        also = set(baseline.also(report))

        def known(entry: Entry) -> bool:
            """Whether the finding would have been found, were it still there."""
            path = relative(baseline.file.parent / entry.path)
            codes = {rule.name: code for code, rule in self._in_force(path).items()}
            if (entry.path, entry.model, codes.get(entry.rule)) in also:
                return False
            return entry.rule in codes and self.scope.model_measured(path, entry.model)

        if self.options["write_baseline"]:
            baseline = baseline.renewed(report, failing_states(self.settings), known)
            baseline.write()
            self._say(f"{baseline.file}: {count(baseline.entries.total(), 'finding')} accepted")
        report, left = baseline.accept(report)
        gone = sum(number for entry, number in left.items() if known(entry))
        if gone:
            what = f"{gone} of {baseline.entries.total()} accepted findings no longer occur"
            self._say(f"{baseline.file}: {what}: run gradlint --write-baseline")
        return report

    def _in_force(self, path: str) -> Mapping[str, Documented]:
        return {rule.code: rule for rule in registry.in_force(self.settings, path)}

    def _files(self) -> Iterator[str]:
        yield from python_files(str(_top()), exclusion(self.settings, (), False), lambda _: None)

    def _say(self, text: str) -> None:
        if not self.options["quiet"]:
            status(text)


def _has_model(path: str) -> bool:
    try:
        return has_model(Source.read(path))
    except GradlintError:
        return False


def _top() -> Path:
    """The repository that the command works in, or this folder."""
    return checkout.top(Path.cwd()) or Path.cwd()
