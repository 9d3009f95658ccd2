"""What a run connects: which parameters receive a gradient, and which change the outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from gradlint.feeding.inputs import Inputs
from gradlint.outputs import tensors_of
from gradlint.tracing.build import Built
from gradlint.tracing.containers import unregistered

_SEEDS = 3  # of what a run draws: a part may be left out at random


def astray(module: nn.Module) -> int:
    """How many values received a gradient that `parameters()` does not have."""
    lost = unregistered(module).values()
    return sum(parameter.numel() for parameter in lost if parameter.grad is not None)


def without_gradient(module: nn.Module) -> frozenset[str]:
    """The parameters that can be trained and received no gradient, or one of exact zeros."""
    trained = ((name, p) for name, p in module.named_parameters() if p.requires_grad)
    return frozenset(name for name, p in trained if p.grad is None or not _any(p.grad))


def _any(gradient: Tensor) -> bool:
    values = gradient.coalesce().values() if gradient.is_sparse else gradient
    return bool(values.any())


def effects(
    build: Callable[[int], Built], inputs: Inputs, parts: Sequence[Sequence[str]], seed: int
) -> dict[str, bool]:
    """Whether any output changes with the parameters of each part, in train or in eval mode.

    Nothing is said of any where two equal runs differ.
    """
    if not parts:
        return {}
    module = build(seed).module
    fresh = inputs.fresh(seed)
    found: dict[str, bool] = {}
    for part in parts:
        changes = [_changes(module, fresh, part, mode) for mode in (True, False)]
        if any(changes) or None not in changes:
            found |= dict.fromkeys(part, any(changes))
    return found


@torch.no_grad()
def _changes(module: nn.Module, inputs: Inputs, part: Sequence[str], training: bool) -> bool | None:
    parameters = [p for name, p in module.named_parameters() if name in part]
    module.train(training)
    for seed in range(_SEEDS if training else 1):
        before = _outputs(module, inputs, seed)
        if not _equal(before, _outputs(module, inputs, seed)):
            return None
        first = [parameter.clone() for parameter in parameters]
        for parameter in parameters:
            parameter.add_(torch.randn_like(parameter) * (1 + parameter.abs().mean()))
        after = _outputs(module, inputs, seed)
        for parameter, value in zip(parameters, first, strict=True):
            parameter.copy_(value)
        if not _equal(before, after):
            return True
    return False


def _outputs(module: nn.Module, inputs: Inputs, seed: int) -> list[Tensor]:
    torch.manual_seed(seed)
    once = inputs.copied()
    with torch.enable_grad():
        made = tensors_of(module(*once.args, **once.kwargs))
    return [tensor.detach().clone() for tensor in made]


def _equal(first: list[Tensor], second: list[Tensor]) -> bool:
    if len(first) != len(second):
        return False
    pairs = zip(first, second, strict=True)
    return all(
        a.shape == b.shape and torch.allclose(a, b, rtol=0, atol=0, equal_nan=True)
        for a, b in pairs
    )
