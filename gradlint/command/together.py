"""Several fixes of one file are written only where the file is healthy with all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gradlint.command.patch import Patch
from gradlint.finding import Fix, ModelReport, Problem, Report, Status
from gradlint.rule import State
from gradlint.source import Source

Check = Callable[[Mapping[str, Source]], Report]  # of files as they would be written


def proven(changed: Patch, report: Report, sources: Mapping[str, Source], check: Check) -> Patch:
    """The patch, where its fixes heal together; of a file where they do not, the first alone.

    Each of them is proven by itself, so that only files with several are checked.
    """
    several = {path: sources[path] for path in changed.paths if len(_fixes(changed, path)) > 1}
    if not several:
        return changed
    after = check({path: source.edited(changed.edits) for path, source in several.items()})
    for path in several:
        before, now = _models(report, path), _models(after, path)
        if not all(_healthy(model, now.get(name), changed.fixes) for name, model in before.items()):
            changed = _first_of(changed, path)
    return changed


def _fixes(changed: Patch, path: str) -> list[Fix]:
    """The fixes that edit a file, each once."""
    edits = {fix.edits: fix for fix in changed.fixes}
    return [fix for fix in edits.values() if any(edit.span.path == path for edit in fix.edits)]


def _models(report: Report, path: str) -> dict[str, ModelReport]:
    return {model.target: model for model in report.models if model.path == path}


def _healthy(before: ModelReport, after: ModelReport | None, fixes: Sequence[Fix]) -> bool:
    """Whether a model that was probed still is, with nothing confirmed but what was left as is."""
    if after is None or (before.status is Status.PROBED and after.status is not Status.PROBED):
        return False
    left = {each.code for each in before.findings if not (each.fix in fixes and each.proven)}
    return not _confirmed(after) - left


def _confirmed(model: ModelReport) -> set[str]:
    return {each.code for each in model.findings if each.state is State.CONFIRMED}


def _first_of(changed: Patch, path: str) -> Patch:
    first, *others = _fixes(changed, path)
    dropped = {fix.edits for fix in others}
    fixes = tuple(fix for fix in changed.fixes if fix.edits not in dropped)
    message = f"'{others[0].title}' heals its model, but not together with '{first.title}'"
    problem = Problem(path, message, "apply the first, then run gradlint again")
    return replace(
        changed,
        edits=frozenset(edit for fix in fixes for edit in fix.edits),
        fixes=fixes,
        problems=(*changed.problems, problem),
    )
