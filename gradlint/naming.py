"""Canonical names of operations: `x.relu_()`, `F.relu(x)` and `torch.relu(x)` are all "relu"."""

from __future__ import annotations

from typing import Any

_DUNDERS = {
    "iadd": "add",
    "radd": "add",
    "isub": "sub",
    "rsub": "sub",
    "imul": "mul",
    "rmul": "mul",
    "multiply": "mul",
    "truediv": "div",
    "rtruediv": "div",
    "itruediv": "div",
    "idiv": "div",
    "divide": "div",
    "true_divide": "div",
    "subtract": "sub",
    "imatmul": "matmul",
    "rmatmul": "matmul",
}


def canonical(func: Any) -> str:
    """The name of a torch function, method, operator or property, however it is spelled."""
    name = getattr(func, "__name__", None) or type(func).__name__
    if name == "__get__":
        name = getattr(func.__self__, "__name__", name)
    name = name.strip("_").removeprefix("special_")
    return _DUNDERS.get(name, name)
