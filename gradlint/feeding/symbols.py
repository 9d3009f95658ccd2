"""Tracing for clues: how far a forward can be followed without any input.

Unlike a trace that must be right, this one guesses where the model asks for a value
(a size, a condition), and keeps what it has seen when it cannot go on.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import fx, nn

_CONDITIONS = 200  # a loop on data would go on for ever
_STEPS = 2  # how often a loop over a tensor or a size runs
_FACTORIES = ("zeros", "ones", "empty", "full", "rand", "randn", "arange", "eye", "linspace")


class _TooLong(Exception):
    """A loop on data does not end."""


class _Symbol(fx.Proxy):
    """A proxy that also passes for a small number."""

    def __index__(self) -> int:
        return _STEPS

    def __int__(self) -> int:
        return _STEPS

    def __float__(self) -> float:
        return float(_STEPS)

    def __len__(self) -> int:
        return _STEPS


class _Scout(fx.Tracer):
    """A tracer that answers every condition alike and keeps its graph when it fails."""

    def __init__(self, answer: bool) -> None:
        super().__init__()
        self._answer = answer
        self._asked = 0

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        layers = (nn.Linear, nn.modules.conv._ConvNd, nn.Embedding, nn.RNNBase)
        foreign = type(m).__module__.startswith("einops")
        return foreign or isinstance(m, layers) or super().is_leaf_module(m, module_qualified_name)

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Symbol(node, self)

    def to_bool(self, obj: fx.Proxy) -> bool:
        self._asked += 1
        if self._asked > _CONDITIONS:
            raise _TooLong
        return self._answer

    def iter(self, obj: fx.Proxy) -> Iterator[Any]:
        return iter([operator.getitem(obj, index) for index in range(_STEPS)])


@contextmanager
def _sizes_as_numbers() -> Iterator[None]:
    """Let `torch.zeros(x.size(0), 8)` pass: a factory takes no symbol for a size."""
    originals = {name: getattr(torch, name) for name in _FACTORIES}

    def plain(value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return [plain(part) for part in value]
        return _STEPS if isinstance(value, _Symbol) else value

    def lenient(factory: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:  # without `device=x.device`
            known = {k: plain(v) for k, v in kwargs.items() if not isinstance(v, _Symbol)}
            return factory(*plain(args), **known)

        return call

    try:
        for name, factory in originals.items():
            setattr(torch, name, lenient(factory))
        yield
    finally:
        for name, factory in originals.items():
            setattr(torch, name, factory)


def scout(module: nn.Module, defaults: dict[str, object], answer: bool) -> fx.Graph:
    """The operations of a forward as far as they can be followed; parameters at their defaults."""
    tracer = _Scout(answer)
    try:
        with _sizes_as_numbers():
            return tracer.trace(module, concrete_args=dict(defaults) or None)
    except Exception:
        return getattr(tracer, "graph", fx.Graph())


def parameters_of(module: nn.Module) -> tuple[list[str], dict[str, object]]:
    """The names of a forward's inputs, and the defaults of its other parameters.

    Where nothing is required, the first parameter is the input.
    """
    try:
        parameters = list(inspect.signature(module.forward).parameters.values())
    except (TypeError, ValueError):
        return ["input"], {}
    plain = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    required = [p.name for p in plain if p.default is p.empty]
    defaults = {p.name: p.default for p in plain if p.default is not p.empty}
    if required:
        return required, defaults
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return ["input"], defaults
    first = next(iter(defaults), None)
    if first is None:
        return [], {}
    del defaults[first]
    return [first], defaults
