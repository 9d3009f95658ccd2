"""Skip connections in a `forward`: in the block's own, or in a statement of the model's."""

from __future__ import annotations

import libcst as cst

from gradlint.graph import Op
from gradlint.kinds import Kind
from gradlint.model import Model
from gradlint.rewrites.imports import dotted
from gradlint.rewrites.place import Tree, tree_at
from gradlint.rewrites.series import is_layer, keeps_shape
from gradlint.span import Edit, Span

_MOST_LAYERS = 4  # inside one skip connection


def block_edits(model: Model, op: Op) -> list[Edit] | None:
    """`return x + ...` in the class of a block, where each block keeps the shape of its input."""
    tree = tree_at(model, op.called[0]) if op.called and op.owner else None
    call = tree.call(op.called[0]) if tree is not None else None
    function = tree.function(call) if tree is not None and call is not None else None
    if tree is None or not isinstance(function, cst.FunctionDef):
        return None
    if function.name.value != "forward" or not _all_keep_shape(model, tree.span(function)):
        return None
    return _returned_sum(tree, function)


def _all_keep_shape(model: Model, body: Span) -> bool:
    """Whether each block that runs this `forward` returns the shape that it is given."""
    blocks: dict[str, list[Op]] = {}
    for op in model.graph.ops:
        if op.called and body.contains(op.called[0]):
            blocks.setdefault(op.owner, []).append(op)
    return all(_block_keeps_shape(ops) for ops in blocks.values())


def _block_keeps_shape(ops: list[Op]) -> bool:
    layers = [op for op in ops if is_layer(op)]
    if not 0 < len(layers) <= _MOST_LAYERS or any(op.kind is Kind.ADD for op in ops):
        return False
    first, last = ops[0].input_shape or layers[0].input_shape, ops[-1].shape or layers[-1].shape
    return bool(first) and first == last


def _returned_sum(tree: Tree, forward: cst.FunctionDef) -> list[Edit] | None:
    """The edits that add the input of `forward` to what it returns."""
    given = [each.name.value for each in forward.params.params]
    returned = tree.nodes(cst.Return, forward)
    if len(given) != 2 or len(returned) != 1 or not isinstance(forward.body, cst.IndentedBlock):
        return None
    value = returned[0].value
    at_end = tree.parent(returned[0]) is forward.body.body[-1]
    if not at_end or not isinstance(value, cst.Call | cst.Name):
        return None
    place = tree.outer_span(value).start
    if not _rebound(tree, forward, given[1]):
        return [Edit(place, f"{given[1]} + ")]
    name = tree.free("identity", "shortcut", "skipped")
    statements = [each for each in forward.body.body if not _is_docstring(each)]
    first = tree.span(statements[0])
    if name is None or not tree.begins_line(statements[0]):
        return None
    saved = f"{name} = {given[1]}{tree.newline}{tree.margin(statements[0])}"
    return [Edit(first.start, saved), Edit(place, f"{name} + ")]


def _is_docstring(line: cst.CSTNode) -> bool:
    if not isinstance(line, cst.SimpleStatementLine):
        return False
    first = line.body[0]
    return isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString)


def _rebound(tree: Tree, forward: cst.FunctionDef, name: str) -> bool:
    """Whether `forward` binds a name anew."""
    binding = (cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.For, cst.NamedExpr)
    for node in tree.nodes(cst.Name, forward):
        around = tree.parent(node)
        if node.value == name and isinstance(around, (*binding, cst.Element)):
            if isinstance(around, cst.Element) or around.target is node:
                return True
    return False


def statement_edits(model: Model, op: Op) -> list[Edit] | None:
    """`x = x + F.relu(layer(x))` for a statement of `forward` that keeps the shape."""
    tree = tree_at(model, op.called[0]) if op.called else None
    call = tree.call(op.called[0]) if tree is not None else None
    if tree is None or call is None:
        return None
    assign = tree.statement(call)
    if not isinstance(assign, cst.Assign) or len(assign.targets) != 1:
        return None
    base = _innermost(assign.value, call)
    if base is None or not isinstance(assign.targets[0].target, cst.Name):
        return None
    if not _statement_keeps_shape(model, tree.span(assign)):
        return None
    return [Edit(tree.outer_span(assign.value).start, f"{base} + ")]


def _innermost(value: cst.BaseExpression, call: cst.Call) -> str | None:
    """The name that nested calls around `call` begin with: `x` of `F.relu(self.fc(x))`."""
    node, passed = value, False
    while isinstance(node, cst.Call):
        passed = passed or node is call
        func = node.func
        if isinstance(func, cst.Attribute) and isinstance(func.value, cst.Call):
            node = func.value  # self.fc(x).relu()
        elif node.args and not node.args[0].star and node.args[0].keyword is None:
            node = node.args[0].value
        else:
            return None
    return dotted(node) or None if passed and isinstance(node, cst.Name) else None


def _statement_keeps_shape(model: Model, place: Span) -> bool:
    """Whether everything that runs in a statement keeps its shape, a few layers at a time."""
    ops = [op for op in model.graph.ops if op.called and place.contains(op.called[0])]
    if any(op.kind is Kind.ADD for op in ops):
        return False
    if not all(keeps_shape(op) for op in ops if is_layer(op) or (op.shape and op.input_shape)):
        return False
    return _most_layers(ops) <= _MOST_LAYERS


def _most_layers(ops: list[Op]) -> int:
    """The layers in one container that is called, or the calls of layers in the statement."""
    by_call: dict[Span, list[Op]] = {}
    for op in ops:
        by_call.setdefault(op.called[0], []).append(op)
    total = 0
    for each in by_call.values():
        layers = [op for op in each if is_layer(op)]
        containers = [op.module.rpartition(".")[0] for op in layers]
        mixed = len(layers) < len(each)
        total += max(map(containers.count, containers), default=0) if mixed else bool(layers)
    return total
