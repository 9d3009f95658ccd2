"""What the reading knows of Python itself: operators, and functions that need no model."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

from gradlint.reading.values import UNKNOWN, External, Many, Object, Tensor, Value, known

LARGEST = 10_000  # elements of a list, and of a text, that a reading makes

BINARY: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("add", operator.add),
    ast.Sub: ("sub", operator.sub),
    ast.Mult: ("mul", operator.mul),
    ast.Div: ("div", operator.truediv),
    ast.FloorDiv: ("floor_divide", operator.floordiv),
    ast.Mod: ("remainder", operator.mod),
    ast.Pow: ("pow", operator.pow),
    ast.MatMult: ("matmul", operator.matmul),
    ast.BitAnd: ("bitwise_and", operator.and_),
    ast.BitOr: ("bitwise_or", operator.or_),
    ast.BitXor: ("bitwise_xor", operator.xor),
    ast.LShift: ("bitwise_left_shift", operator.lshift),
    ast.RShift: ("bitwise_right_shift", operator.rshift),
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
PLAIN: dict[str, Callable[..., Any]] = {  # functions of plain values
    "abs": abs, "all": all, "any": any, "bool": bool, "divmod": divmod, "float": float,
    "int": int, "max": max, "min": min, "pow": pow, "round": round, "sorted": sorted,
    "str": str, "sum": sum, "range": range,
    "slice": slice, "repr": repr, "chr": chr, "ord": ord,
}  # fmt: skip
_MATH = ("math", "numpy", "np", "torch")


def folded(function: Callable[..., Any], *args: Value, **kwargs: Value) -> Value:
    """The result of a function of plain values; UNKNOWN where it fails or is too large."""
    if not (known(*args) and known(*kwargs.values())):
        return UNKNOWN
    try:
        result = function(*args, **kwargs)
    except Exception:
        return UNKNOWN
    small = not isinstance(result, (str, list, tuple, range)) or len(result) <= LARGEST
    small = small and not (isinstance(result, int) and abs(result) > 10**18)
    return result if small and known(result) else UNKNOWN


def binary(op: ast.operator, left: Value, right: Value) -> Value:
    """An operator between values that are no tensors."""
    if isinstance(op, ast.Add) and type(left) is type(right) and isinstance(left, (list, tuple)):
        return left + right  # of any values
    if isinstance(op, ast.Mult):
        for items, count in ((left, right), (right, left)):
            if isinstance(items, (list, tuple)):
                times = count if isinstance(count, int) and not isinstance(count, bool) else 1
                return items * max(0, min(times, LARGEST // max(1, len(items))))
    if isinstance(op, (ast.Pow, ast.LShift)) and isinstance(right, int) and abs(right) > 64:
        return UNKNOWN
    return folded(BINARY[type(op)][1], left, right)


def compare(op: ast.cmpop, left: Value, right: Value) -> Value:
    """A comparison: True, False or UNKNOWN."""
    if isinstance(op, (ast.Is, ast.IsNot)):
        same = _same(left, right)
        return same if same is UNKNOWN or isinstance(op, ast.Is) else not same
    if isinstance(op, (ast.In, ast.NotIn)):
        held = _holds(left, right)
        return held if held is UNKNOWN or isinstance(op, ast.In) else not held
    if isinstance(op, (ast.Eq, ast.NotEq)) and not known(left, right):
        if UNKNOWN in (left, right) or isinstance(left, Tensor) or isinstance(right, Tensor):
            return UNKNOWN
        return (left is right or left == right) is isinstance(op, ast.Eq)
    return folded(COMPARISONS[type(op)], left, right)


def _same(left: Value, right: Value) -> Value:
    if UNKNOWN in (left, right):
        return UNKNOWN
    if None in (left, right) or isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return UNKNOWN if known(left, right) else left is right or left == right


def _holds(item: Value, items: Value) -> Value:
    if isinstance(items, dict) and known(item):
        return item in items
    if isinstance(items, Object) and isinstance(item, str) and items.torch == "ModuleDict":
        return item in items.attributes
    if isinstance(items, str) or (isinstance(items, (list, tuple)) and known(list(items))):
        return folded(lambda held, held_by: held in held_by, item, items)
    if isinstance(items, (list, tuple)) and item is not UNKNOWN:
        if any(item is each or item == each for each in items):
            return True
        return UNKNOWN if any(each is UNKNOWN for each in items) else False
    return UNKNOWN


def truth(value: Value) -> bool | None:
    """Whether a value counts as true; None where that is not known."""
    if value is UNKNOWN or isinstance(value, (Tensor, Many)):
        return None
    if isinstance(value, Object):
        return bool(value.children()) if value.torch in ("ModuleList", "ModuleDict") else True
    if isinstance(value, External):
        return True
    return bool(value)


def items_of(value: Value) -> list[Value] | None:
    """What iterating over a value gives; None where the number is not known."""
    if isinstance(value, (list, tuple, str, set, range)):
        return list(value)[:LARGEST]
    if isinstance(value, dict):
        return list(value)
    if isinstance(value, Object) and value.torch in ("ModuleList", "Sequential", "ParameterList"):
        return list(value.attributes.values())
    if isinstance(value, Object) and value.torch == "ModuleDict":
        return list(value.attributes)
    return None


def representative(value: Value) -> Value:
    """One element of what has nobody knows how many."""
    if isinstance(value, Many):
        return value.item
    return (
        Tensor(value.sources, value.weights, value.carries)
        if isinstance(value, Tensor)
        else UNKNOWN
    )


def mathematical(name: str, args: list[Value]) -> Value:
    """`math.sqrt(4)` and its relatives in numpy, of plain numbers."""
    owner, _, last = name.rpartition(".")
    if owner == "math" and hasattr(math, last):
        found = getattr(math, last)
        return folded(found, *args) if callable(found) else found
    if owner.split(".")[0] in _MATH and last in ("sqrt", "log", "log2", "exp", "ceil", "floor"):
        return folded(getattr(math, last), *args)
    if owner == "numpy" and last in ("prod", "cumprod") and args and known(args[0]):
        return folded(math.prod, args[0])
    return UNKNOWN
