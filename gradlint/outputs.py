"""What a model returns, as tensors."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor
from torch.distributions import Distribution


def tensors_of(output: object) -> list[Tensor]:
    """The tensors in an output, each once: nested tuples, lists, dicts and dataclasses.

    A distribution counts as its parameters.
    """
    found: dict[int, Tensor] = {}
    for tensor in _walk(output):
        found.setdefault(id(tensor), tensor)
    return list(found.values())


def _walk(output: object) -> Iterator[Tensor]:
    if isinstance(output, Tensor):
        yield output
        return
    for part in _parts(output):
        yield from _walk(part)


def _parts(output: object) -> list[object]:
    if isinstance(output, Mapping):
        return list(output.values())
    if isinstance(output, (tuple, list)):
        return list(output)
    if dataclasses.is_dataclass(output) and not isinstance(output, type):
        return [getattr(output, field.name) for field in dataclasses.fields(output)]
    if isinstance(output, Distribution):
        return list(vars(output).values())
    return []


def mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The value with every tensor in its tuples, lists and dicts changed."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, tuple):
        parts = [mapped(part, change) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, list):
        return [mapped(part, change) for part in value]
    if isinstance(value, dict):
        return {key: mapped(part, change) for key, part in value.items()}
    return value
