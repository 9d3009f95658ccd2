"""One network, trained once, and what it learnt."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from networks import written
from spec import Spec
from tasks import TASKS, Task, data
from torch import Tensor, nn

ENOUGH, WINDOW, BATCH, NOTHING = 0.92, 25, 32, 0.05
STEPS = {"field": 1500, "conv": 700, "se": 700, "conv-ae": 800, "gan": 700, "transformer": 700}


@dataclass(frozen=True)
class Run:
    """One training: `learnt` is 0 at chance and 1 where a healthy network comes to."""

    optimizer: str
    rate: float
    seed: int
    learnt: float
    steps: int


class Course:
    """The losses of one run, and whether it is over."""

    def __init__(self, task: Task, most: int) -> None:
        self.task, self.most = task, most
        self.losses: list[float] = []
        self.means: list[float] = []  # of the last steps, at every step

    def add(self, loss: float) -> None:
        """One more step."""
        self.losses.append(loss)
        if len(self.losses) >= WINDOW:
            self.means.append(sum(self.losses[-WINDOW:]) / WINDOW)

    @property
    def learnt(self) -> float:
        """The most that was learnt at any time: 0 is chance, 1 is solved."""
        means = [mean for mean in self.means if math.isfinite(mean)]
        if not means:
            return 0.0
        return max(0.0, (self.task.chance - min(means)) / (self.task.chance - self.task.solved))

    @property
    def over(self) -> bool:
        """Whether it has learnt enough, cannot go on, or gets nowhere."""
        done = len(self.losses)
        if done and not math.isfinite(self.losses[-1]):
            return True
        return done >= self.most or self._solved or (done == self.most * 2 // 3 and self._flat)

    @property
    def _solved(self) -> bool:
        gap = self.task.chance - self.task.solved
        return bool(self.means) and self.means[-1] <= self.task.chance - ENOUGH * gap

    @property
    def _flat(self) -> bool:
        """Nothing was learnt, and the second third brought nothing that the first had not."""
        third = self.most // 3
        first, second = min(self.means[: third - WINDOW]), min(self.means[third:])
        return self.learnt < NOTHING and second > 0.98 * first


def steps(spec: Spec) -> int:
    """How long a network is trained at most."""
    if spec.family == "recurrent":
        return 500 if spec.length >= 200 else 800 if spec.length >= 100 else 1500
    return STEPS.get(spec.family, 1000)


def build(spec: Spec, seed: int) -> nn.Module:
    """The network, from its source."""
    source = written(spec)
    namespace: dict[str, Any] = {"__name__": "network"}
    torch.manual_seed(seed)
    exec(compile(f"{source.definitions}\n{source.build}", spec.name, "exec"), namespace)
    model = namespace["model"]
    assert isinstance(model, nn.Module)
    return model.train()


def all_parameters(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Those that are meant to be trained, of layers that were never registered as well."""
    known: set[int] = set()
    for name, module in [("", model), *_unregistered(model)]:
        for own, parameter in module.named_parameters(prefix=name):
            if parameter.requires_grad and id(parameter) not in known:
                known.add(id(parameter))
                yield own, parameter


def _unregistered(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for name, module in model.named_modules():
        for key, value in vars(module).items():
            if key.startswith("_") or not isinstance(value, list | tuple | dict):
                continue
            held = value.values() if isinstance(value, dict) else value
            for index, layer in enumerate(held):
                if isinstance(layer, nn.Module):
                    yield f"{name}.{key}.{index}".lstrip("."), layer


def train(spec: Spec, optimizer: str, rate: float, seed: int) -> tuple[Run, list[str]]:
    """One run, and the parameters that it left exactly as they were."""
    task, model = TASKS[spec.task], build(spec, seed)
    x, y = data(spec.task, spec.length)
    before = {name: p.detach().clone() for name, p in all_parameters(model)}
    update = _optimizer(model, optimizer, rate)
    generator = torch.Generator().manual_seed(seed + 100)
    course = Course(task, steps(spec))
    while not course.over:
        batch = torch.randint(len(x), (BATCH,), generator=generator)
        loss = task.loss(model(x[batch]), y[batch])
        update.zero_grad()
        if loss.requires_grad:
            loss.backward()
        update.step()
        course.add(loss.item())
    still = [name for name, p in all_parameters(model) if torch.equal(before[name], p)]
    return Run(optimizer, rate, seed, round(course.learnt, 4), len(course.losses)), still


def _optimizer(model: nn.Module, name: str, rate: float) -> torch.optim.Optimizer:
    trained = [p for p in model.parameters() if p.requires_grad]
    if name == "adam":
        return torch.optim.Adam(trained, rate)
    return torch.optim.SGD(trained, rate, momentum=0.9)
