"""Inputs that were inferred: how to make them again, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gradlint.feeding.backwards import BATCH
from gradlint.feeding.calls import Call
from gradlint.feeding.guesses import Guess
from gradlint.feeding.recipes import Pair, Plain, Recipe, made


@dataclass(frozen=True)
class Inferred:
    """The recipes of a call's values, and how many samples they make."""

    call: Call
    recipes: tuple[Recipe, ...]
    batch: int

    def arguments(self, generator: torch.Generator) -> tuple[tuple[object, ...], dict[str, object]]:
        """New values."""
        return self.call.arguments([made(r, self.batch, generator) for r in self.recipes])

    @property
    def main(self) -> Guess | None:
        """The first value that is data, not what only accompanies it."""
        guesses = [r for r in self.recipes if isinstance(r, Guess) and BATCH in r.pattern]
        return next((g for g in guesses if not g.fill), next(iter(guesses), None))

    @property
    def dims(self) -> tuple[int, ...] | None:
        """The shape of the main value."""
        return self.main.shape(self.batch).dims if self.main else None

    def __str__(self) -> str:
        """The values in words: "image 8x3x32x32 and train True"."""
        slots = self.call.slots
        parts = [_told(str(s), r, self.batch) for s, r in zip(slots, self.recipes, strict=True)]
        return " and ".join(part for part in parts if part)


def _told(name: str, recipe: Recipe, batch: int) -> str:
    if isinstance(recipe, Plain):
        return "" if recipe.value is None else f"{name} {recipe.value}"
    if isinstance(recipe, Pair):
        return f"states {recipe.first.shape(batch)} and {recipe.second.shape(batch)}"
    return f"{recipe.what} {recipe.shape(batch)}"
