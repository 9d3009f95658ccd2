"""What a model is asked to learn in the trial."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from gradlint.feeding.inputs import Inputs
from gradlint.graph import Graph
from gradlint.kinds import Kind
from gradlint.outputs import mapped

Loss = Callable[[list[Tensor]], Tensor]  # of the model's outputs; 1 is the best constant's
Task = Callable[[int], tuple[Inputs, Loss]]  # what to feed in a step, and how to judge it

_CLASSES = 8  # to tell apart in the recall task, at most
_TENTH = 10


def imitation(inputs: Inputs, outputs: list[Tensor], graph: Graph, seed: int) -> Task | None:
    """One fixed batch, and targets that a linear teacher computes from the inputs."""
    source = inputs.source
    if source is None:
        return None
    source = source.movedim(inputs.batch_dim or 0, 0)
    heads = {op.name for op in graph.ops if op.kind is Kind.HEAD}
    generator = torch.Generator().manual_seed(seed)
    losses = {
        index: _loss(output, _teacher(source, output, generator), heads)
        for index, output in _trained(outputs, source)
    }
    if not losses:
        return None

    def total(results: list[Tensor]) -> Tensor:
        return torch.stack([loss(results[index]) for index, loss in losses.items()]).mean()

    return lambda step: (inputs, total)


def recall(inputs: Inputs, outputs: list[Tensor], graph: Graph, seed: int) -> Task | None:
    """New sequences in every step, whose first tenth carries a mark; the output names the mark.

    Nothing can be learnt by heart, and the end of the sequence does not help.
    """
    source = inputs.source
    if source is None or source.dim() < 2:
        return None
    trained = _trained(outputs, source.movedim(inputs.batch_dim or 0, 0))
    if not trained or trained[0][1].dim() != 2:
        return None
    index, output = trained[0]
    generator = torch.Generator().manual_seed(seed)
    marks = _marks(source, generator)[: min(_CLASSES, max(2, output.shape[1]))]
    classes = len(marks)

    def step(number: int) -> tuple[Inputs, Loss]:
        labels = torch.randint(0, classes, (inputs.batch,), generator=generator)
        fresh = inputs.fresh(seed + 1 + number)
        marked = _marked(fresh, marks[labels])
        if output.shape[1] > 1:
            return marked, lambda results: _entropy(results[index], labels) / math.log(classes)
        return (
            marked,
            lambda results: (
                (results[index][:, 0] - (2.0 * labels - 1).to(output.device)).square().mean()
            ),
        )

    return step


def _trained(outputs: list[Tensor], source: Tensor) -> list[tuple[int, Tensor]]:
    """The outputs that can be trained and have the batch in their first dimension."""
    return [
        (index, output)
        for index, output in enumerate(outputs)
        if output.requires_grad and output.dim() and output.shape[0] == source.shape[0]
    ]


def _marks(source: Tensor, generator: torch.Generator) -> Tensor:
    """Marks that can be told apart: tokens, or orthogonal directions and their opposites."""
    if not source.is_floating_point():
        return torch.randperm(int(source.max()) + 1, generator=generator)
    width = source.shape[-1]
    directions = torch.linalg.qr(torch.randn(width, width, generator=generator))[0]
    return torch.stack([directions, -directions], 1).flatten(0, 1).to(source) * math.sqrt(width)


def _marked(inputs: Inputs, marks: Tensor) -> Inputs:
    """The inputs with each sample's mark in the first tenth of its sequence."""
    sequence = inputs.source
    assert sequence is not None
    marked = sequence.detach().clone()
    by_sample = marked.movedim(inputs.batch_dim or 0, 0)  # a view: batch, time, features
    length = max(1, by_sample.shape[1] // _TENTH)
    if marked.is_floating_point():
        by_sample[:, :length] += marks[:, None]
    else:
        by_sample[:, :length] = marks[:, None]
    args, kwargs = mapped(
        (inputs.args, inputs.kwargs), lambda value: marked if value is sequence else value
    )
    return replace(inputs, args=args, kwargs=kwargs)


def _teacher(source: Tensor, output: Tensor, generator: torch.Generator) -> Tensor:
    """A linear function of the input in the output's shape, each column at unit variance."""
    features = _features(source, generator)
    aligned = output.dim() == features.dim() == 3 and output.shape[:2] == features.shape[:2]
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
        return source.detach().float().cpu()
    table = _random((int(source.max()) + 1, 8), generator)
    return table[source.cpu().long()]


def _random(shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator) / math.sqrt(shape[0])


def _loss(output: Tensor, target: Tensor, heads: set[str]) -> Callable[[Tensor], Tensor]:
    classes = output.shape[-1] if output.dim() > 1 else 1
    if classes > 1 and output.dim() <= 3 and not heads - {"log_softmax"}:
        return _classification(target.argmax(-1), classes)
    if "softmax" in heads and classes > 1:
        target = nn.functional.one_hot(target.argmax(-1), classes)
    elif heads & {"sigmoid", "hardsigmoid"}:
        target = (0.5 + 0.2 * target).clamp(0.05, 0.95)
    elif heads & {"tanh", "hardtanh"}:
        target = (0.4 * target).clamp(-0.9, 0.9)
    return _regression(target.to(output.dtype))


def _classification(labels: Tensor, classes: int) -> Callable[[Tensor], Tensor]:
    shares = torch.bincount(labels.flatten(), minlength=classes) / labels.numel()
    entropy = float(-(shares[shares > 0] * shares[shares > 0].log()).sum())
    if entropy == 0:
        return _regression(nn.functional.one_hot(labels, classes).float())
    return lambda output: _entropy(output, labels) / entropy


def _entropy(output: Tensor, labels: Tensor) -> Tensor:
    flat = output.reshape(-1, output.shape[-1])
    return nn.functional.cross_entropy(flat, labels.flatten().to(output.device))


def _regression(target: Tensor) -> Callable[[Tensor], Tensor]:
    variance = float((target - target.mean(0)).square().mean()) or 1.0
    return lambda output: (output - target).square().mean() / variance
