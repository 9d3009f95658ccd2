"""What an activation between the logits and a loss that takes logits costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from gradlint.connections import Squash

_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": lambda logits: logits.softmax(1),
    "sigmoid": torch.sigmoid,
    "log_softmax": lambda logits: logits.log_softmax(1),
}
_CERTAIN = 50.0  # a logit that leaves no doubt


def floor(found: Iterable[Squash]) -> float:
    """The lowest loss that is left behind the worst of these activations, in nats."""
    return max((_floor(squash) for squash in found), default=0.0)


def dimming(found: Iterable[Squash]) -> float:
    """How many times smaller they make the gradient at small logits, the worst of them."""
    return max((_dimming(squash) for squash in found), default=1.0)


def _floor(squash: Squash) -> float:
    task = _Task(squash)
    right = _CERTAIN * (2 * task.wanted - 1)
    return float(task.loss(_FUNCTIONS[squash.name](right)))


def _dimming(squash: Squash) -> float:
    task, function = _Task(squash), _FUNCTIONS[squash.name]
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(task.wanted.shape, generator=generator, dtype=torch.float64) / 10
    without = _gradient(task.loss, logits)
    return without / _gradient(lambda values: task.loss(function(values)), logits)


def _gradient(function: Callable[[Tensor], Tensor], logits: Tensor) -> float:
    start = logits.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(function(start), start)
    return float(gradient.square().mean().sqrt())


@dataclass(frozen=True)
class _Task:
    """The loss of a few samples: one of each class, or one of each answer."""

    squash: Squash

    @property
    def wanted(self) -> Tensor:
        """1 where an output should be large, else 0."""
        if self.squash.function == "cross_entropy":
            return torch.eye(self.squash.classes, dtype=torch.float64)
        return torch.tensor([[0.0], [1.0]], dtype=torch.float64).expand(2, self.squash.classes)

    def loss(self, logits: Tensor) -> Tensor:
        """The loss itself, on what stands in the place of the logits."""
        if self.squash.function == "cross_entropy":
            return F.cross_entropy(logits, torch.arange(self.squash.classes))
        return F.binary_cross_entropy_with_logits(logits, self.wanted)
