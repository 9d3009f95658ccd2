"""A model that a file can build, and how."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gradlint.source import Source
from gradlint.span import Span


@dataclass(frozen=True)
class Example:
    """A shape that the file itself shows: an expression like `torch.randn(8, 500, 16)`."""

    expression: ast.expr
    setup: tuple[ast.stmt, ...]  # assignments that its names need, in order
    source: str  # "the call in line 40", for the report


@dataclass(frozen=True)
class Argument:
    """One argument that a model is built with, and where its value is from."""

    name: str
    value: str  # as it would be written
    origin: str  # "line 40", "train.py:12", "its default", "its name"
    guessed: bool  # nothing in the source says it
    free: bool = False  # no parameter, but a name that the code reads and nothing binds


@dataclass(frozen=True)
class Target:
    """How to build one model. Code is kept as syntax trees, so that positions survive.

    The model is what `construct` evaluates to, after the file's definitions and `setup`;
    then `after` runs with the model bound to `bound_as`: what the file does to it
    between construction and training (initialising, freezing).
    """

    path: str
    name: str  # "Net", "make_model", "model"
    span: Span  # of the class or function name, or of the construction
    setup: tuple[ast.stmt, ...]
    construct: ast.expr | None  # None where no way to build it is known
    missing: str  # why `construct` is None: "hidden_size, num_layers have no known value"
    after: tuple[ast.stmt, ...]
    bound_as: str
    loads_weights: bool  # the file loads a checkpoint into it
    examples: tuple[Example, ...]  # inputs shown by the file, most telling first
    lengths: tuple[int, ...]  # sequence lengths that the file names: `seq_len = 500`
    named: bool  # the user asked for it by name
    input: str | None  # an explicit input specification, as for --input
    init: Mapping[str, Any] = field(default_factory=dict)  # arguments that the user gives
    arguments: tuple[Argument, ...] = ()  # what it is built with, as far as that is told
    unknown: tuple[str, ...] = ()  # the arguments that are missing
    home: Source | None = None  # whose definitions `setup` and `construct` need, if another's
    otherwise: Target | None = None  # the next way to build it, where this one raises

    @property
    def ways(self) -> list[Target]:
        """This target, and what to try after it, in order."""
        return [self, *(self.otherwise.ways if self.otherwise else [])]
