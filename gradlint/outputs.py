"""What a model returns, as tensors."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

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
