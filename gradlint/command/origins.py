"""What `gradlint config` prints: each setting that is in force, and where it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click
from click.core import ParameterSource

from gradlint.command.config import CACHE_DIR, Config, Request, Threshold
from gradlint.command.toml import SHARED, written
from gradlint.registry import find_rule, in_force, thresholds
from gradlint.rule import Documented

_TABLES = ("targets", "rules", "per-file-ignores")


def settings(found: Config, options: dict[str, Any]) -> str:
    """The settings as a configuration file has them, each with its origin beside it."""
    own = found.path is not None and found.path.name != SHARED
    prefix = "" if own else "tool.gradlint."
    origins = {key: origin for key, _, origin in found.in_force()}
    if options["exit_zero"]:
        origins["fail-on"] = "--exit-zero"
    if click.get_current_context().get_parameter_source("cache_dir") is ParameterSource.ENVIRONMENT:
        origins["cache-dir"] = CACHE_DIR
    plain = [
        _line(key, value, origins[key]) for key, value, _ in found.in_force() if key not in _TABLES
    ]
    blocks = [plain if own else ["[tool.gradlint]", *plain]]
    if found.settings.per_file_ignores:
        ignores = found.settings.per_file_ignores.items()
        lines = [_line(written(key), words, origins["per-file-ignores"]) for key, words in ignores]
        blocks.append([f"[{prefix}per-file-ignores]", *lines])
    for target in found.targets:
        blocks.append([f"[[{prefix}targets]]", *_target(target, origins["targets"])])
    for rule in in_force(found.settings):
        lines = list(_rule(rule, found.settings.thresholds, origins["rules"]))
        blocks.append([f"[{prefix}rules.{rule.name}]", *lines])
    return "\n\n".join("\n".join(block) for block in blocks)


def _target(target: Request, origin: str) -> Iterator[str]:
    yield _line("model", ":".join((target.path, *target.names)), origin)
    if target.input:
        yield _line("input", target.input, origin)
    if target.init:
        yield _line("init", target.init, origin)


def _rule(
    rule: Documented, tables: Mapping[str, Mapping[str, Threshold]], origin: str
) -> Iterator[str]:
    given = {
        key for word, table in tables.items() if find_rule(word).name == rule.name for key in table
    }
    for key in ("severity", *thresholds(rule)):
        value = getattr(rule, key)
        yield _line(key.replace("_", "-"), value, origin if key in given else "default")


def _line(key: str, value: object, origin: str) -> str:
    text = f"{key} = {written(value)}" if value is not None else f"# {key} is not set"
    return f"{text:<40}  # {origin}"
