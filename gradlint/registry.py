"""Finds the rules and selects among them. The only module that knows `gradlint.rules`."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from gradlint.command.config import Settings, Threshold
from gradlint.command.validation import check_keys, check_type
from gradlint.errors import GradlintError, did_you_mean
from gradlint.rule import Rule

GROUP = "gradlint.rules"
_CONTRACT = frozenset({"code", "name", "summary", "severity", "cause", "examples"})


@cache
def rules() -> tuple[Rule, ...]:
    """All rules by code: those in `gradlint.rules`, and those that other packages register."""
    found = [cls() for cls in (*_own(), *_registered())]
    found.sort(key=lambda rule: rule.code)
    taken: dict[str, Rule] = {}
    for rule in found:
        for word in (rule.code, rule.name):
            other = taken.setdefault(word, rule)
            if other is not rule:
                raise GradlintError(
                    f"two rules are called {word}: {_origin(other)} and {_origin(rule)}",
                    "remove one, or the package that brings it",
                )
    return tuple(found)


def find_rule(word: str) -> Rule:
    """The rule of that name or code."""
    for rule in rules():
        if word in (rule.name, rule.code) or word.upper() == rule.code:
            return rule
    raise GradlintError(f"no rule is called '{word}'", _suggestion(word, rules()))


def select(
    found: Sequence[Rule], chosen: Sequence[str], ignored: Sequence[str]
) -> tuple[Rule, ...]:
    """The rules that `chosen` names (all where it names none), without those `ignored` names."""
    kept = {rule.code for word in chosen for rule in _named(found, word)}
    dropped = {rule.code for word in ignored for rule in _named(found, word)}
    return tuple(
        rule for rule in found if (not chosen or rule.code in kept) and rule.code not in dropped
    )


def active(settings: Settings) -> tuple[Rule, ...]:
    """The rules of a run: selected, with the configured thresholds set on them."""
    tables = {find_rule(word).name: table for word, table in settings.thresholds.items()}
    configured = [_configured(rule, tables.get(rule.name, {})) for rule in rules()]
    return select(configured, settings.select, settings.ignore)


def thresholds(rule: Rule) -> dict[str, Threshold]:
    """What can be configured of a rule: its plain attributes beside the contract."""
    attributes: dict[str, Threshold] = {}
    for cls in reversed(type(rule).__mro__):
        if issubclass(cls, Rule):
            attributes |= {key: value for key, value in vars(cls).items() if _is_plain(key, value)}
    return attributes


def _is_plain(key: str, value: object) -> bool:
    return (
        key not in _CONTRACT
        and key.islower()
        and not key.startswith("_")
        and isinstance(value, (bool, int, float, str))
    )


def _configured(rule: Rule, table: Mapping[str, Threshold]) -> Rule:
    defaults = thresholds(rule)
    where = f"[tool.gradlint.rules.{rule.name}]"
    check_keys(
        [key.replace("_", "-") for key in table],
        [key.replace("_", "-") for key in defaults],
        where,
    )
    configured = type(rule)()
    for key, value in table.items():
        kind = type(defaults[key])
        check_type(
            value, (int, float) if kind is float else (kind,), f"{where} {key.replace('_', '-')}"
        )
        setattr(configured, key, kind(value))
    return configured


def _named(found: Sequence[Rule], word: str) -> list[Rule]:
    beginning = word.upper()
    named = [
        rule
        for rule in found
        if rule.name == word or beginning == "ALL" or (word and rule.code.startswith(beginning))
    ]
    if not named:
        raise GradlintError(f"no rule is called '{word}'", _suggestion(word, found))
    return named


def _suggestion(word: str, found: Sequence[Rule]) -> str:
    return did_you_mean(word, [rule.name for rule in found], "'gradlint rule' lists them")


def _origin(rule: Rule) -> str:
    return f"{type(rule).__module__}.{type(rule).__name__}"


def _own() -> Iterator[type[Rule]]:
    package = importlib.import_module("gradlint.rules")
    for entry in pkgutil.iter_modules(package.__path__):
        if not entry.name.startswith("_"):
            yield from _in_module(importlib.import_module(f"gradlint.rules.{entry.name}"))


def _registered() -> Iterator[type[Rule]]:
    for entry in entry_points(group=GROUP):
        loaded = _loaded(entry)
        yield from _in_module(loaded) if isinstance(loaded, ModuleType) else [loaded]


def _loaded(entry: EntryPoint) -> ModuleType | type[Rule]:
    try:
        loaded: object = entry.load()
    except Exception as error:
        raise GradlintError(
            f"the rule {entry.name} cannot be loaded: {error}", f"mend or remove {entry.value}"
        ) from error
    if isinstance(loaded, ModuleType) or (isinstance(loaded, type) and issubclass(loaded, Rule)):
        return loaded
    raise GradlintError(
        f"{entry.value} is not a rule", f"the entry point {entry.name} must name one"
    )


def _in_module(module: ModuleType) -> Iterator[type[Rule]]:
    for value in vars(module).values():
        if (
            isinstance(value, type)
            and issubclass(value, Rule)
            and value.__module__ == module.__name__
            and not inspect.isabstract(value)
        ):
            yield value
