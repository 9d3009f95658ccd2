"""Attempts to run a model with guessed inputs, and what they have taught so far."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from torch import Tensor, nn

from gradlint.feeding.backwards import SIDE
from gradlint.feeding.guesses import Guess
from gradlint.feeding.runs import FEW, MANY, Outcome, batch_survives, needs_grad, run
from gradlint.feeding.values import filled

_ATTEMPTS = 40
_SECONDS = 8.0


@dataclass
class Attempts:
    """The attempts on one model."""

    module: nn.Module
    left_out: tuple[str, ...] = ()  # parameters that are given None: masks, states
    first_error: str = ""
    error: str = ""  # of the last attempt
    broken: bool = False  # the last error is none that another size would mend
    differentiates: bool = False  # the forward asks for the gradient of its input
    seconds: float = 0.0  # of the last attempt that was accepted
    tried: set[tuple[Guess, ...]] = field(default_factory=set)
    start: float = field(default_factory=time.perf_counter)

    @property
    def spent(self) -> bool:
        """Whether it is time to give up."""
        return len(self.tried) >= _ATTEMPTS or time.perf_counter() - self.start > _SECONDS

    def accepts(self, *guesses: Guess) -> bool:
        """Whether the model runs, can be trained, and keeps the samples apart."""
        self.tried.add(guesses)
        few = self._run(guesses, FEW)
        if few.error:
            return self._refused(few.error, few.broken)
        many = self._run(guesses, MANY, grad=True)
        if many.error:
            return self._refused(many.error, many.broken)
        if not many.trains:
            return self._refused("no gradient can flow through what it returns", True)
        folded = all(SIDE not in guess.pattern for guess in guesses)
        fixed = any(guess.batch is not None for guess in guesses)
        if not fixed and not batch_survives(few, many, folded):
            return self._refused("its output does not count the samples of its input", False)
        self.seconds = many.seconds
        return True

    def tensors(self, guesses: tuple[Guess, ...], batch: int) -> tuple[Tensor, ...]:
        """The guesses as tensors."""
        tensors = tuple(filled(guess.shape(batch)) for guess in guesses)
        for tensor in tensors:
            tensor.requires_grad_(self.differentiates and tensor.is_floating_point())
        return tensors

    @property
    def kwargs(self) -> dict[str, object]:
        """What every call is given beside the guesses."""
        return dict.fromkeys(self.left_out)

    def _run(self, guesses: tuple[Guess, ...], batch: int, grad: bool = False) -> Outcome:
        grad = grad or self.differentiates
        outcome = run(self.module, self.tensors(guesses, batch), self.kwargs, grad)
        if needs_grad(outcome.error) and not self.differentiates:
            self.differentiates = True
            outcome = run(self.module, self.tensors(guesses, batch), self.kwargs, True)
        return outcome

    def _refused(self, error: str, broken: bool) -> bool:
        self.error = error
        self.broken = broken
        self.first_error = self.first_error or error
        return False
