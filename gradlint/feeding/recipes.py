"""How an input's value is made, for any number of samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gradlint.feeding.guesses import Guess
from gradlint.feeding.specification import Shape


@dataclass(frozen=True)
class Plain:
    """A value that is no tensor: a flag, a number, a word, None."""

    value: object


@dataclass(frozen=True)
class Pair:
    """The two states of an LSTM."""

    first: Guess
    second: Guess


Recipe = Guess | Plain | Pair
Fill = Callable[[tuple[int, ...], Guess, torch.Generator], Tensor]


def made(recipe: Recipe, batch: int, generator: torch.Generator) -> object:
    """The value of an input, with new random numbers."""
    if isinstance(recipe, Plain):
        return recipe.value
    if isinstance(recipe, Pair):
        return _tensor(recipe.first, batch, generator), _tensor(recipe.second, batch, generator)
    return _tensor(recipe, batch, generator)


def shapes(recipe: Recipe, batch: int) -> tuple[Shape, ...]:
    """The shapes of the tensors that a recipe makes."""
    parts = (recipe.first, recipe.second) if isinstance(recipe, Pair) else (recipe,)
    return tuple(part.shape(batch) for part in parts if isinstance(part, Guess))


def counted(recipe: Recipe, batch: int) -> Recipe:
    """The recipe for so many samples, whatever number is asked for."""
    if isinstance(recipe, Pair):
        return Pair(replace(recipe.first, batch=batch), replace(recipe.second, batch=batch))
    return replace(recipe, batch=batch) if isinstance(recipe, Guess) else recipe


def sized(recipe: Recipe, **sizes: int) -> Recipe:
    """The recipe with another length or side, where nothing fixes its own."""
    if not isinstance(recipe, Guess) or recipe.length_known:
        return recipe
    return replace(recipe, length=sizes.get("length", recipe.length), side=_side(recipe, sizes))


def _side(recipe: Guess, sizes: dict[str, int]) -> int:
    return sizes.get("side", recipe.side)


def _tensor(guess: Guess, batch: int, generator: torch.Generator) -> Tensor:
    shape = guess.shape(batch)
    if guess.fill:
        return _FILLS[guess.fill](shape.dims, guess, generator).to(getattr(torch, shape.dtype))
    if shape.dtype == "int64":
        return torch.randint(0, shape.high or 2, shape.dims, generator=generator)
    if shape.dtype == "bool":
        return torch.rand(shape.dims, generator=generator) < 0.5
    dtype = getattr(torch, shape.dtype)
    return torch.randn(shape.dims, generator=generator, dtype=dtype)


def _ring(dims: tuple[int, ...], guess: Guess, generator: torch.Generator) -> Tensor:
    """Who is whose neighbour: nodes in a circle, each row adding up to one."""
    nodes = torch.eye(dims[-1])
    linked = nodes + nodes.roll(1, 0) + nodes.roll(-1, 0)
    return (linked / linked.sum(-1, keepdim=True)).expand(dims).clone()


def _edges(dims: tuple[int, ...], guess: Guess, generator: torch.Generator) -> Tensor:
    """The edges of nodes in a circle, from and to."""
    nodes = torch.arange(dims[1])
    return torch.stack([nodes, nodes.roll(1)])


_FILLS: dict[str, Fill] = {
    "ones": lambda dims, guess, generator: torch.ones(dims),
    "zeros": lambda dims, guess, generator: torch.zeros(dims),
    "lengths": lambda dims, guess, generator: torch.full(dims, guess.length),
    "positions": lambda dims, guess, generator: torch.arange(dims[-1]).expand(dims).clone(),
    "state": lambda dims, guess, generator: 0.1 * torch.randn(dims, generator=generator),
    "whole": lambda dims, guess, generator: torch.randint(
        0, guess.high or 2, dims, generator=generator
    ),
    "ring": _ring,
    "edges": _edges,
}
