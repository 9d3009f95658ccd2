"""The trial: can the model learn anything in thirty steps? For verifying fixes.

Thirty steps of Adam on a task that fits the model's inputs and outputs (`tasks.py`).
The result is the lowest loss of the later half, as a share of the best constant's loss:
1 has learnt nothing; above `profile.LEARNT` the model did not learn.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gradlint.feeding.inputs import Inputs
from gradlint.graph import Graph
from gradlint.outputs import tensors_of
from gradlint.probing.probe import Adam
from gradlint.probing.tasks import Task, imitation, recall
from gradlint.tracing.build import Built

STEPS = 30
BATCH = 32
LEARNING_RATE = 3e-3


def trial(
    build: Callable[[int], Built], inputs: Inputs, graph: Graph, seed: int, memory: bool = False
) -> float:
    """Lowest loss after training, over the loss of the best constant; nan where none is defined.

    With `memory` the task is to recall the beginning of a sequence, else to imitate a teacher.
    """
    model = build(seed).module.train()
    batch = inputs.fresh(seed, BATCH)
    torch.manual_seed(seed)
    outputs = tensors_of(model(*batch.args, **batch.kwargs))
    make: Callable[..., Task | None] = recall if memory else imitation
    task = make(batch, outputs, graph, seed)
    if task is None:
        return math.nan
    update = Adam(model.parameters(), LEARNING_RATE)
    lowest = math.inf
    for step in range(STEPS):
        inputs_now, loss = task(step)
        total: Tensor = loss(tensors_of(model(*inputs_now.args, **inputs_now.kwargs)))
        if step >= STEPS // 2 and bool(torch.isfinite(total)):
            lowest = min(lowest, total.item())
        total.backward()
        update.step()
    return lowest
