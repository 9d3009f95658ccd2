"""Sizes that are zero because the data they were counted from is not there."""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.nn.parameter import is_lazy

from gradlint.discovery import fields
from gradlint.target import Argument


def is_emptied(model: object) -> bool:
    """Whether a layer of a model has no inputs or outputs: `nn.Linear(64, 0)`."""
    if not isinstance(model, nn.Module):
        return False
    weights = (weight for weight in model.parameters() if not is_lazy(weight))
    return any(weight.numel() == 0 for weight in weights)


def refilled(
    construct: ast.expr, namespace: Mapping[str, Any]
) -> tuple[ast.Call, tuple[Argument, ...]] | None:
    """The construction without its sizes of zero, and guesses for them by their names."""
    if not isinstance(construct, ast.Call):
        return None
    placed = _by_place(construct, namespace)
    given = {**placed, **{k.arg: k.value for k in construct.keywords}}
    guesses = {
        name: text
        for name, value in given.items()
        if name and _is_zero(value, namespace) and (text := fields.value(name) or "").isdigit()
    }
    if not guesses or len(placed) < len(construct.args):
        return None
    construct = copy.copy(construct)
    kept = {name: value for name, value in given.items() if name not in guesses}
    construct.args = []
    construct.keywords = [
        ast.copy_location(ast.keyword(name, value), value) for name, value in kept.items()
    ]
    origin = "its name, since without its data it is 0"
    return construct, tuple(Argument(name, text, origin, True) for name, text in guesses.items())


def _by_place(call: ast.Call, namespace: Mapping[str, Any]) -> dict[str | None, ast.expr]:
    """What a call gives by place; nothing where that cannot be told."""
    try:
        names = list(inspect.signature(_value(call.func, namespace)).parameters)
    except (TypeError, ValueError):
        return {}
    starred = any(isinstance(value, ast.Starred) for value in call.args)
    return {} if starred else dict(zip(names, call.args, strict=False))


def _is_zero(value: ast.expr, namespace: Mapping[str, Any]) -> bool:
    found = _value(value, namespace)
    return type(found) is int and found == 0


def _value(value: ast.expr, namespace: Mapping[str, Any]) -> Any:
    try:
        return eval(compile(ast.Expression(value), "<size>", "eval"), dict(namespace))
    except Exception:
        return None
