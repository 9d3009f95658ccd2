"""Which plain stacks train, by real training: the evidence behind the depth thresholds.

    python benchmarks/depth_limits.py            # about twenty minutes on one core
    python benchmarks/depth_limits.py bn-relu    # one family

For each family and depth: the decades that the gradient loses at initialisation, the lowest
loss that three copies reach in gradlint's trial, and what training reaches: the share of the
gap between the best constant and a shallow healthy network that 400 steps of Adam close (the
better of two learning rates; fresh batches of a task that no linear model solves).
1 trains, 0 has learnt nothing. The printed table stands in depth_limits.txt.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch
from torch import nn

from gradlint.feeding.inputs import Inputs
from gradlint.probing.trial import trial
from gradlint.source import Source
from gradlint.tracing.build import Built
from gradlint.tracing.record import record
from gradlint.tracing.sites import Sites

WIDTH, INPUTS, CLASSES, BATCH, STEPS = 64, 16, 4, 128, 400
RATES = (1e-3, 1e-2)

Make = Callable[[int], nn.Sequential]


def _stack(
    depth: int,
    activation: type[nn.Module],
    norm: type[nn.Module] | None = None,
    initialise: Callable[[torch.Tensor], object] | None = None,
) -> nn.Sequential:
    layers: list[nn.Module] = []
    for index in range(depth):
        layers.append(nn.Linear(INPUTS if index == 0 else WIDTH, WIDTH))
        if norm is not None:
            layers.append(norm(WIDTH))
        layers.append(activation())
    model = nn.Sequential(*layers, nn.Linear(WIDTH, CLASSES))
    for module in model:
        if initialise is not None and isinstance(module, nn.Linear):
            initialise(module.weight)
            nn.init.zeros_(module.bias)
    return model


FAMILIES: dict[str, tuple[Make, tuple[int, ...]]] = {
    "sigmoid": (lambda depth: _stack(depth, nn.Sigmoid), (3, 4, 5, 6, 8, 12)),
    "relu-default": (lambda depth: _stack(depth, nn.ReLU), (8, 12, 16, 20, 24, 30)),
    "gelu-default": (lambda depth: _stack(depth, nn.GELU), (8, 12, 16, 24, 30)),
    "tanh-default": (lambda depth: _stack(depth, nn.Tanh), (8, 16, 20, 24, 30, 38)),
    "relu-xavier": (
        lambda depth: _stack(depth, nn.ReLU, initialise=nn.init.xavier_normal_),
        (16, 24, 30, 40),
    ),
    "relu-he": (
        lambda depth: _stack(depth, nn.ReLU, initialise=nn.init.kaiming_normal_),
        (16, 30, 40),
    ),
    "bn-relu": (lambda depth: _stack(depth, nn.ReLU, nn.BatchNorm1d), (16, 24, 32, 40, 48, 56, 64)),
    "ln-relu": (lambda depth: _stack(depth, nn.ReLU, nn.LayerNorm), (16, 24, 32)),
}


def _batch(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Labels by the signs of two products: no linear model does better than chance."""
    x = torch.randn(BATCH, INPUTS, generator=generator)
    labels = (x[:, 0] * x[:, 1] > 0).long() * 2 + (x[:, 2] * x[:, 3] > 0).long()
    return x, labels


def _decades(model: nn.Sequential) -> float:
    """log10 of the first layer's gradient over the last one's, by output."""
    x, _ = _batch(torch.Generator().manual_seed(0))
    outputs: list[torch.Tensor] = []
    for module in model:
        x = module(x)
        if isinstance(module, nn.Linear):
            x.retain_grad()
            outputs.append(x)
    (x * torch.randn(x.shape, generator=torch.Generator().manual_seed(1))).mean().backward()
    sizes = [z.grad.double().square().mean().sqrt() for z in outputs if z.grad is not None]
    return float(torch.log10(sizes[0] / sizes[-1]))


def _trial(make: Make, depth: int) -> float:
    """The lowest loss of three copies in gradlint's trial."""

    def build(seed: int) -> Built:
        torch.manual_seed(seed)
        return Built(make(depth), None, {}, Sites(Source("none.py", "")), {})

    inputs = Inputs((torch.randn(8, INPUTS),), {}, "", False)
    graph = record(build(0), inputs).graph
    return min(trial(build, inputs, graph, seed) for seed in range(3))


def _loss(make: Make, depth: int, rate: float) -> float:
    torch.manual_seed(0)
    model = make(depth)
    optimizer = torch.optim.Adam(model.parameters(), rate)
    generator = torch.Generator().manual_seed(2)
    losses = []
    for _ in range(STEPS):
        x, labels = _batch(generator)
        loss = nn.functional.cross_entropy(model(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses[-20:]) / 20


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    chance = float(torch.tensor(float(CLASSES)).log())
    healthy = min(_loss(FAMILIES["relu-he"][0], 3, rate) for rate in RATES)
    print(f"chance {chance:.2f}, three healthy layers {healthy:.2f}", flush=True)
    print(f"{'family':14} {'depth':>5} {'decades':>8} {'trial':>6} {'learnt':>7}")
    for name in sys.argv[1:] or FAMILIES:
        make, depths = FAMILIES[name]
        for depth in depths:
            torch.manual_seed(0)
            decades = _decades(make(depth))
            best = min(_loss(make, depth, rate) for rate in RATES)
            learnt = (chance - best) / (chance - healthy)
            row = f"{name:14} {depth:5d} {decades:8.1f} {_trial(make, depth):6.2f} {learnt:7.2f}"
            print(row, flush=True)


if __name__ == "__main__":
    main()
