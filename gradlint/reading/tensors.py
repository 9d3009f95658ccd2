"""Reads what is done with tensors: their attributes and methods, and functions of torch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradlint.graph import Init
from gradlint.reading.values import (
    UNKNOWN,
    Many,
    Parameter,
    Shape,
    Tensor,
    Value,
    tensors_of,
)
from gradlint.tracing.naming import ATTRIBUTES, canonical_name, values_read

if TYPE_CHECKING:
    from gradlint.reading.recorder import Recorder

_MASKS = frozenset(  # they give no data that a gradient passes through
    "eq ne lt le gt ge isnan isinf isfinite logical_not logical_and logical_or bool long int "
    "argmax argmin argsort nonzero bernoulli multinomial any all one_hot bincount".split()
)
_SEVERAL = frozenset("chunk split unbind tensor_split split_with_sizes hsplit meshgrid".split())
_CONSTANT = frozenset("zeros_ ones_ constant_ zero_ fill_ zeros ones full".split())
_FACTORIES = frozenset(
    "zeros ones full empty randn rand eye arange linspace tensor normal randint randperm "
    "as_tensor from_numpy Tensor FloatTensor LongTensor logspace tril_indices".split()
)


def attribute_of(reader: Recorder, tensor: Tensor, name: str) -> Value:
    """What an attribute of a tensor is: data again, or something about it."""
    if name in ("shape", "ndim") and tensor.shape is not None:
        return tensor.shape if name == "shape" else len(tensor.shape)
    if name == "requires_grad":
        return tensor.trainable
    if name in ATTRIBUTES:
        return UNKNOWN
    if name in ("T", "mT", "H"):
        return reader.note(name, [tensor])
    return tensor  # `.data`, or a part of what unknown code gave


def method_of(
    reader: Recorder, tensor: Tensor, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """What a method of a tensor gives."""
    if name in ("size", "dim", "numel", "ndimension"):
        return _about(tensor, name, args)
    if name in ("detach", "data", "requires_grad_", "retain_grad", "register_hook"):
        if name == "requires_grad_" and args[:1] == [False]:
            tensor.trainable = False
        return tensor
    if not tensor.sources and name.endswith("_") and not name.startswith("_"):
        write(reader, tensor, name, args, kwargs)
        return tensor
    result = function_of(reader, name, [tensor, *args], kwargs)
    if name.endswith("_") and isinstance(result, Tensor):
        tensor.sources = result.sources or tensor.sources
        return tensor
    return result


def _about(tensor: Tensor, name: str, args: list[Value]) -> Value:
    if tensor.shape is None:
        return UNKNOWN
    if name in ("dim", "ndimension"):
        return len(tensor.shape)
    if name == "numel":
        return math.prod(tensor.shape) if _is_whole(tensor.shape) else UNKNOWN
    if args and isinstance(args[0], int) and -len(tensor.shape) <= args[0] < len(tensor.shape):
        return tensor.shape[args[0]]
    return tensor.shape if not args else UNKNOWN


def function_of(
    reader: Recorder, function: str, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """What a function of torch gives."""
    name = canonical_name(function)
    if name in ATTRIBUTES:
        return UNKNOWN
    if name in _FACTORIES and not any(t.sources for t in tensors_of([*args, kwargs])):
        return made(reader, name, args, kwargs)
    read = list(tensors_of(list(values_read(name, [*args, kwargs]))))
    if name in _MASKS:
        return Tensor(frozenset().union(*(t.sources for t in read)), carries=False)
    result = reader.note(name, read)
    if name in _SEVERAL:
        return Many(result)
    if name == "multi_head_attention_forward":
        return result, result
    return result


def is_factory(name: str) -> bool:
    """Whether a function of torch makes a tensor of nothing."""
    return name in _FACTORIES


def made(reader: Recorder, name: str, args: list[Value], kwargs: dict[str, Value]) -> Tensor:
    """A tensor that holds no data: `torch.zeros(3, 4)`."""
    spans = reader.here()
    shape = _shape_made(name, args, kwargs)
    gain = 0.0 if name in _CONSTANT else math.nan
    init = Init(name, spans[0] if spans else None, False, gain)
    return Tensor(shape=shape, init=init)


def _shape_made(name: str, args: list[Value], kwargs: dict[str, Value]) -> Shape | None:
    if name in ("arange", "linspace", "randperm"):
        return (UNKNOWN,)
    if name == "tensor":
        return (len(args[0]),) if args and isinstance(args[0], list) else ()
    if name == "eye":
        return (args[0] if args else UNKNOWN, args[-1] if args else UNKNOWN)
    size = kwargs.get("size", args[0] if args else UNKNOWN)
    if isinstance(size, (tuple, list)):
        return tuple(size)
    sizes = [a for a in args if isinstance(a, int) or a is UNKNOWN]
    return tuple(sizes) if name not in ("normal", "full", "randint", "as_tensor") else None


def write(
    reader: Recorder, tensor: Tensor, function: str, args: list[Value], kwargs: dict[str, Value]
) -> None:
    """Note that a function wrote the first values of a tensor."""
    if function in ("requires_grad_", "detach_", "zero_grad"):
        return
    if function in ("mul_", "div_", "add_", "sub_", "clamp_") and tensor.init is not None:
        return  # it changes values that something else has written
    reader.made += 1
    spans = reader.here()
    gain = _gain(function, tensor.shape, args, kwargs)
    tensor.init = Init(function, spans[0] if spans else None, False, gain)


def _is_whole(shape: Shape) -> bool:
    """Whether all sizes are known."""
    return all(isinstance(size, int) for size in shape)


def _gain(function: str, shape: Shape | None, args: list[Value], kwargs: dict[str, Value]) -> float:
    """std(W) * sqrt(fan_in) of what an initialising function writes; nan where it is not told."""

    def given(name: str, index: int, otherwise: float) -> float | None:
        value = kwargs.get(name, args[index] if index < len(args) else otherwise)
        return float(value) if isinstance(value, (int, float)) else None

    if function in _CONSTANT:
        return 0.0
    fan_in = math.prod(shape[1:]) if shape and len(shape) > 1 and _is_whole(shape) else None
    if function.startswith("kaiming"):
        slope = given("a", 0, 0.0)
        linear = kwargs.get("nonlinearity") in ("linear", "sigmoid", "tanh")
        return math.nan if slope is None else 1.0 if linear else math.sqrt(2 / (1 + slope**2))
    if function.startswith(("xavier", "orthogonal")):
        gain = given("gain", 0, 1.0)
        return math.nan if gain is None else gain
    if function in ("normal_", "trunc_normal_"):
        std = given("std", 1, 1.0)
    elif function == "uniform_":
        low, high = given("a", 0, 0.0), given("b", 1, 1.0)
        low, high = given("from", 0, low or 0.0), given("to", 1, high or 1.0)
        std = (high - low) / math.sqrt(12) if low is not None and high is not None else None
    else:
        return math.nan
    return std * math.sqrt(fan_in) if std is not None and fan_in is not None else math.nan


def parameter(value: Value, kwargs: dict[str, Value]) -> Parameter:
    """`nn.Parameter(value)`."""
    trainable = kwargs.get("requires_grad", True) is not False
    if not isinstance(value, Tensor):
        return Parameter(trainable=trainable)
    return Parameter(shape=value.shape, init=value.init, trainable=trainable)
