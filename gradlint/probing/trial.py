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

from gradlint.discovery.definitions import is_exhaustion
from gradlint.feeding.inputs import Inputs
from gradlint.graph import Graph
from gradlint.outputs import tensors_of
from gradlint.probing.cost import samples
from gradlint.probing.probe import Adam
from gradlint.probing.tasks import Task, imitation, recall
from gradlint.tracing.build import Built

STEPS = 30
BATCH, FEWEST = 32, 8
LARGEST = 4e9  # multiplications of a forward pass: larger models get fewer samples
ENOUGH = 0.5  # of the best constant's loss: learnt beyond doubt, the rest is saved
RATES = (3e-3, 1e-3)  # the second for what the first is too high for: deep plain networks


def trial(
    build: Callable[[int], Built],
    inputs: Inputs,
    graph: Graph,
    seed: int,
    memory: bool = False,
    rate: float = RATES[0],
    enough: float = ENOUGH,
) -> float:
    """Lowest loss after training, over the loss of the best constant; nan where none is defined.

    With `memory` the task is to recall the beginning of a sequence, else to imitate a teacher.
    It ends once the loss is at `enough`.
    """
    try:
        return _lowest(build, inputs, graph, seed, memory, rate, enough)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        if is_exhaustion(error):
            raise
        return math.nan  # it does not run with this batch


def _lowest(
    build: Callable[[int], Built],
    inputs: Inputs,
    graph: Graph,
    seed: int,
    memory: bool,
    rate: float,
    enough: float,
) -> float:
    model = build(seed).module.train()
    batch = inputs.fresh(seed, samples(graph, inputs.few, BATCH, FEWEST, LARGEST))
    torch.manual_seed(seed)
    once = batch.copied()
    outputs = tensors_of(model(*once.args, **once.kwargs))
    make: Callable[..., Task | None] = recall if memory else imitation
    task = make(batch, outputs, graph, seed)
    if task is None:
        return math.nan
    update = Adam(model.parameters(), rate)
    lowest = math.inf
    for step in range(STEPS):
        inputs_now, loss = task(step)
        once = inputs_now.copied()
        total: Tensor = loss(tensors_of(model(*once.args, **once.kwargs)))
        if step >= STEPS // 2 and bool(torch.isfinite(total)):
            lowest = min(lowest, total.item())
            if lowest < enough:
                break
        total.backward()
        update.step()
    return lowest
