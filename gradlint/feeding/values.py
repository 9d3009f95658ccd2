"""Random values for inputs, always from a generator of their own."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradlint.feeding.specification import Shape

_LITERALS = {"true": True, "false": False, "none": None}
_USUAL = (0.5, 2.0)  # a spread in between is taken for a standard normal


def stated(shape: Shape, seed: int) -> object:
    """The value that a specification asks for."""
    if shape.literal in _LITERALS:
        return _LITERALS[shape.literal]
    if shape.literal:
        kind, _, number = shape.literal.rstrip(")").partition("(")
        return int(number) if kind == "int" else float(number)
    return filled(shape, seed)


def filled(shape: Shape, seed: int = 0) -> Tensor:
    """A tensor of this shape: standard normal, integers below the bound, or coin tosses."""
    generator = torch.Generator().manual_seed(seed)
    if shape.dtype == "int64":
        return torch.randint(0, shape.high or 2, shape.dims, generator=generator)
    if shape.dtype == "bool":
        return torch.rand(shape.dims, generator=generator) < 0.5
    dtype = torch.float64 if shape.dtype == "float64" else torch.float32
    return torch.randn(shape.dims, generator=generator, dtype=dtype)


def renewed(value: Tensor, dims: list[int], generator: torch.Generator) -> Tensor:
    """New values of the type and scale of a tensor."""
    if value.dtype is torch.bool:
        return torch.rand(dims, generator=generator) < value.float().mean().item()
    if value.is_floating_point():
        return _floats(value, dims, generator).to(value.dtype)
    low, high = int(value.min()), int(value.max())
    return torch.randint(low, high + 1, dims, generator=generator, dtype=value.dtype)


def _floats(value: Tensor, dims: list[int], generator: torch.Generator) -> Tensor:
    flat = value.detach().double()
    spread = flat.std().item() if flat.numel() > 1 else 0.0
    if spread > 0 and flat.min() >= 0:
        return torch.rand(dims, generator=generator, dtype=torch.float64) * flat.max()
    sample = torch.randn(dims, generator=generator, dtype=torch.float64)
    if spread > 0 and not _USUAL[0] < spread < _USUAL[1]:
        sample = sample * spread + flat.mean()
    return sample


def differentiable(value: Tensor) -> Tensor:
    """The value, asking for a gradient where it can have one."""
    if value.is_floating_point():
        return value.detach().clone().requires_grad_()
    return value


def copied(value: Tensor) -> Tensor:
    """The same value in memory of its own."""
    return value.detach().clone().requires_grad_(value.requires_grad)


def vocabulary(module: nn.Module) -> int:
    """A bound for integers that every embedding of the model accepts."""
    sizes = [part.num_embeddings for part in module.modules() if isinstance(part, nn.Embedding)]
    return min(sizes, default=2)
