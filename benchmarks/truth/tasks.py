"""What the networks are trained on: small, made from a seed, and no linear model solves it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from spec import Spec
from torch import Tensor
from torch.nn import functional

FEATURES, IMAGE, CLASSES, CHANNELS, MARKS, VOCABULARY, CONTEXT = 16, 8, 4, 4, 6, 6, 16
SAMPLES = 4096

Data = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Task:
    """How the data is made, what loss is chance and what is solved, and how a file shows it."""

    data: Callable[[int], Data]  # of sequences of a length
    loss: Callable[[Tensor, Tensor], Tensor]
    chance: float  # of the best constant
    solved: float  # of a healthy network of the family
    shape: str  # of one sample, as a file writes it
    label: str
    criterion: str

    def example(self, spec: Spec) -> str:
        """The expression for a batch of inputs."""
        shape = self.shape.format(length=spec.length)
        return shape if "torch." in shape else f"torch.randn(32, {shape})"

    def target(self, spec: Spec) -> str:
        """The expression for its targets."""
        return self.label.format(length=spec.length)


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def _blobs(length: int) -> Data:
    """Twelve clouds in a plane within 16 dimensions; four classes have three clouds each."""
    generator = _generator()
    centres: list[Tensor] = []
    while len(centres) < 12:
        point = torch.rand(2, generator=generator) * 2 - 1
        if all((point - other).norm() > 0.38 for other in centres):
            centres.append(point)
    cloud = torch.randint(12, (SAMPLES,), generator=generator)
    plane = torch.stack(centres)[cloud] + 0.07 * torch.randn(SAMPLES, 2, generator=generator)
    basis = torch.linalg.qr(torch.randn(FEATURES, FEATURES, generator=generator))[0][:2]
    x = plane @ basis + 0.02 * torch.randn(SAMPLES, FEATURES, generator=generator)
    return (x - x.mean(0)) / x.std(), cloud % CLASSES


def _gratings(length: int) -> Data:
    """Waves in one of four directions with any phase, so that every class has the mean 0."""
    generator = _generator()
    kind = torch.randint(CLASSES, (SAMPLES,), generator=generator)
    phase = torch.rand(SAMPLES, generator=generator) * 2 * math.pi
    noise = 0.5 * torch.randn(SAMPLES, IMAGE, IMAGE, generator=generator)
    return (1.4 * _waves(kind, phase) + noise)[:, None], kind


def _waves(kind: Tensor, phase: Tensor) -> Tensor:
    angle = (kind * math.pi / CLASSES)[:, None, None]
    row, column = torch.meshgrid(torch.arange(IMAGE), torch.arange(IMAGE), indexing="ij")
    along = torch.cos(angle) * column + torch.sin(angle) * row
    return torch.sin(math.pi / 2 * along + phase[:, None, None])


def _patches(length: int) -> Data:
    """The waves as 16 patches of four pixels."""
    images, kind = _gratings(length)
    patches = functional.unfold(images, 2, stride=2).transpose(1, 2)
    return patches.contiguous(), kind


def _spots(length: int) -> Data:
    """Images of one bright spot anywhere, in [0, 1], to be given back."""
    generator = _generator()
    centre = 1 + 5 * torch.rand(SAMPLES, 2, generator=generator)
    axis = torch.arange(IMAGE)
    parts = torch.exp(-((axis - centre[:, :, None]) ** 2) / 2.5)
    images = (parts[:, 0, :, None] * parts[:, 1, None, :])[:, None]
    return images, images


def _spot_maker(length: int) -> Data:
    """A spot's place, coded as 16 numbers, and its image in [-1, 1]: what a generator makes."""
    images, _ = _spots(length)
    generator = _generator()
    centre = 1 + 5 * torch.rand(SAMPLES, 2, generator=generator)
    basis = torch.linalg.qr(torch.randn(FEATURES, FEATURES, generator=generator))[0][:2]
    noise = 0.1 * torch.randn(SAMPLES, FEATURES, generator=generator)
    return (centre - 3.5) / 1.44 @ basis * 2 + noise, images * 2 - 1


