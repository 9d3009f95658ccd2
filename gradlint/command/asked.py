"""What the options of the command line say together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from gradlint.command.config import spelled
from gradlint.command.rendering import TEXTS

_CONFIGURED = """
seed device timeout jobs fix_budget select extend_select ignore fail_on baseline cache_dir
"""


def check_compatible(options: Mapping[str, Any]) -> None:
    """Raise click.UsageError for options that exclude each other."""
    if options["interactive"] and not options["fix"]:
        raise click.UsageError("--interactive asks before --fix writes: give both.")
    if options["no_probe"] and (options["fix"] or options["diff"]):
        asked = "--fix" if options["fix"] else "--diff"
        raise click.UsageError(f"--no-probe and {asked} exclude each other: fixes are measured.")
    is_text = options["format"] in TEXTS
    if options["diff"] and not is_text:
        raise click.UsageError(
            f"--diff takes the place of --format {options['format']}: "
            f"write that with -o {options['format']}=FILE."
        )
    if options["statistics"] and not is_text:
        raise click.UsageError("--statistics needs --format full or concise.")
    if options["isolated"] and options["config"]:
        raise click.UsageError("--isolated and --config exclude each other.")
    if options["no_baseline"] and (options["baseline"] or options["write_baseline"]):
        raise click.UsageError("--no-baseline excludes the other options of the baseline.")
    writing = [name for name in ("fix", "diff", "write_baseline", "add_ignores") if options[name]]
    if len(writing) > 1:
        raise click.UsageError(
            f"--{spelled(writing[0])} and --{spelled(writing[1])} exclude each other."
        )


def configured(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that have a place in the configuration, too."""
    names = (
        "seed",
        "device",
        "timeout",
        "jobs",
        "fix_budget",
        "select",
        "extend_select",
        "ignore",
        "fail_on",
    )
    given = {name: options[name] for name in (*names, "baseline", "cache_dir")}
    return {**given, "fail_on": "never"} if options["exit_zero"] else given
