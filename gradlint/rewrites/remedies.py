"""What can be written against a gradient that is lost or grows with depth, gentlest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradlint.graph import Op
from gradlint.kinds import Kind
from gradlint.model import Model
from gradlint.rewrites import activation, initialisation, normalisation, residual
from gradlint.rule import Rewrite


def for_depth(model: Model) -> Iterator[Rewrite]:
    """Initialisation, activation, normalisation, residual connections; the fixer composes them."""
    layers = model.graph.layers()
    saturating = tuple(op for op in model.graph.activations() if op.kind is Kind.SATURATING)
    fitting = initialisation.initialise(model, layers, "xavier" if saturating else "kaiming")
    proposals = [
        fitting,
        *(_rectified(model, layers, saturating) if saturating else ()),
        normalisation.normalise(model, layers[:-1]),
        residual.skip(model, layers),
    ]
    return (rewrite for rewrite in proposals if rewrite is not None)


def _rectified(
    model: Model, layers: Sequence[Op], saturating: Sequence[Op]
) -> Iterator[Rewrite | None]:
    """ReLU in place of what saturates, alone and with the initialisation that fits it."""
    relu = activation.replace(model, saturating, "relu")
    kaiming = initialisation.initialise(model, layers, "kaiming")
    yield relu
    if relu is not None and kaiming is not None:
        title = f"{relu.title} and {kaiming.title[0].lower()}{kaiming.title[1:]}"
        edits = tuple(sorted({*relu.edits, *kaiming.edits}))
        yield replace(relu, title=title, edits=edits)
