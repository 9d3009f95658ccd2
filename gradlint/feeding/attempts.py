"""Attempts to run a model with guessed inputs, and what they have taught so far."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from gradlint.feeding.backwards import SIDE
from gradlint.feeding.calls import Call
from gradlint.feeding.guesses import Guess
from gradlint.feeding.recipes import Recipe, made
from gradlint.feeding.runs import FEW, SOME, Outcome, batch_survives, needs_grad, run
from gradlint.outputs import tensors_of

_ATTEMPTS = 40
_SECONDS = 4.0  # of this process: a busy machine finds the same
_DEAR = 10**11  # multiplications: about a second
_MASKS = frozenset({"ones", "zeros"})


@dataclass
class Attempts:
    """The attempts on one model."""

    module: nn.Module
    call: Call
    first_error: str = ""
    error: str = ""  # of the last attempt
    progress: int = 0  # how many operations ran in the last attempt before it failed
    furthest: tuple[int, str] = (-1, "")  # the most that ran, and the error that ended it
    broken: bool = False  # the last error is none that another size would mend
    differentiates: bool = False  # the forward asks for the gradient of its input
    work: int = 0  # multiplications in the last attempt
    refused: bool = False  # a size was too dear to be tried
    tried: set[tuple[Recipe, ...]] = field(default_factory=set)
    few: int = FEW  # the batch sizes that are compared
    some: int = SOME
    seconds: float = _SECONDS
    fake: bool = False  # the runs compute shapes and no values
    allowed: int = _ATTEMPTS
    start: float = field(default_factory=time.process_time)

    @property
    def spent(self) -> bool:
        """Whether it is time to give up."""
        return len(self.tried) >= self.allowed or self.exhausted

    @property
    def exhausted(self) -> bool:
        """Whether all the time is spent."""
        return time.process_time() - self.start > self.seconds

    def affords(self, growth: float) -> bool:
        """Whether a run of so many times the work of the last one is cheap enough to try."""
        if self.fake or self.work * growth <= _DEAR:
            return True
        self.refused = True
        return False

    @property
    def dear(self) -> bool:
        """Whether something was not tried for its cost."""
        return self.refused or self.exhausted

    @property
    def single(self) -> bool:
        """Whether the model is run with one number of samples only."""
        return self.some == self.few

    def accepts(self, *recipes: Recipe) -> bool:
        """Whether the model runs, can be trained, and keeps the samples apart."""
        self.tried.add(recipes)
        few = self._run(recipes, self.few)
        self.work = few.work
        if few.error:
            return self._refused(few, few.error)
        many = self._run(recipes, self.some, grad=True)
        if many.error:
            return self._refused(many, many.error)
        if not many.trains:
            return self._refused(many, "no gradient can flow through what it returns", True)
        guesses = [recipe for recipe in recipes if isinstance(recipe, Guess)]
        if many.undefined and any(guess.fill in _MASKS for guess in guesses):
            return self._refused(many, "its output is not a number under such a mask")
        folded = all(SIDE not in guess.pattern for guess in guesses)
        fixed = self.single or any(guess.batch is not None for guess in guesses)
        if not fixed and not batch_survives(few, many, folded):
            return self._refused(many, "its output does not count the samples of its input")
        self.work = many.work
        return True

    def arguments(
        self, recipes: Sequence[Recipe], batch: int
    ) -> tuple[tuple[object, ...], dict[str, object]]:
        """What forward is called with."""
        generator = torch.Generator().manual_seed(0)
        args, kwargs = self.call.arguments([made(r, batch, generator) for r in recipes])
        for tensor in tensors_of((args, kwargs)):
            tensor.requires_grad_(self.differentiates and tensor.is_floating_point())
        return args, kwargs

    def _run(self, recipes: Sequence[Recipe], batch: int, grad: bool = False) -> Outcome:
        grad = grad or self.differentiates
        outcome = run(self.module, *self.arguments(recipes, batch), grad, self.fake)
        if needs_grad(outcome.error) and not self.differentiates:
            self.differentiates = True
            outcome = run(self.module, *self.arguments(recipes, batch), True, self.fake)
        return outcome

    def _refused(self, outcome: Outcome, error: str, broken: bool | None = None) -> bool:
        self.error = error
        self.progress = outcome.progress
        self.broken = outcome.broken if broken is None else broken
        self.first_error = self.first_error or error
        if outcome.progress > self.furthest[0]:
            self.furthest = (outcome.progress, error)
        return False
