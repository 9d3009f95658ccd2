"""What can be written against a gradient that is lost or grows with depth, gentlest first."""

from __future__ import annotations

from collections.abc import Iterator

from gradlint.kinds import Kind
from gradlint.model import Model
from gradlint.rewrites import activation, initialisation, normalisation, residual
from gradlint.rule import Rewrite


def for_depth(model: Model) -> Iterator[Rewrite]:
    """Initialisation, activation, normalisation, residual connections; the fixer composes them."""
    layers = model.graph.layers()
    saturating = tuple(op for op in model.graph.activations() if op.kind is Kind.SATURATING)
    proposals = [
        initialisation.initialise(model, layers, "xavier") if saturating else None,
        initialisation.initialise(model, layers, "kaiming"),
        activation.replace(model, saturating, "relu") if saturating else None,
        normalisation.normalise(model, layers[:-1]),
        residual.skip(model, layers),
    ]
    return (rewrite for rewrite in proposals if rewrite is not None)
