"""Inputs that a model or its file shows."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from gradlint.feeding.values import vocabulary
from gradlint.target import Example

Call = tuple[tuple[object, ...], dict[str, object], str]  # arguments, and where they are from

_BATCH = 8


def shown(
    module: nn.Module,
    examples: tuple[Example, ...],
    namespace: dict[str, object],
    given: object = None,
) -> Iterator[Call]:
    """Ways to call the model, in the order of trust; `given` comes from `gradlint_model()`."""
    yield from _calls(given, "gradlint_model", module)
    for name in ("example_input_array", "dummy_inputs"):
        yield from _calls(_attribute(module, name), name, module)
    for name in ("pretrained_cfg", "default_cfg"):
        config = _attribute(module, name)
        size = config.get("input_size") if isinstance(config, Mapping) else None
        if size is not None:
            yield from _calls(torch.randn(_BATCH, *size), name, module)
    for example in examples:
        yield from _calls(_evaluated(example, namespace), example.source, module)


def _attribute(module: nn.Module, name: str) -> object:
    try:
        return getattr(module, name, None)
    except Exception:  # a property may compute its value
        return None


def _evaluated(example: Example, namespace: dict[str, object]) -> object:
    """The value of an example's expression, None where it has none here."""
    names = dict(namespace)
    setup = ast.fix_missing_locations(ast.Module(list(example.setup), []))
    expression = ast.fix_missing_locations(ast.Expression(example.expression))
    try:
        with torch.random.fork_rng(devices=[]):
            exec(compile(setup, "<example>", "exec"), names)
            return eval(compile(expression, "<example>", "eval"), names)
    except Exception:
        return None


def _calls(value: object, source: str, module: nn.Module) -> Iterator[Call]:
    """The ways to read a value: one argument, or several in a tuple or mapping."""
    if isinstance(value, Tensor) and value.dim() > 0:
        varied = _varied(value, module)
        if varied is not value:
            yield (varied,), {}, source
        yield (value,), {}, source
    elif isinstance(value, (tuple, list)) and any(isinstance(part, Tensor) for part in value):
        yield tuple(value), {}, source
        yield (value,), {}, source
    elif isinstance(value, Mapping) and any(isinstance(v, Tensor) for v in value.values()):
        yield (), {str(key): part for key, part in value.items()}, source
        yield (dict(value),), {}, source


def _varied(value: Tensor, module: nn.Module) -> Tensor:
    """Tokens in place of `torch.zeros(1, 16).long()`, which shows a shape and no values."""
    constant = value.numel() > 1 and bool((value == value.flatten()[0]).all())
    if value.dtype is not torch.int64 or not constant:
        return value
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, vocabulary(module), value.shape, generator=generator)
