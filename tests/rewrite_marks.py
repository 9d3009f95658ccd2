"""Models made by hand from a text whose expressions are marked: «act:nn.Sigmoid()»."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from gradlint.graph import Graph, Init, Op, Weight
from gradlint.kinds import Kind, kind_of
from gradlint.model import Model
from gradlint.rule import Rewrite
from gradlint.source import Source
from gradlint.span import Span
from gradlint.target import Target

PATH = "model.py"


@dataclass(frozen=True)
class Marked:
    """A file, and the spans of its marked expressions."""

    source: Source
    spans: dict[str, Span]


def marked(code: str) -> Marked:
    """Take the marks out of a text. A mark may hold others."""
    text, line, column = "", 1, 1
    opened: list[tuple[str, int, int]] = []
    spans: dict[str, Span] = {}
    for part in re.split(r"(«\w+:|»)", code):
        if part.startswith("«"):
            opened.append((part[1:-1], line, column))
        elif part == "»":
            name, first, start = opened.pop()
            spans[name] = Span(PATH, first, start, line, column)
        else:
            text += part
            lines = part.split("\n")
            line += len(lines) - 1
            column = len(lines[-1]) + (1 if len(lines) > 1 else column)
    return Marked(Source(PATH, text), spans)


def op(
    index: int,
    name: str,
    built: str = "",
    called: str = "",
    *,
    marks: Marked,
    kind: Kind | None = None,
    module: str = "",
    module_type: str = "",
    owner: str = "",
    shape: tuple[int, ...] = (),
    input_shape: tuple[int, ...] = (),
    weights: tuple[str, ...] = (),
) -> Op:
    """An operation whose frames are marks, innermost first: "act block"."""
    return Op(
        index=index,
        name=name,
        kind=kind if kind is not None else kind_of(name),
        inputs=(index - 1,) if index else (),
        reads_input=index == 0,
        module=module,
        module_type=module_type,
        owner=owner,
        built=tuple(marks.spans[mark] for mark in built.split()),
        called=tuple(marks.spans[mark] for mark in called.split()),
        weights=weights,
        shape=shape,
        input_shape=input_shape,
    )


def model(marks: Marked, *ops: Op, inits: dict[str, Init] | None = None) -> Model:
    """A model of these operations."""
    weights = {
        name: Weight(name, (4, 4), True, (inits or {}).get(name))
        for op in ops
        for name in op.weights
    }
    target = Target(
        path=PATH,
        name="Net",
        span=Span(PATH, 1, 1, 1, 1),
        setup=(),
        construct=None,
        missing="",
        after=(),
        bound_as="",
        loads_weights=False,
        examples=(),
        lengths=(),
        named=False,
        input=None,
    )
    graph = Graph(ops, (len(ops) - 1,), weights)
    return Model(target, graph, {PATH: marks.source}, length_known=False)


def written(marks: Marked, rewrite: Rewrite | None) -> str | None:
    """The text after a rewrite; it must still be Python."""
    if rewrite is None:
        return None
    text = marks.source.edited(rewrite.edits).text
    ast.parse(text)
    return text
