"""The trial: can the model learn anything in thirty steps? For verifying fixes.

A fixed batch, targets that a linear teacher computes from the inputs, thirty steps of Adam.
The result is the lowest loss of the later half, as a share of the best constant's loss:
1 has learnt nothing. Above `LIMIT` the model did not learn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gradlint.build import Built
from gradlint.graph import Graph
from gradlint.inputs import Inputs
from gradlint.kinds import Kind
from gradlint.outputs import tensors_of
from gradlint.probe import Adam

LIMIT = 0.9
STEPS = 30
STEPS_LONG = 15  # for sequences of LONG steps and more
LONG = 150
BATCH = 32
LEARNING_RATE = 3e-3

Loss = Callable[[Tensor], Tensor]


def trial(build: Callable[[int], Built], inputs: Inputs, graph: Graph, seed: int) -> float:
    """Lowest loss after training, over the loss of the best constant; nan where none is defined."""
    model = build(seed).module.train()
    batch = inputs.fresh(seed, BATCH)
    steps = STEPS_LONG if _length(graph) >= LONG else STEPS
    torch.manual_seed(seed)
    task = _task(_outputs(model, batch), batch, graph, seed)
    if not task:
        return math.nan
    update = Adam(model.parameters(), LEARNING_RATE)
    lowest = math.inf
    for step in range(steps):
        outputs = _outputs(model, batch)
        losses = [loss(outputs[index]) for index, loss in task.items()]
        total = torch.stack(losses).mean()
        if step >= steps // 2 and bool(torch.isfinite(total)):
            lowest = min(lowest, float(total))
        total.backward()
        update.step()
    return lowest


def _outputs(model: nn.Module, inputs: Inputs) -> list[Tensor]:
    return tensors_of(model(*inputs.args, **inputs.kwargs))


def _length(graph: Graph) -> int:
    """The longest sequence that a recurrence runs over."""
    lengths = [
        max(op.input_shape[:2]) for op in graph.of_kind(Kind.RECURRENT) if len(op.input_shape) == 3
    ]
    return max(lengths, default=0)


def _task(
    outputs: list[Tensor], inputs: Inputs, graph: Graph, seed: int
) -> dict[int, Loss]:
    """A loss for each output that has the batch in its first dimension; 1 is the best constant."""
    source = next((t for t in tensors_of((inputs.args, inputs.kwargs)) if t.dim()), None)
    if source is None:
        return {}
    heads = {op.name for op in graph.ops if op.kind is Kind.HEAD}
    generator = torch.Generator().manual_seed(seed)
    return {
        index: _loss(output, _teacher(source, output, generator), heads)
        for index, output in enumerate(outputs)
        if output.requires_grad and output.dim() and output.shape[0] == source.shape[0]
    }


def _teacher(source: Tensor, output: Tensor, generator: torch.Generator) -> Tensor:
    """A linear function of the input in the output's shape, each column at unit variance."""
    features = _features(source, generator)
    aligned = source.dim() > 1 and output.dim() > 2 and output.shape[:2] == features.shape[:2]
    if not aligned:
        features = features.reshape(len(features), -1)
        if output.dim() > 2:  # few degrees of freedom, so that a bottleneck can pass them
            features = features @ _random((features.shape[1], 4), generator)
    columns = output[0, 0].numel() if aligned else output[0].numel()
    target = features @ _random((features.shape[-1], columns), generator)
    flat = target.reshape(-1, columns)
    flat = (flat - flat.mean(0)) / flat.std(0).clamp_min(1e-12)
    return flat.reshape(output.shape).to(output.device)


def _features(source: Tensor, generator: torch.Generator) -> Tensor:
    """The input as floats: of each token its row of a random table."""
    if source.is_floating_point():
        return source.detach().cpu()
    table = _random((int(source.max()) + 1, 8), generator)
    return table[source.cpu().long()]


def _random(shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator) / math.sqrt(shape[0])


def _loss(output: Tensor, target: Tensor, heads: set[str]) -> Loss:
    classes = output.shape[-1] if output.dim() > 1 else 1
    if classes > 1 and output.dim() <= 3 and not heads - {"log_softmax"}:
        return _classification(target.argmax(-1).flatten(), classes)
    if "softmax" in heads and classes > 1:
        target = nn.functional.one_hot(target.argmax(-1), classes).to(output.dtype)
    elif heads & {"sigmoid", "hardsigmoid"}:
        target = (0.5 + 0.2 * target).clamp(0.05, 0.95)
    elif heads & {"tanh", "hardtanh"}:
        target = (0.4 * target).clamp(-0.9, 0.9)
    return _regression(target.to(output.dtype))


def _classification(labels: Tensor, classes: int) -> Loss:
    shares = torch.bincount(labels, minlength=classes) / len(labels)
    entropy = float(-(shares[shares > 0] * shares[shares > 0].log()).sum())
    if entropy == 0:
        return _regression(nn.functional.one_hot(labels, classes).float())
    return lambda out: nn.functional.cross_entropy(out.reshape(-1, classes), labels) / entropy


def _regression(target: Tensor) -> Loss:
    variance = float((target - target.mean(0)).square().mean()) or 1.0
    return lambda out: (out - target).square().mean() / variance
