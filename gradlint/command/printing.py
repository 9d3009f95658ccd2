"""Where a report goes: results to the standard output or a file, everything else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from gradlint.command.config import Settings
from gradlint.command.initialise import Entry
from gradlint.command.outcome import failing_states
from gradlint.command.patch import Patch, patch, unified, write
from gradlint.command.paths import relative
from gradlint.errors import GradlintError
from gradlint.finding import Problem, Report
from gradlint.formats import concise, full, json
from gradlint.formats.view import DOUBTFUL, View, count, footer, one_line
from gradlint.rule import State
from gradlint.source import Source

COLORS = ("auto", "always", "never")
_RENDERERS: dict[str, ModuleType] = {"full": full, "concise": concise, "json": json}
FORMATS = tuple(_RENDERERS)


def show(report: Report, settings: Settings, options: dict[str, Any]) -> View:
    """Print the report, and write or print the fixes; what was printed in the end."""
    view = View(report, _states(settings, options), options["verbose"], options["quiet"])
    confirmed = (each for _, each in view.findings if each.state is State.CONFIRMED)
    changed = patch(report, confirmed)
    if options["fix"]:
        view = _fixed(view, changed)
    color = _color(options["color"], sys.stdout)
    if options["diff"]:
        view = replace(view, report=_with(report, changed.problems))
        _diff(view, changed, options["output"], color)
    else:
        _report(view, _RENDERERS[options["format"]].render(view), options, color)
    for each in view.report.problems:
        problem(each)
    return view


def _states(settings: Settings, options: dict[str, Any]) -> frozenset[State]:
    states = failing_states(settings)
    if options["suspected"] or options["format"] == "json" or not settings.probe:
        states |= DOUBTFUL
    return states | {State.CLEARED} if options["verbose"] else states


def _fixed(view: View, changed: Patch) -> View:
    before = _sources(view, changed)
    applied, problems = write(before, changed)
    report = replace(_with(view.report, problems), sources={**view.report.sources, **before})
    return replace(view, report=report, applied=applied)


def _with(report: Report, problems: tuple[Problem, ...]) -> Report:
    return replace(report, problems=(*report.problems, *problems))


def _sources(view: View, changed: Patch) -> dict[str, Source]:
    return {path: source for path in changed.paths if (source := view.source(path)) is not None}


def _diff(view: View, changed: Patch, file: str | None, color: bool) -> None:
    sources = _sources(view, changed)
    data = b"".join(unified(each, each.edited(changed.edits)) for each in sources.values())
    if file is not None:
        _save(file, data)
    elif color:
        click.echo(_colored(data.decode(errors="replace")), nl=False, color=True)
    else:
        click.echo(data, nl=False)
    if not view.quiet:
        status(concise.render(view))


def _colored(diff: str) -> str:
    colors = {"+": "green", "-": "red", "@": "cyan"}
    lines = diff.splitlines(keepends=True)
    return "".join(click.style(line, fg=colors.get(line[0])) for line in lines)


def _report(view: View, text: str, options: dict[str, Any], color: bool) -> None:
    file = options["output"]
    if file is None:
        if text:
            result(text, color)
        return
    _save(file, (click.unstyle(text) + "\n").encode(errors="backslashreplace"))
    if not view.quiet:
        status(footer(view))


def _save(file: str, data: bytes) -> None:
    try:
        Path(file).write_bytes(data)
    except OSError as error:
        raise GradlintError(f"cannot write {file}: {error.strerror}", "check --output") from error


def _color(choice: str, stream: Any) -> bool:
    if choice == "auto":
        return bool(stream.isatty()) and not os.environ.get("NO_COLOR")
    return choice == "always"


def result(text: str, color: bool = False) -> None:
    """Print to the standard output."""
    click.echo(text, color=color)


def status(text: str) -> None:
    """Print to the standard error."""
    click.echo(text, err=True, color=_color("auto", sys.stderr))


def problem(each: Problem) -> None:
    """Print what could not be done, and what to do about it."""
    status(f"{each.path}: error: {one_line(each.message)}")
    if each.hint:
        status(f"  hint: {one_line(each.hint)}")


def entries(path: Path, new: Sequence[Entry], written: bool) -> None:
    """Print the entries of pyproject.toml that `gradlint init` makes, and what they lack."""
    for each in new:
        result("\n".join([*each.lines, ""]))
    where = relative(path)
    status(f"{where}: {count(len(new), 'target')} {'added' if written else 'to add'}")
    for each in new:
        if each.open:
            status(f"  {each.model}: fill in {', '.join(each.open)}")


def progress(quiet: bool) -> Callable[[str], None] | None:
    """Where a terminal watches: what is being done, in one line that is overwritten."""
    if quiet or not sys.stderr.isatty():
        return None
    return lambda line: click.echo(f"\r\033[K{line}", nl=False, err=True, color=True)


def progress_done(on_progress: Callable[[str], None] | None) -> None:
    """Clear the line of progress."""
    if on_progress is not None:
        on_progress("")


def open_closed_streams() -> None:
    """Streams that the caller has closed lead nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def never_fail_to_encode() -> None:
    """Characters that the terminal's encoding lacks are escaped."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def close() -> None:
    """Nobody reads any more: drop what is left, so that the interpreter does not complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
