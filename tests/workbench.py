"""A model from a text, built, recorded and measured as the command does it, without a file."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

import torch
from rewrite_marks import marked

from gradlint.feeding.inputs import Inputs
from gradlint.graph import Graph, Op
from gradlint.model import Model
from gradlint.probing import probe
from gradlint.profile import Profile
from gradlint.quantities import Reading
from gradlint.reading.reader import read
from gradlint.source import Source
from gradlint.span import Span
from gradlint.target import Target
from gradlint.tracing.build import Builder, Built
from gradlint.tracing.record import Watch, record
from gradlint.tracing.trace import trace

PRELUDE = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"


@dataclass(frozen=True)
class Bench:
    """One model on the bench, and the spans of the expressions that its text marks."""

    builder: Builder
    spans: dict[str, Span]

    def build(self, seed: int = 0) -> Built:
        return self.builder.build(seed)

    def record(self, *args: object, watch: Watch | None = None) -> Graph:
        built = self.build()
        built.module.train()
        return record(built, fed(*args), watch).graph

    def trace(self) -> Graph:
        return trace(self.build())

    def read(self) -> Graph:
        target = self.builder.target
        return read(self.builder.sites.sources[target.path], target).graph

    def model(self, *args: object) -> Model:
        graph = self.record(*args)
        return Model(self.builder.target, graph, self.builder.sites.sources, True)

    def measure(self, *args: object, seed: int = 0) -> Profile:
        return probe.measure(self.build, fed(*args), self.model(*args), seed)


def bench(code: str, construct: str = "Net()", after: str = "") -> Bench:
    """The model that `construct` makes after the definitions; `«name:expression»` marks a span."""
    marks = marked(PRELUDE + code)
    source = Source("model.py", marks.source.text, filename="/somewhere/model.py")
    target = Target(
        path="model.py",
        name="Net",
        span=Span("model.py", 1, 1, 1, 1),
        setup=(),
        construct=ast.parse(construct, mode="eval").body,
        missing="",
        after=tuple(ast.parse(after).body),
        bound_as="model",
        loads_weights=False,
        examples=(),
        lengths=(),
        named=False,
        input=None,
    )
    return Bench(Builder(source, target), marks.spans)


def fed(*args: object) -> Inputs:
    """Inputs given by hand: the batch is the first dimension."""
    return Inputs(args, {}, "by hand", length_known=True)


def one(graph: Graph, wanted: str | Callable[[Op], bool]) -> Op:
    """The only operation of that name, or that is so."""
    is_it = (lambda op: op.name == wanted) if isinstance(wanted, str) else wanted
    (found,) = [op for op in graph.ops if is_it(op)]
    return found


def tokens(batch: int, length: int, bound: int) -> torch.Tensor:
    """Integers below a bound."""
    return torch.randint(0, bound, (batch, length), generator=torch.Generator().manual_seed(0))


def at_start(profile: Profile) -> list[Reading]:
    """The readings at initialisation."""
    return [reading for reading in profile.readings if reading.step == 0]
