"""Activations between the logits and a loss that takes logits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from gradlint.connections import Loss, Squash
from gradlint.discovery.losses import Losses
from gradlint.discovery.outline import Outline
from gradlint.discovery.repository import repository_of, repository_root
from gradlint.graph import Graph, Op
from gradlint.kinds import Kind
from gradlint.outputs import tensors_of
from gradlint.target import Target
from gradlint.tracing.build import Built
from gradlint.tracing.record import Recording

_LOSSES = ("cross_entropy", "binary_cross_entropy_with_logits")
_SHAPING = frozenset({Kind.RESHAPE, Kind.DROPOUT})
_SQUASHING = frozenset({"softmax", "sigmoid", "log_softmax"})


def squashes(target: Target, built: Built, recording: Recording) -> tuple[Squash, ...]:
    """The activations that stand between the logits and the loss of the model."""
    graph = recording.graph
    found = []
    for op in graph.ops:  # a loss that the model itself computes
        if op.name in _LOSSES:
            ends = [end for end in _ends(graph, op.inputs) if len(end.shape) == 2]
            found += [_squash(end, op.name, end.shape[1]) for end in ends]
    for loss in _losses(target, built):
        found.append(_of_output(loss, recording))
    return tuple(dict.fromkeys(squash for squash in found if squash is not None))


def _of_output(loss: Loss, recording: Recording) -> Squash | None:
    """What squashes the output that a loss of the file takes."""
    graph, position = recording.graph, loss.position or 0
    outputs = tensors_of(recording.output)
    given = [recording.output] if loss.position is None else recording.output
    if not isinstance(given, list | tuple) or position >= min(len(given), len(outputs)):
        return None
    output, last = outputs[position], recording.ends[position]
    if given[position] is not output or output.dim() < 2 or last < 0:
        return None
    for end in _ends(graph, (last,)):
        return _squash(end, loss.function, _classes(end, output))
    if loss.span is None:
        return None
    return Squash(loss.squash, loss.function, last, loss.span, False, output.shape[1])


def _classes(op: Op, output: Tensor) -> int | None:
    """How many classes the activation runs along; None where it runs along something else."""
    if op.shape[1:2] != output.shape[1:2]:
        return None
    if op.name != "softmax":
        return output.shape[1]
    for dim in (1, -1):
        sums = output.detach().sum(dim)
        if bool(torch.allclose(sums, torch.ones_like(sums), atol=1e-3)):
            return output.shape[dim]
    return None


def _losses(target: Target, built: Built) -> list[Loss]:
    """The losses of the model in its file, or in those that use it; none where they differ."""
    own = Losses(Outline(built.sites.checked)).of(target.name)
    found = own or list(_elsewhere(target, built))
    return found if len({loss.function for loss in found}) == 1 else []


def _elsewhere(target: Target, built: Built) -> Iterator[Loss]:
    checked = built.sites.checked
    repository = repository_of(repository_root(checked.filename))
    for name in repository.mentioning(target.name, Path(checked.filename).stem):
        outline = repository.outline(name) if name != checked.filename else None
        if outline is not None and target.name not in outline.definitions:
            for loss in Losses(outline).of(target.name):
                yield Loss(loss.function)  # what that file does to the output is its own affair


def _ends(graph: Graph, indices: tuple[int, ...]) -> Iterator[Op]:
    """The squashing operations that come last, before what only changes the shape."""
    for index in indices:
        op = graph.ops[index]
        while op.kind in _SHAPING and len(op.inputs) == 1:
            op = graph.ops[op.inputs[0]]
        if op.name in _SQUASHING:
            yield op


def _squash(op: Op, function: str, classes: int | None) -> Squash | None:
    if op.site is None or classes is None:
        return None
    return Squash(op.name, function, op.index, op.site, True, classes)
