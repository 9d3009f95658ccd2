"""What functions and classes of torch and of some other packages give."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gradlint.discovery.outline import is_torch_layer
from gradlint.reading import tensors
from gradlint.reading.python import items_of, mathematical
from gradlint.reading.values import (
    UNKNOWN,
    Class,
    External,
    Function,
    Object,
    Partial,
    Tensor,
    Value,
    tensors_of,
)
from gradlint.source import Source

if TYPE_CHECKING:
    from gradlint.reading.calls import Reader

_WRAPPERS = frozenset(  # they give the model that they are given
    "DataParallel DistributedDataParallel compile script weight_norm spectral_norm orthogonal "
    "SyncBatchNorm.convert_sync_batchnorm cast remove_weight_norm trace".split()
)
_AS_LAYER = {  # what layers of other packages do
    "Rearrange": "reshape",
    "Reduce": "mean",
    "DropPath": "dropout",
    "StochasticDepth": "dropout",
    "FrozenBatchNorm2d": "batch_norm",
}
_AS_FUNCTION = {"rearrange": "reshape", "repeat": "repeat", "reduce": "mean", "einsum": "einsum"}
_PLAIN = frozenset("math numpy random os sys time copy typing logging warnings re json".split())


@cache
def blocks() -> Source:
    """Torch's own blocks as source; no file of the user's, so nothing is pointed at in it."""
    text = Path(__file__).with_name("torch_blocks.py").read_text(encoding="utf-8")
    return Source("", text)


def external(
    reader: Reader, function: External, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """What a call of something imported gives."""
    top, last = function.name.split(".")[0], function.last
    if last in _GENERAL:
        return _GENERAL[last](reader, args, kwargs)
    if last in _WRAPPERS and args and isinstance(args[0], (Object, Function, Class)):
        return args[0]
    if top in ("torch", "nn"):
        return _torch(reader, function.name, args, kwargs)
    if function.name == "functools.reduce":
        return _reduced(reader, args, kwargs)
    if top == "einops" and last in _AS_FUNCTION:
        return reader.note(_AS_FUNCTION[last], tensors_of(args))
    if top in _PLAIN:
        read = list(tensors_of(args))
        return reader.note(last, read) if read else mathematical(function.name, args)
    if last[:1].isupper() and not any(t.sources for t in tensors_of([*args, kwargs])):
        return Object(last, None, _AS_LAYER.get(last, "Module"), True, built=reader.here())
    return reader.unknown(last, args, kwargs)


def _torch(reader: Reader, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    last = name.rpartition(".")[2]
    if name.startswith(("torch.nn.init.", "nn.init.")):
        return _initialise(reader, last, args, kwargs)
    if last == "__init__":
        this = args[0] if args else UNKNOWN
        return (
            reader.build(this, this.torch, args[1:], kwargs) if isinstance(this, Object) else None
        )
    if last in ("Parameter", "UninitializedParameter"):
        return tensors.parameter(args[0] if args else kwargs.get("data", UNKNOWN), kwargs)
    if is_torch_layer(name):
        return reader.layer(last, args, kwargs)
    if name.startswith(("torch.utils.", "torch.nn.utils.")):
        return _utility(reader, last, args, kwargs)
    if last == "is_available":
        return False
    if not any(True for _ in tensors_of([*args, kwargs])) and not tensors.is_factory(last):
        return mathematical(name, args)
    return tensors.function_of(reader, last, args, kwargs)


def _initialise(reader: Reader, last: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    tensor = args[0] if args else kwargs.get("tensor", UNKNOWN)
    if isinstance(tensor, Tensor):
        name = last if last.endswith("_") else f"{last}_"
        tensors.write(reader, tensor, name, args[1:], kwargs)
        return tensor
    return 1.0 if last == "calculate_gain" else UNKNOWN


def _utility(reader: Reader, last: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if last == "checkpoint" and args:
        return reader.call(args[0], args[1:], {})
    if last == "checkpoint_sequential" and len(args) > 2:
        return reader.call(args[0], args[2:], {})
    if last == "pad_packed_sequence" and args:
        return args[0], UNKNOWN
    return args[0] if args else UNKNOWN


def _partial(_: Reader, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Partial(args[0], tuple(args[1:]), kwargs) if args else UNKNOWN


def _ordered(reader: Reader, args: list[Value], kwargs: dict[str, Value]) -> Value:
    pairs = args[0] if args else []
    if isinstance(pairs, dict):
        return dict(pairs)
    found = items_of(pairs) or []
    return {
        pair[0]: pair[1]
        for pair in found
        if isinstance(pair, (tuple, list)) and len(pair) == 2 and isinstance(pair[0], (str, int))
    } | kwargs


def _namespace(_: Reader, args: list[Value], kwargs: dict[str, Value]) -> Value:
    return Object("Namespace", None, "", attributes=dict(kwargs))


def _chained(_: Reader, args: list[Value], __: dict[str, Value]) -> Value:
    columns = [items_of(arg) for arg in args]
    return [item for column in columns if column is not None for item in column]


def _reduced(reader: Reader, args: list[Value], _: dict[str, Value]) -> Value:
    items = items_of(args[1]) if len(args) > 1 else None
    if not items:
        return UNKNOWN
    result = args[2] if len(args) > 2 else items.pop(0)
    for item in items:
        result = reader.call(args[0], [result, item], {})
    return result


def _copied(_: Reader, args: list[Value], __: dict[str, Value]) -> Value:
    return copy.deepcopy(args[0]) if args else UNKNOWN


def _parallel(_: Reader, args: list[Value], __: dict[str, Value]) -> Value:
    return args[0] if args else UNKNOWN


_GENERAL: dict[str, Callable[[Reader, list[Value], dict[str, Value]], Value]] = {
    "partial": _partial,
    "OrderedDict": _ordered,
    "SimpleNamespace": _namespace,
    "Namespace": _namespace,
    "chain": _chained,
    "from_iterable": _parallel,
    "deepcopy": _copied,
    "DataParallel": _parallel,
    "DistributedDataParallel": _parallel,
}
