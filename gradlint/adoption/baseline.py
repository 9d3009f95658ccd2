"""The baseline: findings that were there when gradlint came, and are accepted.

An entry names a finding without lines, so that moved and reformatted code keeps it.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gradlint.errors import GradlintError
from gradlint.finding import Finding, ModelReport, Report, Suppression
from gradlint.rule import State
from gradlint.writing import write_whole

DEFAULT = ".gradlint-baseline.json"
VERSION = 1
ACCEPTED = Suppression("baseline", "")


@dataclass(frozen=True, order=True)
class Entry:
    """What names a finding. The path is of the model's file, from the baseline's folder."""

    path: str
    model: str
    rule: str
    target: str  # the model and the layer: "Net.body.3"


class Baseline:
    """The entries of a file, each with how often it occurs."""

    def __init__(self, file: Path, entries: Iterable[Entry] = ()) -> None:
        self.file = file
        self.entries = Counter(entries)

    @classmethod
    def read(cls, file: Path) -> Baseline:
        """The baseline in a file. Raises GradlintError where it is none of this version."""
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
            version = document["version"]
        except OSError as error:
            hint = "gradlint --write-baseline writes it"
            raise GradlintError(f"{file}: cannot read: {error.strerror}", hint) from error
        except (ValueError, TypeError, KeyError) as error:
            raise _broken(file) from error
        if version != VERSION:
            message = f"{file}: is a baseline of version {version}, and {VERSION} is read"
            raise GradlintError(message, "remove it, and write it again with --write-baseline")
        try:
            return cls(file, [each for found in document["findings"] for each in _entries(found)])
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise _broken(file) from error

    def entry(self, model: ModelReport, finding: Finding) -> Entry:
        """What names a finding here."""
        return Entry(self._path(model), model.target, finding.name, finding.target)

    def _path(self, model: ModelReport) -> str:
        return Path(os.path.relpath(model.path, self.file.parent)).as_posix()

    def also(self, report: Report) -> Iterator[tuple[str, str, str]]:
        """What rules suspect where another leads: path, model, code. A run without probe has it."""
        for model in report.models:
            for finding in model.findings:
                for related in finding.related:
                    yield self._path(model), model.target, related.code

    def accept(self, report: Report) -> tuple[Report, Counter[Entry]]:
        """The report with the findings that are accepted marked as such, and the entries left.

        A layer that got another place in its model is found by the rule and the model.
        """
        left = Counter(self.entries)
        found = sorted(_findings(report), key=lambda pair: pair[1].state is not State.CONFIRMED)
        accepted: set[int] = set()
        for model, finding in found:
            if left[entry := self.entry(model, finding)]:
                left[entry] -= 1
                accepted.add(id(finding))
        for model, finding in found:
            like = self._like(+left, self.entry(model, finding))
            if like is not None and id(finding) not in accepted:
                left[like] -= 1
                accepted.add(id(finding))
        return _marked(report, accepted), +left

    @staticmethod
    def _like(left: Counter[Entry], entry: Entry) -> Entry | None:
        alike = (each for each in sorted(left) if replace(each, target=entry.target) == entry)
        return next(alike, None)

    def renewed(
        self, report: Report, states: Iterable[State], known: Callable[[Entry], bool]
    ) -> Baseline:
        """With what was found, without what would have been found and was not."""
        accepted, left = self.accept(report)
        states = set(states)
        entries = [
            self.entry(model, finding)
            for model, finding in _findings(accepted, accepted=True)
            if finding.suppressed is not None or finding.state in states
        ]
        entries += [entry for entry in left.elements() if not known(entry)]
        return Baseline(self.file, entries)

    def write(self) -> None:
        """Write the file, whole or not at all. Raises GradlintError."""
        findings = [{**asdict(each), "count": self.entries[each]} for each in sorted(self.entries)]
        text = json.dumps({"version": VERSION, "findings": findings}, indent=2) + "\n"
        try:
            write_whole(self.file, text.encode())
        except OSError as error:
            message = f"cannot write {self.file}: {error.strerror}"
            raise GradlintError(message, "check --baseline") from error


def _entries(found: dict[str, Any]) -> Iterator[Entry]:
    fields = {key: value for key, value in found.items() if key != "count"}
    if not all(isinstance(value, str) for value in fields.values()):
        raise TypeError("an entry is made of texts")
    yield from [Entry(**fields)] * int(found["count"])


def _broken(file: Path) -> GradlintError:
    return GradlintError(f"{file}: is no baseline of gradlint", "remove it, or mend it")


def _findings(report: Report, accepted: bool = False) -> Iterator[tuple[ModelReport, Finding]]:
    """Those about models that no comment suppresses; with `accepted` also what the file does."""
    for model in report.models:
        for finding in model.findings:
            free = finding.suppressed is None or (accepted and finding.suppressed == ACCEPTED)
            is_notice = finding.evidence is None and finding.state is State.CONFIRMED
            if free and not is_notice and finding.state is not State.CLEARED:
                yield model, finding


def _marked(report: Report, accepted: set[int]) -> Report:
    def mark(finding: Finding) -> Finding:
        return replace(finding, suppressed=ACCEPTED) if id(finding) in accepted else finding

    models = tuple(replace(m, findings=tuple(map(mark, m.findings))) for m in report.models)
    return replace(report, models=models)
