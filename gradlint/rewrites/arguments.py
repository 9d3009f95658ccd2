"""Arguments and parameters, as they are written."""

from __future__ import annotations

import ast

import libcst as cst

from gradlint.rewrites.imports import dotted
from gradlint.rewrites.place import Function


def string(node: cst.BaseExpression) -> str | None:
    """The value of a plain string literal."""
    if not isinstance(node, cst.SimpleString):
        return None
    value = ast.literal_eval(node.value)
    return value if isinstance(value, str) else None


def is_none(node: cst.BaseExpression) -> bool:
    """Whether an expression is the constant None."""
    return isinstance(node, cst.Name) and node.value == "None"


def parameter(function: Function, name: str) -> cst.Param | None:
    """A parameter of a function by its name."""
    every = function.params
    params = (*every.posonly_params, *every.params, *every.kwonly_params)
    return next((each for each in params if each.name.value == name), None)


def argument(call: cst.Call, function: Function, name: str) -> cst.BaseExpression | None:
    """What a call gives to a parameter of the function that it runs."""
    every = function.params
    order = [each.name.value for each in (*every.posonly_params, *every.params)]
    if order[:1] in (["self"], ["cls"]) and not _unbound(call):
        order = order[1:]
    return given(call, name, order.index(name) if name in order else None)


def given(call: cst.Call, keyword: str, position: int | None) -> cst.BaseExpression | None:
    """An argument of a call, by its keyword or by its position."""
    for index, each in enumerate(call.args):
        if each.keyword is not None:
            if each.keyword.value == keyword:
                return each.value
        elif each.star == "*":
            position = None
        elif index == position and not each.star:
            return each.value
    return None


def unpacks(call: cst.Call) -> bool:
    """Whether a call unpacks arguments, so that what it gives cannot be read."""
    return any(each.star for each in call.args)


def _unbound(call: cst.Call) -> bool:
    """Whether `self` is written out: `Base.__init__(self, d)`."""
    return (
        bool(call.args)
        and dotted(call.func).endswith(".__init__")
        and (dotted(call.args[0].value) == "self")
    )
