"""The verified fixes of a report, taken together: what the files become, as a diff or written."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gradlint.errors import GradlintError
from gradlint.finding import Finding, Fix, Problem, Report
from gradlint.source import Source
from gradlint.span import Edit


@dataclass(frozen=True)
class Patch:
    """Edits that do not overlap, the fixes they come from, and what was left out."""

    edits: frozenset[Edit]
    fixes: tuple[Fix, ...]
    problems: tuple[Problem, ...]

    @property
    def paths(self) -> list[str]:
        """The files that change."""
        return sorted({edit.span.path for edit in self.edits})


NOTHING = Patch(frozenset(), (), ())


def patch(report: Report, findings: Iterable[Finding]) -> Patch:
    """Every verified fix, in order, but none that overlaps an earlier one."""
    edits: set[Edit] = set()
    fixes: list[Fix] = []
    problems: list[Problem] = []
    for finding in findings:
        fix = finding.fix
        if fix is None:
            continue
        if _conflicts(edits, fix):
            problems.append(_left_out(report, finding, fix))
            continue
        edits.update(fix.edits)
        fixes.append(fix)
    return Patch(frozenset(edits), tuple(fixes), tuple(problems))


def _conflicts(edits: set[Edit], fix: Fix) -> bool:
    fresh = set(fix.edits) - edits
    return any(edit.span.overlaps(other.span) for edit in fresh for other in edits)


def _left_out(report: Report, finding: Finding, fix: Fix) -> Problem:
    message = f"{finding.code} {finding.name}: '{fix.title}' overlaps another fix"
    return Problem(report.line(finding.span), message, "apply the first, then run gradlint again")


def unified(before: Source, after: Source) -> bytes:
    """The change of one file as `git apply` and `patch -p1` read it, in the file's own encoding.

    Of a notebook, the changes of its cells: for people to read.
    """
    ending = b"" if before.notebook is not None else b"\\ No newline at end of file\n"
    lines = (line for change in before.changes(after) for line in _diff(*change, before.encoding))
    return b"".join(line if line.endswith(b"\n") else line + b"\n" + ending for line in lines)


def _diff(name: str, before: str, after: str, encoding: str) -> Iterator[bytes]:
    name = name.lstrip("/") + ("\t" if " " in name else "")
    old, new = (_lines(text.encode(encoding)) for text in (before, after))
    return difflib.diff_bytes(
        difflib.unified_diff, old, new, f"a/{name}".encode(), f"b/{name}".encode()
    )


def _lines(text: bytes) -> list[bytes]:
    lines = text.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]


def write(before: dict[str, Source], changed: Patch) -> tuple[frozenset[Fix], tuple[Problem, ...]]:
    """Write each file whole or not at all: the fixes that are in, and what could not be written."""
    problems = list(changed.problems)
    failed = set()
    for path in changed.paths:
        try:
            before[path].edited(changed.edits).write(before[path])
        except GradlintError as error:
            failed.add(path)
            problems.append(Problem(path, error.message, error.hint))
    done = [fix for fix in changed.fixes if not failed & {edit.span.path for edit in fix.edits}]
    return frozenset(done), tuple(problems)
