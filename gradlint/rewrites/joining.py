"""Taking out what cuts the gradient off: `x.detach()` becomes `x`."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from gradlint.connections import Cut
from gradlint.model import Model
from gradlint.rewrites.leftover import without_leftover
from gradlint.rewrites.place import Tree, gap, rewrite, tree_at
from gradlint.rule import Checkpoint, Rewrite, Rung
from gradlint.span import Edit, Span


def join(model: Model, cuts: Iterable[Cut]) -> Rewrite | None:
    """Without `detach()` and `.data`; None where something else cuts, too."""
    edits = []
    for cut in cuts:
        tree = tree_at(model, cut.span)
        value = _before(tree, cut.span) if tree is not None else None
        if tree is None or value is None:
            return None
        edit = Edit(_rest(tree, value, cut.span), "")
        edits.append(without_leftover(tree, value, edit))
    title = "Let the gradient through"
    return rewrite(title, Rung.CONNECTION, Checkpoint.KEEPS, edits)


def _before(tree: Tree, span: Span) -> cst.BaseExpression | None:
    """What is detached: `x` of `x.detach()` and of `x.data`."""
    call = tree.call(span)
    func = call.func if call is not None and not call.args else None
    if isinstance(func, cst.Attribute) and func.attr.value == "detach":
        return func.value
    for node in tree.nodes(cst.Attribute):
        if node.attr.value == "data" and tree.span(node).end == span.end:
            return node.value
    return None


def _rest(tree: Tree, value: cst.BaseExpression, span: Span) -> Span:
    return gap(tree.outer_span(value), span.end)
