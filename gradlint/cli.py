"""The command: parse, call, print, exit."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from gradlint import __version__
from gradlint.command import config, initialise, printing
from gradlint.command.collect import collect
from gradlint.command.config import FAIL_ON, Config, Request, Settings
from gradlint.command.outcome import CLEAN, NOT_DONE, exit_status, with_named
from gradlint.command.sections import Gradlint, Sectioned, SectionedOption
from gradlint.errors import GradlintError
from gradlint.finding import Problem, Report

DISTRIBUTION = "gradlint-torch"
EPILOG = """gradlint rule [NAME|CODE] explains the rules.

gradlint init [PATHS]... writes targets for what could not be probed into pyproject.toml."""


def main() -> None:
    """The console script."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the children end with us
    sys.exit(run(sys.argv[1:]))


def run(args: Sequence[str]) -> int:
    """Run the command and return its exit status; whatever goes wrong in gradlint is 2."""
    printing.open_closed_streams()
    printing.never_fail_to_encode()
    try:
        with gradlint.make_context("gradlint", list(args)) as context:
            return int(gradlint.invoke(context) or 0)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
    except GradlintError as error:
        printing.problem(Problem("gradlint", error.message, error.hint))
    except (KeyboardInterrupt, click.Abort):
        printing.status("interrupted")
    except BrokenPipeError:
        printing.close()
    except Exception as error:
        _internal(error, verbose=not {"-v", "--verbose"}.isdisjoint(args))
    return NOT_DONE


def _internal(error: Exception, verbose: bool) -> None:
    if verbose:
        traceback.print_exception(error)
    message = f"internal error: {type(error).__name__}: {' '.join(str(error).split())}"
    hint = "please report it" if verbose else "please report it, with what --verbose shows"
    if isinstance(error, ImportError) and len(_owners()) > 1:
        hint = f"{' and '.join(_owners())} both install the package gradlint: remove one of them"
    printing.problem(Problem("gradlint", message, hint))


def _owners() -> list[str]:
    from importlib import metadata

    return sorted(set(metadata.packages_distributions().get("gradlint", [])))


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from importlib import metadata

        try:
            torch = metadata.version("torch")
        except metadata.PackageNotFoundError:
            torch = "not installed"
        printing.result(f"gradlint {__version__} ({DISTRIBUTION}), torch {torch}")
        context.exit()


def _listed(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for value in values for word in value.replace(",", " ").split())


@click.group(cls=Gradlint)
def gradlint() -> None:
    """A linter for PyTorch models that measures before it speaks."""


_probing = partial(click.option, cls=SectionedOption, section="What to probe")
_rules = partial(
    click.option, cls=SectionedOption, section="Rules", multiple=True, callback=_listed
)
_fixing = partial(click.option, cls=SectionedOption, section="Fixing", is_flag=True)
_output = partial(click.option, cls=SectionedOption, section="Output")
_running = partial(click.option, cls=SectionedOption, section="Running")


