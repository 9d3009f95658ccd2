"""A fix as text that other programs show: a unified diff, and its proof."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from gradlint.finding import Finding, Fix
from gradlint.formats.excerpt import lines_of, printable
from gradlint.formats.view import View, decimal, unit


def difference(view: View, fix: Fix) -> str:
    """The lines that a fix changes, as a unified diff."""
    paths = dict.fromkeys(edit.span.path for edit in fix.edits)
    return "\n".join(line for path in paths for line in _of_file(view, fix, path))


def _of_file(view: View, fix: Fix, path: str) -> Iterator[str]:
    before = view.source(path)
    if before is not None:
        for name, *texts in before.changes(before.edited(fix.edits)):
            old, new = map(lines_of, texts)
            lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="")
            yield from map(printable, lines)


def offer(finding: Finding, fix: Fix) -> str:
    """A fix in a line, with the numbers before and after where there is something to measure."""
    if finding.evidence is None:
        return f"Safe fix: {fix.title}"
    numbers = f"{decimal(fix.before)} -> {decimal(fix.after)} {unit(finding)}"
    if fix.unsafe:
        return f"Unverified fix: {fix.title} ({numbers}; {fix.why_not})"
    trial = f"{decimal(fix.trial_before, 2)} -> {decimal(fix.trial_after, 2)}"
    return f"Verified fix: {fix.title} ({numbers}, trial loss {trial} of the best constant)"
