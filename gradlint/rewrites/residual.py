"""Skip connections around layers that keep the shape of their input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import libcst as cst

from gradlint.graph import Op
from gradlint.kinds import Kind
from gradlint.model import Model
from gradlint.rewrites.imports import imports_of
from gradlint.rewrites.place import Tree, gap, rewrite, tree_at
from gradlint.rewrites.series import Series, is_layer, keeps_shape, series, sharers
from gradlint.rewrites.skipped import block_edits, statement_edits
from gradlint.rule import Checkpoint, Rewrite, Rung
from gradlint.span import Edit, Span

_NAMES = ("Residual", "ResidualBlock", "SkipConnection")


@dataclass(frozen=True)
class Wrapped:
    """A layer and what follows it in a list, to stand inside a residual module."""

    tree: Tree
    group: tuple[cst.BaseExpression, ...]
    series: Series


def skip(model: Model, ops: Sequence[Op]) -> Rewrite | None:
    """An identity connection around each of the layers `ops` that keeps its shape."""
    edits: set[Edit] = set()
    wrapped: dict[Span, Wrapped] = {}
    for op in ops:
        if not keeps_shape(op):
            continue
        found = block_edits(model, op) or statement_edits(model, op)
        if found:
            edits.update(found)
        elif (each := _wrapped(model, op)) is not None:
            wrapped[each.tree.span(each.group[0])] = each
    edits.update(_wrapping(wrapped.values()))
    checkpoint = Checkpoint.CHANGES if wrapped else Checkpoint.KEEPS
    return rewrite("Add skip connections", Rung.RESIDUAL, checkpoint, edits)


def _wrapped(model: Model, op: Op) -> Wrapped | None:
    """The group of a layer in a list of modules."""
    tree = tree_at(model, op.built[0]) if op.built else None
    call = tree.call(op.built[0]) if tree is not None else None
    if tree is None or call is None or not all(keeps_shape(e) for e in sharers(model, op)):
        return None
    found = series(model, tree, call)
    if found is None or not found.runs_in_order:
        return None
    joined = [each for each in model.graph.ops if each.kind is Kind.ADD]
    if any(op.index in each.inputs for each in joined if is_layer(op)):
        return None
    return Wrapped(tree, found.group, found)


def _wrapping(wrapped: Iterable[Wrapped]) -> list[Edit]:
    """The edits that wrap groups, and the class that they need, once a file."""
    edits: list[Edit] = []
    by_tree: dict[Tree, list[Wrapped]] = {}
    for each in wrapped:
        by_tree.setdefault(each.tree, []).append(each)
    for tree, groups in by_tree.items():
        name, definition = _class(tree, groups)
        edits += definition
        for each in groups:
            edits += _around(each, name)
    return edits


def _around(wrapped: Wrapped, name: str) -> list[Edit]:
    """The edits that put one group into a residual module."""
    tree, group = wrapped.tree, wrapped.group
    generated = _generated(wrapped)
    if generated is not None:
        element, loop, before = generated
        text = ", ".join(tree.text(node) for node in group)
        cut = Span(*_from(tree.outer_span(before)), *_to(tree.outer_span(loop.iter)))
        return [Edit(tree.span(element), f"{name}({text})"), Edit(cut, "")]
    first, last = tree.outer_span(group[0]), tree.outer_span(group[-1])
    gaps = [
        gap(tree.outer_span(one), tree.outer_span(two))
        for one, two in zip(group, group[1:], strict=False)
    ]
    tight = [Edit(each, ", ") for each in gaps if wrapped.series.appended or _is_blank(tree, each)]
    return [Edit(first.start, f"{name}("), *tight, Edit(last.end, ")")]


def _is_blank(tree: Tree, span: Span) -> bool:
    text = tree.source.text_of(span)
    return not text.strip(" \t\r\n,") and text != ", "


def _from(span: Span) -> tuple[str, int, int]:
    return span.path, span.end_line, span.end_column


def _to(span: Span) -> tuple[int, int]:
    return span.end_line, span.end_column


def _generated(
    wrapped: Wrapped,
) -> tuple[cst.BaseExpression, cst.CompFor, cst.BaseExpression] | None:
    """The parts of `m for _ in range(n) for m in (layer, activation)`."""
    tree = wrapped.tree
    loop = tree.parent(wrapped.series.around)
    outer = tree.parent(loop) if loop is not None else None
    if not isinstance(loop, cst.CompFor) or not isinstance(outer, cst.CompFor):
        return None
    whole = tree.parent(outer)
    if not isinstance(whole, cst.ListComp | cst.GeneratorExp) or loop.inner_for_in is not None:
        return None
    if loop.ifs or outer.ifs or len(wrapped.group) != len(wrapped.series.nodes):
        return None
    return (whole.elt, loop, outer.iter) if tree.text(whole.elt) == tree.text(loop.target) else None


def _class(tree: Tree, groups: Sequence[Wrapped]) -> tuple[str, list[Edit]]:
    """The name of the residual module, and its definition before the first use."""
    for each in tree.nodes(cst.ClassDef):
        if "x + super().forward(x)" in tree.text(each):
            return each.name.value, []
    name = tree.free(*_NAMES) or "IdentityPlus"
    uses = [tree.span(each.group[0]) for each in groups]
    tops = [each for each in tree.module.body if any(tree.span(each).contains(u) for u in uses)]
    line = _first_line(tree, tops[0])
    base, imported = imports_of(tree).ensure("torch.nn.Sequential")
    tensor = imports_of(tree).spell("torch.Tensor") if tree.annotated else None
    signature = f"(self, x: {tensor}) -> {tensor}" if tensor else "(self, x)"
    unit = tree.indent
    lines = [
        f"class {name}({base}):",
        f"{unit}def forward{signature}:",
        f"{unit * 2}return x + super().forward(x)",
        "",
        "",
    ]
    return name, [tree.before_line(line, lines), *imported]


def _first_line(tree: Tree, statement: cst.CSTNode) -> int:
    """The first line of a statement, with its decorators and the comments on top of it."""
    line = tree.span(statement).line
    if isinstance(statement, cst.ClassDef | cst.FunctionDef) and statement.decorators:
        line = tree.span(statement.decorators[0]).line
    while line > 1 and tree.source.line(line - 1).startswith("#"):
        line -= 1
    return line