@gradlint.command(cls=Sectioned, epilog=EPILOG)
@click.argument("paths", nargs=-1)
@_probing("--input", metavar="SPEC", help='What the model is fed: "8x3x32x32".')
@_probing("--seed", type=int, help="Seed of the first of three copies (0).")
@_probing("--device", help="Where the probe runs (cpu).")
@_probing("--timeout", type=float, metavar="S", help="Seconds for a model, or for a fix (120).")
@_probing("--no-probe", is_flag=True, help="Build and run nothing: suspicions from the source.")
@_rules("--select", metavar="RULE", help="Only these rules: names, codes, beginnings of codes.")
@_rules("--ignore", metavar="RULE", help="All but these rules.")
@_running("--suspected", is_flag=True, section="Rules", help="Report what was not confirmed, too.")
@_fixing("--fix", help="Write the verified fixes.")
@_fixing("--diff", help="Print the verified fixes as a diff, and write nothing.")
@_output(
    "--format", type=click.Choice(printing.FORMATS), default="full", help="How to report (full)."
)
@_output("-o", "--output", metavar="FILE", help="Report to a file.")
@_output(
    "--color", type=click.Choice(printing.COLORS), default="auto", help="When to colour (auto)."
)
@_output("-q", "--quiet", is_flag=True, help="Findings only: no notes, no summary.")
@_output("-v", "--verbose", is_flag=True, help="Also what was cleared, and what models were fed.")
@_running("--fail-on", type=click.Choice(FAIL_ON), help="What makes the exit status 1 (confirmed).")
@_running("--exit-zero", is_flag=True, help="Findings leave the exit status at 0.")
@_running("--config", metavar="FILE", help="Read [tool.gradlint] from this file.")
@_running("--isolated", is_flag=True, help="Read no configuration.")
@_running("--jobs", type=click.IntRange(min=1), metavar="N", help="Models checked at a time.")
@_running(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Print the version.",
)
def check(paths: tuple[str, ...], **options: Any) -> int:
    """Find, measure and mend what keeps gradients from flowing.

    PATHS are files, folders, or models: net.py, src, net.py:Net, net.py:make_net.
    Without any, the targets of the configuration, or else this folder.

    The exit status is 0 where nothing was found, 1 where something was, 2 where something
    could not be done.
    """
    _compatible(options)
    found = Config() if options["isolated"] else config.load(_path(options["config"]))
    settings = _settings(found.settings, options)
    config.validate(settings)
    requests, problems = collect(paths, found.targets, options["input"])
    report = _checked(requests, settings)
    report = with_named(replace(report, problems=(*problems, *report.problems)))
    view = printing.show(report, settings, options)
    return exit_status(view.report, settings, view.applied)


@gradlint.command()
@click.argument("word", metavar="[NAME|CODE]", required=False)
def rule(word: str | None) -> int:
    """Explain a rule, or list them all."""
    from gradlint import registry
    from gradlint.command import documentation

    if word is None:
        printing.result(documentation.table(registry.rules()))
    else:
        printing.result(documentation.page(registry.find_rule(word)))
    return 0


@gradlint.command()
@click.argument("paths", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Also the models that need no entry.")
@click.option("--dry-run", is_flag=True, help="Print the entries, and write nothing.")
def init(paths: tuple[str, ...], every: bool, dry_run: bool) -> int:
    """Write targets for the models that could not be probed into pyproject.toml.

    What was found is filled in, and what was not is a comment to complete.
    """
    found = config.load()
    requests, problems = collect(paths or (".",), (), None)
    report = _checked(requests, replace(found.settings, search_fixes=False))
    path = initialise.home(found)
    models = initialise.wanted(report.models, found.targets, every)
    entries = [initialise.entry(model, path.parent) for model in models]
    if entries and not dry_run:
        initialise.write(path, entries)
    printing.entries(path, entries, written=not dry_run)
    for each in (*problems, *report.problems):
        printing.problem(each)
    return NOT_DONE if problems or report.problems else CLEAN


def _compatible(options: dict[str, Any]) -> None:
    if options["fix"] and options["diff"]:
        raise click.UsageError("--fix and --diff exclude each other.")
    if options["no_probe"] and (options["fix"] or options["diff"]):
        asked = "--fix" if options["fix"] else "--diff"
        raise click.UsageError(f"--no-probe and {asked} exclude each other: fixes are measured.")
    if options["diff"] and options["format"] == "json":
        raise click.UsageError(
            "--diff and --format json exclude each other: the JSON has the edits."
        )
    if options["isolated"] and options["config"]:
        raise click.UsageError("--isolated and --config exclude each other.")


def _path(text: str | None) -> Path | None:
    return Path(text) if text is not None else None


def _settings(found: Settings, options: dict[str, Any]) -> Settings:
    """The options where they are given, the configuration elsewhere."""
    names = ("seed", "device", "timeout", "select", "ignore", "fail_on", "jobs")
    given = {name: options[name] for name in names if options[name] not in (None, ())}
    if options["exit_zero"]:
        given["fail_on"] = "never"
    return replace(
        found,
        **given,
        verbose=options["verbose"],
        probe=not options["no_probe"],
        on_progress=printing.progress(options["quiet"]),
    )


def _checked(requests: Sequence[Request], settings: Settings) -> Report:
    if not requests:
        return Report((), (), "")
    from gradlint.checker import check

    try:
        return check(requests, settings)
    finally:
        printing.progress_done(settings.on_progress)
