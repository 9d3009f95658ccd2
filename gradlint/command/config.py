"""What a run is asked to do: the options, and `[tool.gradlint]` of the nearest pyproject.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from gradlint.command.paths import relative, split_spec
from gradlint.command.validation import check_keys, check_type
from gradlint.errors import GradlintError, did_you_mean

FAIL_ON = ("confirmed", "suspected", "not-built", "never")

Threshold: TypeAlias = bool | int | float | str


@dataclass(frozen=True)
class Request:
    """One file to check; with names, only these of its models, and they must be done."""

    path: str
    names: tuple[str, ...] = ()
    input: str | None = None
    init: Mapping[str, Any] = field(default_factory=dict)  # constructor arguments, of one model


@dataclass(frozen=True)
class Settings:
    """How to check. Selectors are names, codes or beginnings of codes; none selects all."""

    seed: int = 0
    device: str = "cpu"
    timeout: float = 120.0  # seconds until a model must have shown something
    memory: int = 8  # GiB
    probe: bool = True  # otherwise nothing is built: the source is read
    search_fixes: bool = True
    jobs: int | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = "confirmed"
    verbose: bool = False
    thresholds: Mapping[str, Mapping[str, Threshold]] = field(default_factory=dict)  # by rule name
    on_progress: Callable[[str], None] | None = None  # told what is being done, for a terminal


@dataclass(frozen=True)
class Config:
    """What a configuration file says; the defaults where there is none."""

    path: Path | None = None
    settings: Settings = Settings()
    targets: tuple[Request, ...] = ()


_TYPES: dict[str, tuple[type, ...]] = {
    "seed": (int,),
    "device": (str,),
    "timeout": (int, float),
    "memory": (int,),
    "select": (list,),
    "ignore": (list,),
    "fail-on": (str,),
    "targets": (list,),
    "rules": (dict,),
}
_TARGET: dict[str, tuple[type, ...]] = {"model": (str,), "input": (str,), "init": (dict,)}


def load(path: Path | None = None, start: Path | None = None) -> Config:
    """The configuration in `path`, or in the nearest pyproject.toml upward that has one."""
    if path is not None:
        table = _table(path)
        if table is None:
            raise GradlintError(
                f"{path}: has no [tool.gradlint] table", "add it, or use --isolated"
            )
        return _read(path, table)
    start = start or Path.cwd()
    for folder in (start, *start.parents):
        candidate = folder / "pyproject.toml"
        table = _table(candidate) if candidate.is_file() else None
        if table is not None:
            return _read(candidate, table)
    return Config()


def _table(path: Path) -> dict[str, Any] | None:
    name = relative(path)
    try:
        tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except OSError as error:
        raise GradlintError(f"{name}: cannot read: {error.strerror}", "check --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GradlintError(
            f"{name}: is not TOML: {error}", "mend it, or use --isolated"
        ) from error
    table = tool.get("gradlint") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise GradlintError(f"{name}: tool.gradlint must be a table", "write [tool.gradlint]")
    return table


def _read(path: Path, table: dict[str, Any]) -> Config:
    try:
        check_keys(table, _TYPES, "[tool.gradlint]")
        for key, value in table.items():
            check_type(value, _TYPES[key], f"[tool.gradlint] {key}")
        settings = replace(
            Settings(),
            **{key: table[key] for key in ("seed", "device", "memory") if key in table},
            timeout=float(table.get("timeout", Settings.timeout)),
            select=_texts(table, "select"),
            ignore=_texts(table, "ignore"),
            fail_on=_fail_on(table.get("fail-on", "confirmed")),
            thresholds=_thresholds(table.get("rules", {})),
        )
        validate(settings)
        return Config(path, settings, _targets(path.parent, table.get("targets", [])))
    except GradlintError as error:
        raise GradlintError(f"{relative(path)}: {error.message}", error.hint) from error


def validate(settings: Settings) -> None:
    """Raise GradlintError for numbers out of range and for rules that do not exist."""
    for name in ("timeout", "memory"):
        if not getattr(settings, name) > 0:
            raise GradlintError(f"{name} must be greater than 0", "leave it out for the default")
    if settings.select or settings.ignore or settings.thresholds:
        from gradlint import registry

        registry.active(settings)


def _texts(table: dict[str, Any], key: str) -> tuple[str, ...]:
    for value in table.get(key, []):
        check_type(value, (str,), f"each entry of [tool.gradlint] {key}")
    return tuple(table.get(key, []))


def _fail_on(value: str) -> str:
    if value not in FAIL_ON:
        message = f"[tool.gradlint] fail-on: no such level '{value}'"
        raise GradlintError(message, did_you_mean(value, FAIL_ON))
    return value


def _thresholds(tables: dict[str, Any]) -> dict[str, dict[str, Threshold]]:
    for name, table in tables.items():
        check_type(table, (dict,), f"[tool.gradlint.rules] {name}")
    return {
        name: {key.replace("-", "_"): value for key, value in table.items()}
        for name, table in tables.items()
    }


def _targets(folder: Path, tables: list[Any]) -> tuple[Request, ...]:
    found = []
    for table in tables:
        check_type(table, (dict,), "each entry of [[tool.gradlint.targets]]")
        check_keys(table, _TARGET, "[[tool.gradlint.targets]]")
        for key, value in table.items():
            check_type(value, _TARGET[key], f"[[tool.gradlint.targets]] {key}")
        if "model" not in table:
            message = "an entry of [[tool.gradlint.targets]] has no 'model'"
            raise GradlintError(message, 'write model = "net.py:Net"')
        path, name = split_spec(table["model"])
        names = (name,) if name else ()
        if table.get("init") and not name:
            message = f"[[tool.gradlint.targets]] init: '{path}' is a file, not a model"
            raise GradlintError(message, f'write model = "{path}:Net"')
        init = table.get("init", {})
        found.append(Request(relative(folder / path), names, table.get("input"), init))
    return tuple(found)
