"""Finding nodes of a source file by their spans, and places to insert text at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TypeVar, cast

import libcst as cst
from libcst.metadata import ParentNodeProvider, PositionProvider

from gradlint.model import Model
from gradlint.rule import Checkpoint, Rewrite, Rung
from gradlint.source import Source
from gradlint.span import Edit, Span

Node = TypeVar("Node", bound=cst.CSTNode)
Function = cst.FunctionDef | cst.Lambda


class Tree:
    """The concrete syntax tree of one file, with the way from spans to nodes and back."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.module: cst.Module = source.module.module
        self._ranges = source.module.resolve(PositionProvider)
        self._parents: Mapping[cst.CSTNode, cst.CSTNode] = source.module.resolve(ParentNodeProvider)
        self._found: dict[type[cst.CSTNode], Sequence[cst.CSTNode]] = {}

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node stands, its own parentheses left out."""
        place = self._ranges[node]
        start, end = place.start, place.end
        return Span(self.source.path, start.line, start.column + 1, end.line, end.column + 1)

    def outer_span(self, node: cst.BaseExpression) -> Span:
        """Where an expression stands, with the parentheses around it."""
        span = self.span(node)
        if not node.lpar:
            return span
        first, last = self.span(node.lpar[0]), self.span(node.rpar[-1])
        return Span(span.path, first.line, first.column, last.end_line, last.end_column)

    def text(self, node: cst.CSTNode) -> str:
        """The text of a node, as it is written."""
        return self.source.text_of(self.span(node))

    def nodes(self, kind: type[Node], inside: cst.CSTNode | None = None) -> list[Node]:
        """All nodes of a type, in the order of the text."""
        if kind not in self._found:
            found = [node for node in self._ranges if isinstance(node, kind)]
            self._found[kind] = sorted(found, key=self.span)
        every = cast("list[Node]", self._found[kind])
        if inside is None:
            return every
        return [node for node in every if inside in self.ancestors(node)]

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around a node."""
        return self._parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around a node, innermost first."""
        around = self._parents.get(node)
        while around is not None:
            yield around
            around = self._parents.get(around)

    def around(self, node: cst.CSTNode, kind: type[Node]) -> Node | None:
        """The innermost node of a type around a node."""
        return next((each for each in self.ancestors(node) if isinstance(each, kind)), None)

    def function(self, node: cst.CSTNode) -> Function | None:
        """The function whose body a node stands in."""
        for each in self.ancestors(node):
            if isinstance(each, cst.FunctionDef | cst.Lambda):
                return each
        return None

    def owner(self, node: cst.CSTNode) -> cst.ClassDef | None:
        """The class whose body or method a node stands in."""
        return self.around(node, cst.ClassDef)

    def statement(self, node: cst.CSTNode) -> cst.BaseSmallStatement | None:
        """The simple statement that a node is part of."""
        for each in self.ancestors(node):
            if isinstance(each, cst.BaseSmallStatement):
                return each
        return None

    @cached_property
    def _calls(self) -> dict[tuple[int, int], cst.Call]:
        spans = ((self.span(call), call) for call in self.nodes(cst.Call))
        return {(span.end_line, span.end_column): call for span, call in spans}

    def call(self, span: Span) -> cst.Call | None:
        """The call that a span names.

        A method chain over several lines reports only its last part, so the end decides.
        """
        call = self._calls.get((span.end_line, span.end_column))
        return call if call is not None and self.span(call).contains(span) else None

    @property
    def newline(self) -> str:
        """The line ending of the file."""
        return self.module.default_newline

    @property
    def indent(self) -> str:
        """One level of indentation."""
        return self.module.default_indent

    @cached_property
    def quote(self) -> str:
        """The quotation mark that the file uses for its strings."""
        strings = [node.value for node in self.nodes(cst.SimpleString)]
        single = sum(text.lstrip("rbuRBU").startswith("'") for text in strings)
        return "'" if single > len(strings) - single else '"'

    @cached_property
    def annotated(self) -> bool:
        """Whether the functions of the file are annotated."""
        return any(function.returns for function in self.nodes(cst.FunctionDef))

    @cached_property
    def names(self) -> frozenset[str]:
        """All names that the file mentions."""
        return frozenset(node.value for node in self.nodes(cst.Name))

    def free_in(self, scope: cst.CSTNode, *names: str) -> str:
        """The first of these names that a scope does not use."""
        used = {node.value for node in self.nodes(cst.Name, scope)}
        return next((name for name in names if name not in used), f"{names[0]}_")

    def margin(self, node: cst.CSTNode) -> str:
        """The indentation of the line that a node begins in."""
        text = self.source.line(self.span(node).line)
        return text[: len(text) - len(text.lstrip())]

    def begins_line(self, node: cst.CSTNode) -> bool:
        """Whether nothing stands before a node on its line."""
        span = self.span(node)
        return not self.source.line(span.line)[: span.column - 1].strip()

    def line_end(self, line: int) -> Span:
        """The place behind the last character of a line."""
        column = len(self.source.line(line)) + 1
        return Span(self.source.path, line, column, line, column)

    def at_line_end(self, line: int, lines: Sequence[str]) -> Edit:
        """New lines, joined to the end of a line."""
        return Edit(self.line_end(line), "".join(self.newline + each for each in lines))

    def after_line(self, line: int, lines: Sequence[str]) -> Edit:
        """New lines, joined to the start of the line that follows."""
        rest = self.source.text_of(Span(self.source.path, line, 1, line + 1, 1))
        text = self.newline.join(lines)
        text = text + self.newline if rest.endswith(("\n", "\r")) else self.newline + text
        return Edit(Span(self.source.path, line + 1, 1, line + 1, 1), text)

    def before_line(self, line: int, lines: Sequence[str]) -> Edit:
        """New lines before a line."""
        text = "".join(each + self.newline for each in lines)
        return Edit(Span(self.source.path, line, 1, line, 1), text)


@lru_cache(maxsize=16)
def tree_of(source: Source) -> Tree:
    """The tree of a file, made once."""
    return Tree(source)


def tree_at(model: Model, span: Span) -> Tree | None:
    """The tree of the file that a span stands in."""
    source = model.sources.get(span.path)
    return tree_of(source) if source is not None else None


def gap(first: Span, second: Span) -> Span:
    """What lies between two spans."""
    return Span(first.path, first.end_line, first.end_column, second.line, second.column)


def rewrite(
    title: str, rung: Rung, checkpoint: Checkpoint, edits: Iterable[Edit]
) -> Rewrite | None:
    """These edits as one rewrite; None where there are none, or where two overlap."""
    ordered = tuple(sorted(set(edits)))
    if not ordered or any(one.span.overlaps(two.span) for one, two in pairwise(ordered)):
        return None
    return Rewrite(title, rung, checkpoint, ordered)
