"""From a report to the text of a format."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from types import ModuleType

from gradlint.command.config import Settings
from gradlint.command.destinations import Destination
from gradlint.formats import (
    concise,
    full,
    github,
    gitlab,
    json,
    json_lines,
    junit,
    markdown,
    sarif,
    statistics,
)
from gradlint.formats.view import DOUBTFUL, WIDTH, RuleText, View

_RENDERERS: dict[str, ModuleType] = {
    "full": full,
    "concise": concise,
    "json": json,
    "json-lines": json_lines,
    "sarif": sarif,
    "github": github,
    "gitlab": gitlab,
    "junit": junit,
    "markdown": markdown,
}
FORMATS = tuple(_RENDERERS)
TEXTS = ("full", "concise")
WHOLE = ("json", "json-lines")  # they hold what was not confirmed, too
NARROW = 60


def formatted(view: View, destination: Destination, settings: Settings) -> View:
    """The view as a format needs it."""
    if destination.format in WHOLE:
        view = replace(view, states=view.states | DOUBTFUL)
    if destination.format == "sarif":
        view = replace(view, rules=_explained(settings))
    if destination.file is None and sys.stdout.isatty():
        columns = shutil.get_terminal_size((WIDTH, 0)).columns
        view = replace(view, width=min(WIDTH, max(NARROW, columns)))
    return view


def _explained(settings: Settings) -> tuple[RuleText, ...]:
    from gradlint import registry
    from gradlint.command.explanation import explained

    return tuple(map(explained, registry.in_force(settings)))


def rendered(view: View, format: str, with_statistics: bool) -> str:
    """The report in a format, and behind it the table of what each rule found."""
    text: str = _RENDERERS[format].render(view)
    if with_statistics and format in TEXTS:
        text = "\n\n".join(filter(None, (text, statistics.render(view))))
    return text
