"""What a run costs, and how many samples are cheap enough."""

from __future__ import annotations

import math

from gradlint.graph import Graph
from gradlint.kinds import LAYERS


def samples(graph: Graph, recorded: int, most: int, least: int, limit: float) -> int:
    """`most` samples, or so much fewer, `least` at the least, that a run stays within `limit`.

    The limit counts multiplications; the recorded run had `recorded` samples.
    """
    each = of_sample(graph, recorded)
    while most > least and each * most > limit:
        most = max(least, most // 2)
    return most


def of_sample(graph: Graph, recorded: int) -> float:
    """The multiplications of the layers for one sample."""
    total = sum(
        math.prod(op.shape) * math.prod(graph.weights[name].shape[1:])
        for op in graph.ops
        if op.kind in LAYERS
        for name in op.weights
    )
    return total / recorded
