"""The state of a recurrence that becomes an LSTM: one tensor becomes two."""

from __future__ import annotations

import libcst as cst

from gradlint.graph import Op
from gradlint.model import Model
from gradlint.rewrites.imports import dotted, imports_of
from gradlint.rewrites.place import Tree, tree_at
from gradlint.span import Edit


def state_edits(model: Model, op: Op, made: Tree, name: str) -> list[Edit] | None:
    """The edits at every call of the recurrence; None where the state's use is not understood."""
    tree = tree_at(model, op.called[0]) if op.called else None
    call = tree.call(op.called[0]) if tree is not None else None
    if tree is not made or call is None or dotted(call.func) != name:
        return None
    owner = made.owner(call)
    calls = [each for each in made.nodes(cst.Call, owner) if dotted(each.func) == name]
    edits: list[Edit] = []
    for each in calls:
        given, taken = _given(made, each), _taken(made, each)
        if given is None or taken is None:
            return None
        edits += [*given, *taken]
    return edits


def _given(tree: Tree, call: cst.Call) -> list[Edit] | None:
    """The first state: `h0` becomes `(h0, torch.zeros_like(h0))`."""
    if len(call.args) < 2:
        return []
    state = call.args[1].value
    name, function = dotted(state), tree.function(call)
    if name == "None":
        return []
    values = [
        assign.value
        for assign in tree.nodes(cst.Assign)
        if tree.function(assign) is function
        if len(assign.targets) == 1 and dotted(assign.targets[0].target) == name
    ]
    # A state that comes from outside may be what an earlier call returned.
    if not name or "." in name or not values or not all(_is_call(each) for each in values):
        return None
    zeros, imported = imports_of(tree).ensure("torch.zeros_like")
    return [Edit(tree.span(state), f"({name}, {zeros}({name}))"), *imported]


def _is_call(value: cst.BaseExpression) -> bool:
    return isinstance(value, cst.Call)


def _taken(tree: Tree, call: cst.Call) -> list[Edit] | None:
    """The last state: `out, h = ...` becomes `out, (h, _) = ...`, where `h` is used."""
    around = tree.parent(call)
    if isinstance(around, cst.Subscript):
        index = tree.text(around.slice[0]) if len(around.slice) == 1 else ""
        whole = tree.span(around).end
        return {"0": [], "1": [Edit(whole, "[0]")], "-1": [Edit(whole, "[0]")]}.get(index)
    if not isinstance(around, cst.Assign) or len(around.targets) != 1:
        return None
    target = around.targets[0].target
    if not isinstance(target, cst.Tuple) or len(target.elements) != 2:
        return None
    state = target.elements[1].value
    if not isinstance(state, cst.Name):
        return None
    if not _used(tree, state):
        return []
    return [Edit(tree.span(state), f"({state.value}, _)")]


def _used(tree: Tree, state: cst.Name) -> bool:
    """Whether the function reads a name that it binds here."""
    function = tree.function(state)
    places = [
        node
        for node in tree.nodes(cst.Name, function)
        if node.value == state.value and node is not state
    ]
    return bool(places)
