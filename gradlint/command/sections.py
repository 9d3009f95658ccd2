"""How the command line is read and explained: a default command, and options in sections."""

from __future__ import annotations

from typing import Any

import click


class Gradlint(click.Group):
    """`gradlint net.py` is `gradlint check net.py`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands that a user writes."""
        return sorted({*self.commands, "config"} - {"check"})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command where none is named."""
        if args[:1] == ["config"]:  # takes what the default command takes
            args = ["--show-settings", *args[1:]]
        known = args and args[0] in self.commands
        return super().parse_args(ctx, args if known else ["check", *args])


class SectionedOption(click.Option):
    """An option that stands in a section of the help."""

    def __init__(self, *args: Any, section: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


class Sectioned(click.Command):
    """A command whose help lists its options by section."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the command as it is written, without the default command's name."""
        formatter.write_usage("gradlint", "[OPTIONS] [PATHS]...")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options by section, sections in the order of their first options."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                section = getattr(parameter, "section", "Running")
                sections.setdefault(section, []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)
