"""What `gradlint config` prints: each setting that is in force, and where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from gradlint.command.config import Config, Settings
from gradlint.command.documentation import toml
from gradlint.command.paths import relative
from gradlint.registry import active, find_rule, thresholds
from gradlint.rule import Rule

_OF_A_RUN = frozenset({"search_fixes", "verbose", "thresholds", "on_progress"})


def in_force(found: Config, settings: Settings, options: dict[str, Any]) -> str:
    """The settings as a configuration file has them, each with its origin beside it."""
    file = relative(found.path) if found.path else ""
    blocks = [
        ["[tool.gradlint]", *_settings(found, settings, options, file)],
        *(_target(target.path, target.names, target.input, file) for target in found.targets),
        *(_rule(rule, settings, file) for rule in active(settings) if thresholds(rule)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks)


def _settings(
    found: Config, settings: Settings, options: dict[str, Any], file: str
) -> Iterator[str]:
    for field in fields(settings):
        if field.name not in _OF_A_RUN:
            key, value = field.name.replace("_", "-"), getattr(settings, field.name)
            origin = file if key in found.keys else "default"
            if options.get(field.name) not in (None, ()):
                origin = f"--{key}"
            if key == "fail-on" and options["exit_zero"]:
                origin = "--exit-zero"
            yield _line(key, value, origin)


def _target(path: str, names: tuple[str, ...], input: str | None, file: str) -> list[str]:
    model = ":".join((path, *names))
    lines = [_line("model", model, file)] + ([_line("input", input, file)] if input else [])
    return ["[[tool.gradlint.targets]]", *lines]


def _rule(rule: Rule, settings: Settings, file: str) -> list[str]:
    given = {
        key
        for word, table in settings.thresholds.items()
        if find_rule(word).name == rule.name
        for key in table
    }
    lines = [
        _line(key.replace("_", "-"), getattr(rule, key), file if key in given else "default")
        for key in thresholds(rule)
    ]
    return [f"[tool.gradlint.rules.{rule.name}]", *lines]


def _line(key: str, value: object, origin: str) -> str:
    written = f"{key} = {toml(value)}" if value is not None else f"# {key} is not set"
    return f"{written:<40}  # {origin}"
