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

Generated = tuple[cst.BaseExpression, cst.BaseExpression, cst.BaseExpression]
_NAMES = ("Residual", "ResidualBlock", "SkipConnection")


@dataclass(frozen=True)
class Wrapped:
    """A layer and what follows it in a list, to stand inside a residual module."""

    tree: Tree
    group: tuple[cst.BaseExpression, ...]
    series: Series
    always: bool  # it keeps the shape wherever it is used

    @property
    def whole(self) -> cst.Call | None:
        """The `nn.Sequential(...)` that holds the group and nothing else."""
        call = self.series.around
        if not isinstance(call, cst.Call) or self.group != self.series.nodes:
            return None
        full = imports_of(self.tree).resolve(call.func)
        return call if full == "torch.nn.Sequential" else None


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
    moved = any(each.whole is None for each in wrapped.values())
    checkpoint = Checkpoint.CHANGES if moved else Checkpoint.KEEPS
    return rewrite("Add skip connections", Rung.RESIDUAL, checkpoint, edits)


def _wrapped(model: Model, op: Op) -> Wrapped | None:
    """The group of a layer in a list of modules."""
    tree = tree_at(model, op.built[0]) if op.built else None
    call = tree.call(op.built[0]) if tree is not None else None
    kept = [keeps_shape(each) for each in sharers(model, op)]
    if tree is None or call is None or 2 * kept.count(True) < len(kept):
        return None
    found = series(model, tree, call)
    if found is None or not found.runs_in_order:
        return None
    joined = [each for each in model.graph.ops if each.kind is Kind.ADD]
    if any(op.index in each.inputs for each in joined if is_layer(op)):
        return None
    return Wrapped(tree, found.group, found, all(kept))


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
    if wrapped.whole is not None:
        return [Edit(tree.span(wrapped.whole.func), name)]
    generated = _generated(wrapped)
    if generated is not None:
        return _generator_edits(tree, group, generated, name)
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


def _generator_edits(
    tree: Tree, group: Sequence[cst.BaseExpression], generated: Generated, name: str
) -> list[Edit]:
    """The group takes the element's place, and the outer loop goes behind it."""
    element, outer, inner = (tree.outer_span(each) for each in generated)
    opening = gap(element.start, tree.outer_span(group[0]).start)
    closing = gap(tree.outer_span(group[-1]).end, inner.end)
    loop = tree.source.text_of(gap(element.end, outer.end))
    return [Edit(opening, f"{name}("), Edit(closing, f"){loop}")]


def _generated(wrapped: Wrapped) -> Generated | None:
    """`m`, `range(n)` and the tuple of `m for _ in range(n) for m in (layer, activation)`."""
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
    same = tree.text(whole.elt) == tree.text(loop.target)
    return (whole.elt, outer.iter, loop.iter) if same else None


def _class(tree: Tree, groups: Sequence[Wrapped]) -> tuple[str, list[Edit]]:
    """The name of the residual module, and its definition before the first use."""
    base, imported = imports_of(tree).ensure("torch.nn.Sequential")
    body = _class_body(tree, base, all(each.always for each in groups))
    for each in tree.nodes(cst.ClassDef):
        if tree.text(each) == f"class {each.name.value}{tree.newline.join(body)}":
            return each.name.value, []
    name = tree.free_in(tree.module, *_NAMES)
    lines = [f"class {name}{body[0]}", *body[1:]]
    uses = [tree.span(each.group[0]) for each in groups]
    tops = [each for each in tree.module.body if any(tree.span(each).contains(u) for u in uses)]
    if isinstance(tops[0], cst.ClassDef | cst.FunctionDef):
        return name, [tree.before_line(_first_line(tree, tops[0]), [*lines, "", ""]), *imported]
    return name, [tree.after_line(imports_of(tree).last_line(), ["", "", *lines]), *imported]


def _class_body(tree: Tree, base: str, always: bool) -> list[str]:
    tensor = imports_of(tree).spell("torch.Tensor") if tree.annotated else None
    signature = f"(self, x: {tensor}) -> {tensor}" if tensor else "(self, x)"
    one, two = tree.indent, tree.indent * 2
    opening = [f"({base}):", f"{one}def forward{signature}:"]
    if always:
        return [*opening, f"{two}return x + super().forward(x)"]
    total = "x + out if x.shape == out.shape else out"
    return [*opening, f"{two}out = super().forward(x)", f"{two}return {total}"]


def _first_line(tree: Tree, statement: cst.CSTNode) -> int:
    """The first line of a statement, with its decorators and the comments on top of it."""
    line = tree.span(statement).line
    if isinstance(statement, cst.ClassDef | cst.FunctionDef) and statement.decorators:
        line = tree.span(statement.decorators[0]).line
    while line > 1 and tree.source.line(line - 1).startswith("#"):
        line -= 1
    return line
