"""What a run is asked to do: the options, and what the nearest configuration file says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from gradlint.command import toml
from gradlint.command.exclude import DEFAULT, Exclusion
from gradlint.command.paths import relative, split_spec
from gradlint.command.patterns import check_pattern
from gradlint.command.tables import per_file, texts
from gradlint.command.validation import check_keys, check_type
from gradlint.errors import GradlintError, did_you_mean
from gradlint.target import Target

FAIL_ON = ("confirmed", "suspected", "not-built", "never")

CACHE_DIR = "GRADLINT_CACHE_DIR"  # in the environment: the folder of earlier results

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
    fix_budget: int = 16  # candidates a model, so that the machine's speed decides nothing
    jobs: int | None = None
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by pattern
    fail_on: str = "confirmed"
    verbose: bool = False
    thresholds: Mapping[str, Mapping[str, Threshold]] = field(default_factory=dict)  # by rule name
    exclude: tuple[str, ...] = DEFAULT
    extend_exclude: tuple[str, ...] = ()
    respect_gitignore: bool = True
    baseline: str = ""  # the file of findings that are accepted
    cache_dir: str = ".gradlint_cache"  # the folder of earlier results
    cached: bool = False  # whether it is used
    root: Path = Path()  # what the patterns of paths are relative to
    concerns: Callable[[Target], bool] | None = None  # whether a model is to be checked at all
    on_progress: Callable[[str], None] | None = None  # told what is being done, for a terminal


@dataclass(frozen=True)
class Config:
    """What a configuration file says; the defaults where there is none."""

    path: Path | None = None
    settings: Settings = Settings()
    targets: tuple[Request, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)  # by key; what is missing is a default

    def overridden(self, options: Mapping[str, Any]) -> Config:
        """With options of the command line, named as in the settings. Raises GradlintError."""
        given = {key: value for key, value in options.items() if value not in (None, ())}
        if "extend_select" in given:
            given["extend_select"] = (*self.settings.extend_select, *given["extend_select"])
        settings = replace(self.settings, **given)
        validate(settings)
        origins = {spelled(key): f"--{spelled(key)}" for key in given}
        return replace(self, settings=settings, origins={**self.origins, **origins})

    def in_force(self) -> Iterator[tuple[str, object, str]]:
        """Every key with its value and where that is from."""
        for key in KEYS:
            attribute = {"rules": "thresholds"}.get(key, key.replace("-", "_"))
            owner = self if key == "targets" else self.settings
            yield key, getattr(owner, attribute), self.origins.get(key, "default")


KEYS: dict[str, tuple[type, ...]] = {
    "seed": (int,),
    "device": (str,),
    "timeout": (int, float),
    "memory": (int,),
    "jobs": (int,),
    "fix-budget": (int,),
    "select": (list,),
    "extend-select": (list,),
    "ignore": (list,),
    "per-file-ignores": (dict,),
    "fail-on": (str,),
    "baseline": (str,),
    "cache-dir": (str,),
    "exclude": (list,),
    "extend-exclude": (list,),
    "respect-gitignore": (bool,),
    "targets": (list,),
    "rules": (dict,),
}
_PLAIN = ("seed", "device", "memory", "jobs", "fix-budget", "respect-gitignore")
_LISTS = ("select", "extend-select", "ignore", "exclude", "extend-exclude")
_TARGET: dict[str, tuple[type, ...]] = {"model": (str,), "input": (str,), "init": (dict,)}


def spelled(name: str) -> str:
    """A name of the settings as files and the command line spell it."""
    return name.replace("_", "-")


def load(path: Path | None = None, start: Path | None = None) -> Config:
    """The configuration in `path`, or in the nearest file upward that has one."""
    if path is not None:
        table = toml.read(path)
        if table is None:
            raise GradlintError(
                f"{path}: has no [tool.gradlint] table", "add it, or use --isolated"
            )
        return _read(path, table)
    found = toml.nearest(start or Path.cwd())
    return _read(*found) if found else Config()


def _read(path: Path, table: dict[str, Any]) -> Config:
    try:
        check_keys(table, KEYS, "[tool.gradlint]")
        for key, value in table.items():
            check_type(value, KEYS[key], f"[tool.gradlint] {key}")
        plain = {key: table[key] for key in _PLAIN if key in table}
        plain |= {key: texts(table, key) for key in _LISTS if key in table}
        settings = replace(
            Settings(),
            **{key.replace("-", "_"): value for key, value in plain.items()},
            timeout=float(table.get("timeout", Settings.timeout)),
            per_file_ignores=per_file(table.get("per-file-ignores", {})),
            fail_on=_fail_on(table.get("fail-on", "confirmed")),
            thresholds=_thresholds(table.get("rules", {})),
            baseline=relative(path.parent / table["baseline"]) if table.get("baseline") else "",
            cache_dir=relative(path.parent / table.get("cache-dir", Settings.cache_dir)),
            root=Path(relative(path.parent)),
        )
        validate(settings)
        targets = _targets(path.parent, table.get("targets", []))
        return Config(path, settings, targets, dict.fromkeys(table, relative(path)))
    except GradlintError as error:
        raise toml.located(path, error) from error


def validate(settings: Settings) -> None:
    """Raise GradlintError for numbers out of range and for rules that do not exist."""
    for name in ("timeout", "memory", "jobs", "fix_budget"):
        value = getattr(settings, name)
        if value is not None and not value > 0:
            raise GradlintError(
                f"{spelled(name)} must be greater than 0", "leave it out for the default"
            )
    words = [*settings.select, *settings.extend_select, *settings.ignore]
    words += [word for found in settings.per_file_ignores.values() for word in found]
    if words or settings.thresholds:
        from gradlint import registry

        registry.check_words(words)
        registry.in_force(settings)


def exclusion(settings: Settings, given: tuple[str, ...], force: bool) -> Exclusion:
    """What a search leaves out: as it is configured, and what the command line adds."""
    configured = (settings.root, (*settings.exclude, *settings.extend_exclude))
    for pattern in given:
        check_pattern(pattern, "--extend-exclude")
    return Exclusion((configured, (Path(), given)), settings.respect_gitignore, force)


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
