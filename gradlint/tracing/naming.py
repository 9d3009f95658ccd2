"""Canonical names of operations: `x.relu_()`, `F.relu(x)` and `torch.relu(x)` are all "relu"."""

from __future__ import annotations

from collections.abc import Sequence
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


# What is asked of a tensor that is no data of its own.
ATTRIBUTES = frozenset(
    "shape dtype device requires_grad ndim grad is_leaf grad_fn size dim numel is_cuda layout "
    "register_hook retain_grad backward is_floating_point is_complex stride data_ptr item "
    "is_contiguous element_size storage_offset len tolist names is_sparse is_quantized "
    "is_nested is_meta is_mkldnn get_device itemsize nbytes version output_nr".split()
)
_LIKE_ANOTHER = frozenset("to type_as view_as expand_as reshape_as".split())


def canonical(func: Any) -> str:
    """The name of a torch function, method, operator or property, however it is spelled."""
    name = getattr(func, "__name__", None) or type(func).__name__
    if name == "__get__":
        name = getattr(func.__self__, "__name__", name)
    return canonical_name(name)


def canonical_name(name: str) -> str:
    """The canonical form of a function's name: `relu_` gives "relu", `__iadd__` "add"."""
    name = name.strip("_").removeprefix("special_")
    return _DUNDERS.get(name, name)


def values_read(name: str, args: Sequence[Any]) -> Sequence[Any]:
    """The arguments whose values count: of `zeros_like(x)` none, of `h.to(x)` the first."""
    if name in ATTRIBUTES or name.endswith("_like") or name.startswith("new_"):
        return ()
    return args[:1] if name in _LIKE_ANOTHER else args
