"""Where a report goes: results to the standard output or a file, everything else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from gradlint.command.choosing import chosen
from gradlint.command.config import Settings
from gradlint.command.destinations import Destination, destinations
from gradlint.command.initialise import Entry
from gradlint.command.outcome import failing_states
from gradlint.command.patch import NOTHING, Patch, patch, unified, write
from gradlint.command.paths import relative
from gradlint.command.rendering import FORMATS, formatted, rendered
from gradlint.command.together import Check, proven
from gradlint.errors import GradlintError
from gradlint.finding import Problem, Report
from gradlint.formats.view import DOUBTFUL, View, count, footer, one_line
from gradlint.rule import State
from gradlint.source import Source

COLORS = ("auto", "always", "never")


def show(report: Report, settings: Settings, options: dict[str, Any], check: Check) -> View:
    """Print the reports, and write or print the fixes; what was printed in the end."""
    wanted = destinations(options["format"], options["output"], FORMATS)
    failing = failing_states(settings)
    states = failing | DOUBTFUL if options["suspected"] or not settings.probe else failing
    states |= {State.CLEARED} if options["verbose"] else set()
    view = View(report, states, options["verbose"], options["quiet"], failing=failing)
    changed = _patch(view, options, check) if options["fix"] or options["diff"] else NOTHING
    if options["fix"]:
        view = _fixed(view, changed)
    if options["diff"]:
        view = replace(view, report=_with(report, changed.problems))
    for each in wanted:
        if options["diff"] and each.main:
            _diff(view, changed, each, options)
        else:
            _report(formatted(view, each, settings), each, options)
    if wanted[-1].file is not None and not options["diff"] and not view.quiet:
        status(footer(view))
    for found in view.report.problems:
        problem(found)
    return view


def _patch(view: View, options: dict[str, Any], check: Check) -> Patch:
    """The fixes that are to be written, each proven, also together."""
    confirmed = [pair for pair in view.findings if pair[1].state is State.CONFIRMED]
    wanted = [finding for _, finding in confirmed]
    if options["interactive"]:
        wanted = chosen(view, confirmed)
    changed = patch(view.report, wanted)
    return proven(changed, view.report, _sources(view, changed), check)


def _fixed(view: View, changed: Patch) -> View:
    before = _sources(view, changed)
    applied, problems = write(before, changed)
    report = replace(_with(view.report, problems), sources={**view.report.sources, **before})
    return replace(view, report=report, applied=applied)


def _with(report: Report, problems: tuple[Problem, ...]) -> Report:
    return replace(report, problems=(*report.problems, *problems))


def _sources(view: View, changed: Patch) -> dict[str, Source]:
    return {path: source for path in changed.paths if (source := view.source(path)) is not None}


def _diff(view: View, changed: Patch, main: Destination, options: dict[str, Any]) -> None:
    sources = _sources(view, changed)
    data = b"".join(unified(each, each.edited(changed.edits)) for each in sources.values())
    if main.file is not None:
        _save(main.file, data)
    elif _color(options["color"], sys.stdout):
        click.echo(_colored(data.decode(errors="replace")), nl=False, color=True)
    else:
        click.echo(data, nl=False)
    if not view.quiet:
        status(rendered(view, "concise", options["statistics"]))


def _colored(diff: str) -> str:
    colors = {"+": "green", "-": "red", "@": "cyan"}
    lines = diff.splitlines(keepends=True)
    return "".join(click.style(line, fg=colors.get(line[0])) for line in lines)


def _report(view: View, destination: Destination, options: dict[str, Any]) -> None:
    text = rendered(view, destination.format, options["statistics"])
    if destination.file is not None:
        data = f"{click.unstyle(text)}\n" if text else ""
        _save(destination.file, data.encode(errors="backslashreplace"))
    elif text:
        result(text, _color(options["color"], sys.stdout))


def _save(file: str, data: bytes) -> None:
    try:
        Path(file).write_bytes(data)
    except OSError as error:
        raise GradlintError(f"cannot write {file}: {error.strerror}", "check --output") from error


def _color(choice: str, stream: Any) -> bool:
    """Whether to colour; the variables are those of no-color.org and force-color.org."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"


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
