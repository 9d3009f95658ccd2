"""What a run connects: which parameters receive a gradient, and which of them are trained."""

from __future__ import annotations

from torch import nn

from gradlint.tracing.containers import unregistered


def astray(module: nn.Module) -> int:
    """How many values received a gradient that `parameters()` does not have."""
    lost = unregistered(module).values()
    return sum(parameter.numel() for parameter in lost if parameter.grad is not None)
