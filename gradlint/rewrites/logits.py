"""Giving a loss the logits that it takes: without the activation before it."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from gradlint.connections import Squash
from gradlint.model import Model
from gradlint.rewrites.imports import dotted, imports_of
from gradlint.rewrites.leftover import without_leftover
from gradlint.rewrites.place import Tree, gap, rewrite, tree_at
from gradlint.rewrites.series import is_sequential
from gradlint.rule import Checkpoint, Rewrite, Rung
from gradlint.span import Edit, Span


def unsquash(model: Model, squashes: Iterable[Squash]) -> Rewrite | None:
    """Without the activations, in the model or at the call of the loss."""
    edits: list[Edit] = []
    found = tuple(squashes)
    for squash in found:
        edit = _taken_out(model, squash)
        if edit is None:
            return None
        edits.append(edit)
    names = " and ".join(dict.fromkeys(squash.name for squash in found))
    return rewrite(f"Remove the {names}", Rung.ACTIVATION, Checkpoint.KEEPS, edits)


def _taken_out(model: Model, squash: Squash) -> Edit | None:
    op = model.graph.ops[squash.index]
    places = (*op.built[:1], *op.called[:1]) if squash.in_model else (squash.span,)
    for place in places:
        tree = tree_at(model, place)
        call = tree.call(place) if tree is not None else None
        if tree is None or call is None:
            continue
        edit = _without_element(tree, call) or _without_call(tree, call, squash.name)
        if edit is not None:
            return without_leftover(tree, call, edit)
    return None


def _without_element(tree: Tree, call: cst.Call) -> Edit | None:
    """`nn.Sequential(..., nn.Softmax(1))` without its last element."""
    element = tree.parent(call)
    around = tree.parent(element) if element is not None else None
    if not isinstance(element, cst.Arg) or not isinstance(around, cst.Call):
        return None
    if not is_sequential(tree, around) or around.args[-1] is not element or len(around.args) < 2:
        return None
    end = tree.span(around.args[-2].value).end
    return Edit(gap(end, tree.span(call).end), "")


def _without_call(tree: Tree, call: cst.Call, name: str) -> Edit | None:
    """`F.softmax(x, dim=1)`, `self.softmax(x)` and `x.softmax(1)` as `x`."""
    func = call.func
    full = imports_of(tree).resolve(func)
    is_method = isinstance(func, cst.Attribute) and func.attr.value.strip("_") == name
    if not full and is_method and isinstance(func, cst.Attribute) and dotted(func.value) != "self":
        return Edit(gap(tree.outer_span(func.value).end, tree.span(call).end), "")
    names = (f"torch.{name}", f"torch.nn.functional.{name}")
    runs = full in names or dotted(func).startswith("self.") or isinstance(func, cst.Call)
    if not runs or not call.args:
        return None
    value = call.args[0].value
    place: Span = tree.span(call)
    return Edit(place, tree.source.text_of(tree.outer_span(value)))
