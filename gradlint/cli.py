"""The command: parse, call, print, exit."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from gradlint import __version__, tested
from gradlint.command import asked, completion, config, initialise, printing, rendering, unsafe
from gradlint.command.collect import collect
from gradlint.command.config import CACHE_DIR, FAIL_ON, Config, Request, Settings
from gradlint.command.outcome import CLEAN, NOT_DONE, exit_status, with_named
from gradlint.command.sections import Gradlint, Sectioned, SectionedOption
from gradlint.errors import GradlintError
from gradlint.finding import Problem, Report
from gradlint.source import Source

DISTRIBUTION = "gradlint-torch"
_COMMANDS = """\b
gradlint init [PATHS]... writes targets for what could not be probed.
gradlint rule [NAME|CODE] explains the rules.
gradlint config [OPTIONS] prints the settings in force, and where they are from.
gradlint completion bash|zsh|fish prints a script for the shell."""


def main() -> None:
    """The console script."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the children end with us
    completed = completion.asked_for(gradlint)
    sys.exit(run(sys.argv[1:]) if completed is None else completed)


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
        pythons, torches = ", ".join(tested.PYTHON), ", ".join(tested.TORCH)
        printing.result(f"gradlint {__version__} ({DISTRIBUTION}), torch {torch}")
        printing.result(f"tested on Python {pythons} and torch {torches}")
        context.exit()


def _listed(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for value in values for word in value.replace(",", " ").split())


@click.group(cls=Gradlint)
def gradlint() -> None:
    """A linter for PyTorch models that measures before it speaks."""


_probing = partial(click.option, cls=SectionedOption, section="What to probe")
_rules = partial(
    click.option,
    cls=SectionedOption,
    section="Rules",
    multiple=True,
    callback=_listed,
    shell_complete=completion.rule,
)
_fixing = partial(click.option, cls=SectionedOption, section="Fixing", is_flag=True)
_adopting = partial(click.option, cls=SectionedOption, section="Adopting")
_output = partial(click.option, cls=SectionedOption, section="Output")
_running = partial(click.option, cls=SectionedOption, section="Running")


@gradlint.command(cls=Sectioned, epilog=_COMMANDS)
@click.argument("paths", nargs=-1, shell_complete=completion.paths)
@_probing("--input", metavar="SPEC", help='What the model is fed: "8x3x32x32".')
@_probing("--seed", type=int, help="Seed of the first of three copies (0).")
@_probing("--device", help="Where the probe runs (cpu).")
@_probing("--timeout", type=float, metavar="S", help="Seconds for a model, or for a fix (120).")
@_probing("--no-probe", is_flag=True, help="Build and run nothing: suspicions from the source.")
@_rules("--select", metavar="RULE", help="Only these rules: names, codes, beginnings of codes.")
@_rules("--ignore", metavar="RULE", help="All but these rules.")
@_rules("--extend-select", metavar="RULE", help="These rules beside the selected ones.")
@_running("--suspected", is_flag=True, section="Rules", help="Report what was not confirmed, too.")
@_fixing("--fix", help="Write the verified fixes.")
@_fixing("--interactive", help="With --fix: ask for each of them.")
@_fixing("--unsafe-fixes", help="Offer also what helped and could not be verified.")
@_fixing("--diff", help="Print the verified fixes as a diff, and write nothing.")
@_probing(
    "--fix-budget",
    type=click.IntRange(min=1),
    metavar="N",
    section="Fixing",
    help="Fixes tried for a model (16).",
)
@_adopting(
    "--baseline", metavar="FILE", help="Accept the findings in it (.gradlint-baseline.json)."
)
@_adopting("--no-baseline", is_flag=True, help="Accept none.")
@_adopting("--write-baseline", is_flag=True, help="Accept what is found now: write the baseline.")
@_adopting("--add-ignores", is_flag=True, help="Write a suppression comment for every finding.")
@_adopting("--diff-base", metavar="REV", help="Only models that changed since that git revision.")
@_output(
    "--format",
    type=click.Choice(rendering.FORMATS),
    default="full",
    metavar="FORMAT",
    help=f"How to report: {', '.join(rendering.FORMATS)} (full).",
)
@_output(
    "-o",
    "--output",
    multiple=True,
    metavar="[FORMAT=]FILE",
    help="Report to a file; with a format, beside what is printed. May be repeated.",
)
@_output(
    "--color", type=click.Choice(printing.COLORS), default="auto", help="When to colour (auto)."
)
@_output("-q", "--quiet", is_flag=True, help="Findings only: no notes, no summary.")
@_output("-v", "--verbose", is_flag=True, help="Also what was cleared, and what models were fed.")
@_output("--statistics", is_flag=True, help="Count what each rule found, after the findings.")
@_running("--fail-on", type=click.Choice(FAIL_ON), help="What makes the exit status 1 (confirmed).")
@_running("--exit-zero", is_flag=True, help="Findings leave the exit status at 0.")
@_running(
    "--extend-exclude",
    metavar="PATTERN",
    multiple=True,
    help="Leave these paths out, too: patterns as in .gitignore.",
)
@_running("--force-exclude", is_flag=True, help="Leave out what is excluded, even if it is named.")
@_running("--no-cache", is_flag=True, help="Measure unchanged models anew.")
@_running(
    "--cache-dir",
    metavar="DIR",
    envvar=CACHE_DIR,
    help="Where results are kept for the next run (.gradlint_cache).",
)
@_running("--config", metavar="FILE", help="Read the configuration from this file.")
@_running("--isolated", is_flag=True, help="Read no configuration.")
@_running("--show-settings", is_flag=True, help="Print what is in force, as gradlint config does.")
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
    asked.check_compatible(options)
    found = Config() if options["isolated"] else config.load(_path(options["config"]))
    found = found.overridden(asked.configured(options))
    if options["show_settings"]:
        return _show_settings(found, options)
    settings = _settings(found, options)
    excluded = config.exclusion(settings, options["extend_exclude"], options["force_exclude"])
    requests, problems = collect(paths, found.targets, options["input"], excluded)
    from gradlint.command.adopting import Adoption, read_baseline

    baseline = read_baseline(settings, options)
    report = _checked(requests, settings)
    report = with_named(replace(report, problems=(*problems, *report.problems)))
    if report.models or options["write_baseline"]:
        report = Adoption(report, requests, settings, options).adopted(baseline)
    if options["unsafe_fixes"]:
        report = unsafe.offered(report)

    def check_again(sources: Mapping[str, Source]) -> Report:
        again = [Request(path) for path in sources]
        return _checked(again, replace(settings, search_fixes=False, concerns=None), sources)

    view = printing.show(report, settings, options, check_again)
    return exit_status(view.report, settings, view.applied)


