"""`normal_(w, 0.01)`: a mean where a standard deviation is meant."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from gradlint.model import Model
from gradlint.rewrites.imports import imports_of
from gradlint.rewrites.place import Tree, rewrite, tree_at
from gradlint.rule import Checkpoint, Rewrite, Rung
from gradlint.span import Edit, Span

_LARGEST = 1.0  # a mean of 1 and more is meant: the scale of a normalisation starts there
_NAMES = frozenset({"normal_", "trunc_normal_"})


def mean_only(model: Model, span: Span) -> str:
    """The small mean that a call gives alone, as it is written; "" for any other call."""
    found = _alone(model, span)
    return found[0].text(found[1]) if found is not None else ""


def swap(model: Model, spans: Iterable[Span]) -> Rewrite | None:
    """The same number as the standard deviation, around zero."""
    edits = []
    for span in spans:
        found = _alone(model, span)
        if found is None:
            return None
        edits.append(Edit(found[0].span(found[1]).start, "0.0, "))
    title = "Give the number as the standard deviation, around a mean of zero"
    return rewrite(title, Rung.INITIALISATION, Checkpoint.KEEPS, edits)


def _alone(model: Model, span: Span) -> tuple[Tree, cst.BaseExpression] | None:
    """The only number of a call, where it is given by its position."""
    tree = tree_at(model, span)
    call = tree.call(span) if tree is not None else None
    if tree is None or call is None or any(arg.keyword or arg.star for arg in call.args):
        return None
    full = imports_of(tree).resolve(call.func)
    name = call.func.attr.value if isinstance(call.func, cst.Attribute) else full
    numbers = call.args[1:] if full else call.args
    if name.rpartition(".")[2] not in _NAMES or len(numbers) != 1:
        return None
    value = numbers[0].value
    if not isinstance(value, cst.Float | cst.Integer):
        return None
    small = 0 < float(value.evaluated_value) < _LARGEST
    return (tree, value) if small else None
