"""Guesses for one input of a model, most telling first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import nn

from gradlint.feeding.consumers import Clues, clues_of
from gradlint.feeding.guesses import GENERIC, Guess, guesses
from gradlint.feeding.needs import registered
from gradlint.feeding.runs import untouched


def stream(module: nn.Module, argument: str, defaults: dict[str, object]) -> Iterator[Guess]:
    """Guesses for one input: from a trace, from the first layer registered, and generic ones."""
    for clues in _clues(module, argument, defaults):
        for guess in guesses(clues):
            yield replace(guess, dtype=_dtype(module, guess))
    for need in list(registered(module))[:1]:
        for guess in guesses(Clues((need,))):
            yield replace(guess, dtype=_dtype(module, guess))
    yield from GENERIC


def traced(module: nn.Module, argument: str, defaults: dict[str, object]) -> list[Guess]:
    """The guesses that the forward itself gives rise to."""
    for clues in _clues(module, argument, defaults):
        found = [replace(g, dtype=_dtype(module, g)) for g in guesses(clues)]
        if found:
            return found
    return []


def _clues(module: nn.Module, argument: str, defaults: dict[str, object]) -> Iterator[Clues]:
    for answer in (False, True):
        with untouched(module), torch.no_grad():
            clues = clues_of(module, argument, defaults, answer)
        yield clues


def _dtype(module: nn.Module, guess: Guess) -> str:
    if guess.dtype == "int64":
        return guess.dtype
    doubles = [p.dtype is torch.float64 for p in module.parameters() if p.is_floating_point()]
    return "float64" if doubles and all(doubles) else "float32"