@gradlint.command()
@click.argument("word", metavar="[NAME|CODE]", required=False, shell_complete=completion.rule)
@click.option(
    "--format",
    type=click.Choice(("text", "markdown", "json")),
    default="text",
    help="How to print it (text).",
)
def rule(word: str | None, format: str) -> int:
    """Explain a rule, or list them all."""
    from gradlint import registry
    from gradlint.command import explanation

    if word is None:
        printing.result(explanation.listed(registry.documented(), format))
    else:
        printing.result(explanation.told(registry.find_rule(word), format))
    return 0


@gradlint.command("completion")
@click.argument("shell", type=click.Choice(completion.SHELLS))
def print_completion(shell: str) -> int:
    """Print the script that completes words in a shell."""
    printing.result(completion.script(gradlint, shell))
    return 0


def _show_settings(found: Config, options: dict[str, Any]) -> int:
    from gradlint.command import origins

    printing.result(origins.settings(found, options))
    return 0


@gradlint.command()
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--all", "every", is_flag=True, help="Also the models that need no entry.")
@click.option("--dry-run", is_flag=True, help="Print the entries, and write nothing.")
def init(paths: tuple[str, ...], every: bool, dry_run: bool) -> int:
    """Write targets for the models that could not be probed into the configuration.

    What was found is filled in, and what was not is a comment to complete.
    """
    found = config.load()
    excluded = config.exclusion(found.settings, (), False)
    requests, problems = collect(paths or (".",), (), None, excluded)
    report = _checked(requests, replace(found.settings, search_fixes=False))
    path = initialise.home(found)
    models = initialise.wanted(report.models, found.targets, every)
    entries = [initialise.entry(model, path) for model in models]
    if entries and not dry_run:
        initialise.write(path, entries)
    printing.entries(path, entries, written=not dry_run)
    for each in (*problems, *report.problems):
        printing.problem(each)
    return NOT_DONE if problems or report.problems else CLEAN


def _path(text: str | None) -> Path | None:
    return Path(text) if text is not None else None


def _settings(found: Config, options: dict[str, Any]) -> Settings:
    """What only the command line says."""
    concerns = None
    if options["diff_base"] is not None:
        from gradlint.adoption.changes import Changes

        concerns = Changes.since(options["diff_base"], found.path).concern
    return replace(
        found.settings,
        concerns=concerns,
        verbose=options["verbose"],
        probe=not options["no_probe"],
        cached=not options["no_cache"],
        on_progress=printing.progress(options["quiet"]),
    )


def _checked(
    requests: Sequence[Request],
    settings: Settings,
    sources: Mapping[str, Source] = MappingProxyType({}),
) -> Report:
    if not requests:
        return Report((), (), "")
    from gradlint.checker import check

    try:
        return check(requests, settings, sources)
    finally:
        printing.progress_done(settings.on_progress)
