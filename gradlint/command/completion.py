"""What a shell completes: commands, files, and the names of rules."""

from __future__ import annotations

import os

import click
from click.shell_completion import CompletionItem, get_completion_class, shell_complete

VARIABLE = "_GRADLINT_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


def script(command: click.Command, shell: str) -> str:
    """What a shell reads at its start."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"No completion for {shell}.")
    return found(command, {}, "gradlint", VARIABLE).source()


def asked_for(command: click.Command) -> int | None:
    """Answer a shell that asks what may come next; None where none does."""
    instruction = os.environ.get(VARIABLE)
    if not instruction:
        return None
    return shell_complete(command, {}, "gradlint", VARIABLE, instruction)


def paths(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files; the commands as well, where one may stand."""
    group = context.parent.command if context.parent else None
    names = group.list_commands(context) if isinstance(group, click.Group) else []
    first = incomplete and not context.params.get("paths")
    commands = [name for name in names if first and name.startswith(incomplete)]
    return [CompletionItem(incomplete, type="file"), *map(CompletionItem, commands)]


def rule(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names and codes of rules; behind a comma another one begins."""
    from gradlint import registry

    before, comma, word = incomplete.rpartition(",")
    return [
        CompletionItem(f"{before}{comma}{name}", help=rule.summary)
        for rule in registry.documented()
        for name in (rule.name, rule.code)
        if name.startswith(word)
    ]
