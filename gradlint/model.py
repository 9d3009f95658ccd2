"""A built model as rules see it. It imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from gradlint.connections import Container, Cut, Idle, Squash
from gradlint.graph import Graph
from gradlint.source import Source
from gradlint.span import Span
from gradlint.target import Target


@dataclass(frozen=True)
class Model:
    """A traced model: its graph and the sources that its layers are written in."""

    target: Target
    graph: Graph
    sources: dict[str, Source]  # by path
    length_known: bool  # the length of its sequences comes from the file or the user
    containers: tuple[Container, ...] = ()  # plain ones that hold layers
    idle: tuple[Idle, ...] = ()  # parts that no output depends on
    cuts: tuple[Cut, ...] = ()  # where the way of the gradient ends, that of the most first
    squashes: tuple[Squash, ...] = ()  # activations before a loss that takes logits

    def source(self, span: Span) -> Source:
        """The file that a span of this model stands in."""
        return self.sources[span.path]
