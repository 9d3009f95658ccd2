"""Finds the rules and selects among them. The only module that knows `gradlint.rules`."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import TypeVar

from gradlint.adoption.rules import COMMENT_RULES
from gradlint.command.config import Settings, Threshold
from gradlint.command.patterns import matched
from gradlint.command.validation import check_keys, check_type
from gradlint.errors import GradlintError, did_you_mean
from gradlint.rule import Documented, Rule, Severity

R = TypeVar("R", bound=Documented)

GROUP = "gradlint.rules"
_CONTRACT = frozenset({"code", "name", "summary", "severity", "cause", "examples", "structural"})


@cache
def rules() -> tuple[Rule, ...]:
    """All rules by code: those in `gradlint.rules`, and those that other packages register."""
    found = [cls() for cls in (*_own(), *_registered())]
    found.sort(key=lambda rule: rule.code)
    taken: dict[str, Documented] = {}
    for rule in (*found, *COMMENT_RULES):
        for word in (rule.code, rule.name):
            other = taken.setdefault(word, rule)
            if other is not rule:
                raise GradlintError(
                    f"two rules are called {word}: {_origin(other)} and {_origin(rule)}",
                    "remove one, or the package that brings it",
                )
    return tuple(found)


def documented() -> tuple[Documented, ...]:
    """All that has a code: the rules about models, and those about suppression comments."""
    return (*rules(), *COMMENT_RULES)


def find_rule(word: str) -> Documented:
    """The rule of that name or code."""
    for rule in documented():
        if word in (rule.name, rule.code) or word.upper() == rule.code:
            return rule
    raise GradlintError(f"no rule is called '{word}'", _suggestion(word, documented()))


def select(found: Sequence[R], chosen: Sequence[str], ignored: Sequence[str]) -> tuple[R, ...]:
    """The rules that `chosen` names (all where it names none), without those `ignored` names."""
    kept = {rule.code for word in chosen for rule in _named(found, word)}
    dropped = {rule.code for word in ignored for rule in _named(found, word)}
    return tuple(
        rule for rule in found if (not chosen or rule.code in kept) and rule.code not in dropped
    )


def active(settings: Settings, path: str = "") -> tuple[Rule, ...]:
    """The rules about models among those in force."""
    return tuple(rule for rule in in_force(settings, path) if isinstance(rule, Rule))


def in_force(settings: Settings, path: str = "") -> tuple[Documented, ...]:
    """The rules of a run, or for one file of it: selected, and set as they are configured."""
    tables = {find_rule(word).name: table for word, table in settings.thresholds.items()}
    found = [_configured(rule, tables.get(rule.name, {})) for rule in documented()]
    chosen = settings.select and (*settings.select, *settings.extend_select)
    return select(found, chosen, (*settings.ignore, *_ignored_in(path, settings)))


def _ignored_in(path: str, settings: Settings) -> Iterator[str]:
    for pattern, words in settings.per_file_ignores.items():
        if path and matched((pattern,), path, settings.root):
            yield from words


def check_words(words: Iterable[str]) -> None:
    """Raise GradlintError for a word that selects no rule."""
    for word in words:
        _named(documented(), word)


def thresholds(rule: Documented) -> dict[str, Threshold]:
    """What can be configured of a rule: its plain attributes beside the contract."""
    attributes: dict[str, Threshold] = {}
    for cls in reversed(type(rule).__mro__):
        if issubclass(cls, Documented):
            attributes |= {key: value for key, value in vars(cls).items() if _is_plain(key, value)}
    return attributes


def _is_plain(key: str, value: object) -> bool:
    return (
        key not in _CONTRACT
        and key.islower()
        and not key.startswith("_")
        and isinstance(value, (bool, int, float, str))
    )


def _configured(rule: Documented, table: Mapping[str, Threshold]) -> Documented:
    defaults = thresholds(rule)
    where = f"[tool.gradlint.rules.{rule.name}]"
    check_keys(
        [key.replace("_", "-") for key in table],
        ["severity", *(key.replace("_", "-") for key in defaults)],
        where,
    )
    configured = type(rule)()
    for key, value in table.items():
        if key == "severity":
            setattr(configured, key, _severity(value, f"{where} severity"))
            continue
        kind = type(defaults[key])
        check_type(
            value, (int, float) if kind is float else (kind,), f"{where} {key.replace('_', '-')}"
        )
        setattr(configured, key, kind(value))
    return configured


def _severity(value: Threshold, where: str) -> Severity:
    check_type(value, (str,), where)
    if value not in list(Severity):
        raise GradlintError(f"{where}: no such level '{value}'", did_you_mean(str(value), Severity))
    return Severity(str(value))


def _named(found: Sequence[R], word: str) -> list[R]:
    beginning = word.upper()
    named = [
        rule
        for rule in found
        if rule.name == word or beginning == "ALL" or (word and rule.code.startswith(beginning))
    ]
    if not named:
        raise GradlintError(f"no rule is called '{word}'", _suggestion(word, found))
    return named


def _suggestion(word: str, found: Sequence[Documented]) -> str:
    return did_you_mean(word, [rule.name for rule in found], "'gradlint rule' lists them")


def _origin(rule: Documented) -> str:
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
