"""What a run can judge: where it is known that a finding is not there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cached_property

from gradlint.adoption.imports import Imports
from gradlint.finding import Report, Status


class Scope:
    """The files and models whose findings are all known.

    A finding may point into a file that its model's file imports: a file is judged only
    with those that import it.
    """

    def __init__(
        self,
        report: Report,
        whole: Iterable[str],
        imports: Imports,
        search: Callable[[], Iterable[str]],
        has_model: Callable[[str], bool],
    ) -> None:
        self.report = report
        self.imports = imports
        self.search = search  # the Python files of the repository
        self.has_model = has_model
        self._whole = {os.path.abspath(path) for path in whole}  # checked with all their models
        self._unjudged = {
            os.path.abspath(model.path)
            for model in report.models
            if model.status is not Status.PROBED
        } | {os.path.abspath(problem.path) for problem in report.problems}

    def measured(self, path: str) -> bool:
        """Whether every model of a file was probed."""
        path = os.path.abspath(path)
        return path in self._whole and path not in self._unjudged

    def model_measured(self, path: str, name: str) -> bool:
        """Whether a model was probed, or was found to be gone."""
        if any((m.path, m.target) == (path, name) for m in self.report.models):
            return any(
                (m.path, m.target, m.status) == (path, name, Status.PROBED)
                for m in self.report.models
            )
        return self.measured(path) or not os.path.exists(path)

    def judged(self, path: str) -> bool:
        """Whether every finding that may point into a file is known."""
        if not self.measured(path):
            return False
        around = self.imports.importers(os.path.abspath(path), self._files)
        return all(self.measured(file) or not self.has_model(file) for file in around)

    @cached_property
    def _files(self) -> list[str]:
        return [os.path.abspath(path) for path in self.search()]