def _surface(length: int) -> Data:
    """Points of the square, and the height of a wavy surface over them."""
    xy = torch.rand(SAMPLES, 2, generator=_generator()) * 2 - 1
    x, y = xy[:, :1], xy[:, 1:]
    return xy, torch.sin(4 * x) * torch.cos(3 * y) + 0.5 * torch.sin(5 * x * y + 1)


def _recall(length: int) -> Data:
    """A mark in the first tenth of the steps, then noise; six marks on a circle, four classes."""
    generator = _generator()
    mark = torch.randint(MARKS, (SAMPLES,), generator=generator)
    angle = mark * 2 * math.pi / MARKS
    x = 0.1 * torch.randn(SAMPLES, length, CHANNELS, generator=generator)
    first = max(1, length // 10)
    x[:, :first, :2] += 1.5 * torch.stack([torch.cos(angle), torch.sin(angle)], 1)[:, None]
    return x, torch.tensor([0, 1, 0, 2, 3, 2])[mark]


def _tagging(length: int) -> Data:
    """At every step: whether the signs of this step's value and of the last one's agree."""
    x = torch.randn(SAMPLES, length, CHANNELS, generator=_generator()).clamp(-1.5, 1.5)
    sign = x[:, :, 0] > 0
    before = torch.cat([torch.zeros(SAMPLES, 1, dtype=torch.bool), sign[:, :-1]], 1)
    return x, (sign == before).float()


def _language(length: int) -> Data:
    """The next word is a function of the last two, by a table."""
    generator = _generator()
    table = torch.randint(VOCABULARY, (VOCABULARY, VOCABULARY), generator=generator)
    words = torch.randint(VOCABULARY, (SAMPLES, CONTEXT + 1), generator=generator)
    for step in range(2, CONTEXT + 1):
        said = table[words[:, step - 2], words[:, step - 1]]
        slip = torch.rand(SAMPLES, generator=generator) < 0.2
        words[:, step] = torch.where(slip, words[:, step], said)
    return words[:, :-1], words[:, 1:]


def _words(output: Tensor, target: Tensor) -> Tensor:
    return functional.cross_entropy(output.flatten(0, 1), target.flatten())


def _bits(output: Tensor, target: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(output.squeeze(-1), target)


_CE, _MSE = functional.cross_entropy, functional.mse_loss
_KIND, _CRITERION = "torch.randint(0, 4, (32,))", "nn.CrossEntropyLoss()"
_ERROR = "nn.MSELoss()"

TASKS = {
    "blobs": Task(_blobs, _CE, 1.386, 0.0, "16", _KIND, _CRITERION),
    "gratings": Task(_gratings, _CE, 1.386, 0.0, "1, 8, 8", _KIND, _CRITERION),
    "patches": Task(_patches, _CE, 1.386, 0.0, "16, 4", _KIND, _CRITERION),
    "spots": Task(_spots, _MSE, 0.0396, 0.001, "1, 8, 8", "x", _ERROR),
    "maker": Task(_spot_maker, _MSE, 0.158, 0.01, "16", "torch.randn(32, 1, 8, 8)", _ERROR),
    "surface": Task(_surface, _MSE, 0.321, 0.005, "2", "torch.randn(32, 1)", _ERROR),
    "recall": Task(_recall, _CE, 1.330, 0.0, "{length}, 4", _KIND, _CRITERION),
    "tagging": Task(
        _tagging, _bits, 0.693, 0.0, "{length}, 4", "torch.rand(32, {length}, 1).round()",
        "nn.BCEWithLogitsLoss()",
    ),
    "language": Task(
        _language, _words, 1.735, 0.88, "torch.randint(0, 6, (32, 16))",
        "torch.randint(0, 6, (32, 16))", "lambda out, y: F.cross_entropy(out.transpose(1, 2), y)",
    ),
}  # fmt: skip


@cache
def data(task: str, length: int) -> Data:
    """The samples of a task, made once."""
    return TASKS[task].data(length)
