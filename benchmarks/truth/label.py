"""Train every network for real, and write down whether it learns.

    python benchmarks/truth/label.py                  # all that have no label yet
    python benchmarks/truth/label.py --part 1/4       # every fourth of them
    python benchmarks/truth/label.py --only NAME      # print one, and write nothing

README.md has the protocol. A label is one line of labels.jsonl.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from networks import named, specs, written
from spec import Spec
from tasks import TASKS, Task, data
from torch import Tensor, nn

LABELS = Path(__file__).parent / "labels.jsonl"
TRAINABLE, SLOW, ENOUGH = 0.9, 0.5, 0.92
NEAR = ((0.35, 0.65), (0.8, 0.92))
WINDOW, BATCH, NOTHING = 25, 32, 0.02
ADAM, DEEP_ADAM, SGD = (1e-3, 3e-3, 1e-2), (1e-3, 3e-4, 3e-3), (0.1, 0.01)
DEEP = 16  # layers from which the smaller rates are the better ones
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


def rates(spec: Spec) -> Iterator[tuple[str, tuple[float, ...]]]:
    """The learning rates by optimizer."""
    deep = spec.family == "transformer" or spec.depth >= DEEP
    yield "adam", DEEP_ADAM if deep else ADAM
    yield "sgd", SGD


def label(spec: Spec) -> dict[str, Any]:
    """Everything that is known of one network."""
    started = time.process_time()
    runs: list[Run] = []
    moved: list[set[str]] = []
    for optimizer, tried in rates(spec):
        for rate in tried:
            run, still = train(spec, optimizer, rate, 0)
            runs.append(run)
            moved.append(set(still))
            if run.learnt >= TRAINABLE:
                break
    best = max(runs, key=lambda run: run.learnt)
    learnt, near = best.learnt, any(low <= best.learnt < high for low, high in NEAR)
    if near:
        again, _ = train(spec, best.optimizer, best.rate, 1)
        runs.append(again)
        learnt = (best.learnt + again.learnt) / 2
    return {
        "name": spec.name,
        "half": spec.half,
        "label": verdict(learnt),
        "learnt": round(learnt, 4),
        "near": near,
        **{key: max(r.learnt for r in runs if r.optimizer == key) for key, _ in rates(spec)},
        "still": sorted(set.intersection(*moved)),
        "runs": [asdict(run) for run in runs],
        "seconds": round(time.process_time() - started, 1),
        "torch": torch.__version__,
    }


def verdict(learnt: float) -> str:
    """The label for the share that was learnt."""
    if learnt >= TRAINABLE:
        return "trainable"
    return "slow" if learnt >= SLOW else "untrainable"


def labels() -> dict[str, dict[str, Any]]:
    """The labels so far, by name."""
    if not LABELS.exists():
        return {}
    lines = LABELS.read_text(encoding="utf-8").splitlines()
    return {entry["name"]: entry for entry in map(json.loads, lines)}


def main() -> None:
    """Label what has no label."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", default="1/1", help="K/N: every N-th network from the K-th on")
    parser.add_argument("--only", help="the name of one network: print its label")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.only:
        print(json.dumps(label(named(options.only)), indent=1))
        return
    part, parts = map(int, options.part.split("/"))
    known = labels()
    # in the order of a hash, so that what is done first is a sample of all
    for spec in sorted(specs(), key=lambda spec: spec.drawn("order"))[part - 1 :: parts]:
        if spec.name not in known:
            line = json.dumps(label(spec))
            with LABELS.open("a", encoding="utf-8") as file:
                file.write(line + "\n")


if __name__ == "__main__":
    main()
