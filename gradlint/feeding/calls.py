"""The places that a call of forward has for values, and how values become its arguments."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from gradlint.feeding.recipes import Recipe


@dataclass(frozen=True)
class Slot:
    """One value of a call: a parameter, or one entry of a mapping, tuple or list."""

    name: str
    key: str | int | None = None
    options: tuple[Recipe, ...] = ()

    def __str__(self) -> str:
        return self.name if self.key is None else f"{self.name}.{self.key}"


@dataclass(frozen=True)
class Call:
    """How the values of slots become the arguments of a call."""

    slots: tuple[Slot, ...]
    positional: tuple[str, ...]  # the parameters that are given by their place

    @classmethod
    def of(cls, module: nn.Module, names: Sequence[str]) -> Call:
        """A call with one plain value for each of these parameters."""
        return cls(tuple(Slot(name) for name in names), positional(module, names))

    def arguments(self, values: Sequence[object]) -> tuple[tuple[object, ...], dict[str, object]]:
        """The positional and the named arguments."""
        named: dict[str, Any] = {}
        for slot, value in zip(self.slots, values, strict=True):
            if slot.key is None:
                named[slot.name] = value
            elif isinstance(slot.key, str):
                named.setdefault(slot.name, {})[slot.key] = value
            else:
                named[slot.name] = (*named.get(slot.name, ()), value)
        args = tuple(named.pop(name) for name in self.positional)
        return args, named


def positional(module: nn.Module, names: Sequence[str]) -> tuple[str, ...]:
    """The first parameters of forward, as long as each has a value."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return tuple(names)
    if any(p.kind is p.VAR_POSITIONAL for p in parameters) and len(names) == 1:
        return tuple(names)
    found = []
    for parameter in parameters:
        if parameter.name not in names or parameter.kind is parameter.KEYWORD_ONLY:
            break
        found.append(parameter.name)
    return tuple(found)
