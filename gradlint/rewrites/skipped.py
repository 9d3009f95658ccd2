"""Skip connections in a `forward`: in the block's own, or in a statement of the model's."""

from __future__ import annotations

from itertools import groupby

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
    """`return x + ...` in the class of a block, where blocks keep the shape of their input."""
    tree = tree_at(model, op.called[0]) if op.called and op.owner else None
    call = tree.call(op.called[0]) if tree is not None else None
    function = tree.function(call) if tree is not None and call is not None else None
    if tree is None or not isinstance(function, cst.FunctionDef):
        return None
    kept = _blocks_that_keep_shape(model, tree.span(function))
    if function.name.value != "forward" or 2 * kept.count(True) < max(len(kept), 1):
        return None
    return _returned_sum(tree, function, all(kept))


def _blocks_that_keep_shape(model: Model, body: Span) -> list[bool]:
    """Whether each block that runs this `forward` returns the shape that it is given."""
    blocks: dict[str, list[Op]] = {}
    for op in model.graph.ops:
        if op.called and body.contains(op.called[0]):
            blocks.setdefault(op.owner, []).append(op)
    return [_block_keeps_shape(ops) for ops in blocks.values()]


def _block_keeps_shape(ops: list[Op]) -> bool:
    layers = [op for op in ops if is_layer(op)]
    if not 0 < len(layers) <= _MOST_LAYERS or any(op.kind is Kind.ADD for op in ops):
        return False
    first, last = ops[0].input_shape or layers[0].input_shape, ops[-1].shape or layers[-1].shape
    return bool(first) and first == last


def _returned_sum(tree: Tree, forward: cst.FunctionDef, always: bool) -> list[Edit] | None:
    """The edits that add the input of `forward` to what it returns."""
    given = [each.name.value for each in forward.params.params]
    returned = tree.nodes(cst.Return, forward)
    if len(given) != 2 or len(returned) != 1 or not isinstance(forward.body, cst.IndentedBlock):
        return None
    value = returned[0].value
    at_end = tree.parent(returned[0]) is forward.body.body[-1]
    if not at_end or not isinstance(value, cst.Call | cst.Name):
        return None
    name, saved = given[1], []
    if _rebound(tree, forward, name):
        name = tree.free_in(forward, "identity", "shortcut", "skipped")
        first = next(each for each in forward.body.body if not _is_docstring(each))
        saved = [Edit(tree.span(first).start, f"{name} = {given[1]}{_next_line(tree, first)}")]
    if always:
        return [*saved, Edit(tree.outer_span(value).start, f"{name} + ")]
    return [*saved, *_sum_of_equals(tree, forward, returned[0], value, name)]


def _sum_of_equals(
    tree: Tree, scope: cst.FunctionDef, returned: cst.Return, value: cst.Call | cst.Name, name: str
) -> list[Edit]:
    """The sum where the shapes are equal, and what there was where they are not."""
    if isinstance(value, cst.Name):
        return [Edit(tree.outer_span(value), _sum(name, value.value))]
    out = tree.free_in(scope, "out", "result", "output")
    start = Span(*_place(tree.span(returned).start), *_place(tree.outer_span(value))[1:])
    line = f"{tree.margin(returned)}return {_sum(name, out)}"
    return [Edit(start, f"{out} = "), tree.at_line_end(tree.span(returned).end_line, [line])]


def _sum(name: str, out: str) -> str:
    return f"{name} + {out} if {name}.shape == {out}.shape else {out}"


def _place(span: Span) -> tuple[str, int, int]:
    return span.path, span.line, span.column


def _next_line(tree: Tree, node: cst.CSTNode) -> str:
    return tree.newline + tree.margin(node)


def _is_docstring(line: cst.CSTNode) -> bool:
    if not isinstance(line, cst.SimpleStatementLine):
        return False
    first = line.body[0]
    return isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString)


def _rebound(tree: Tree, forward: cst.FunctionDef, name: str) -> bool:
    """Whether `forward` binds a name anew."""
    binding = (cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.For, cst.NamedExpr)
    around = [tree.parent(each) for each in tree.nodes(cst.Name, forward) if each.value == name]
    return any(
        isinstance(each, cst.Element) or (isinstance(each, binding) and dotted(each.target) == name)
        for each in around
    )


def statement_edits(model: Model, op: Op) -> list[Edit] | None:
    """`x = x + F.relu(layer(x))` for a statement of `forward` that keeps the shape."""
    tree = tree_at(model, op.called[0]) if op.called else None
    call = tree.call(op.called[0]) if tree is not None else None
    assign = tree.statement(call) if tree is not None and call is not None else None
    if tree is None or call is None or not isinstance(assign, cst.Assign):
        return None
    target, base = assign.targets[0].target, _innermost(assign.value, call)
    if base is None or len(assign.targets) != 1 or not isinstance(target, cst.Name):
        return None
    in_loop = tree.around(assign, cst.For) or tree.around(assign, cst.While)
    kept = _runs_that_keep_shape(model, tree.span(assign), in_loop is not None)
    if 2 * kept.count(True) < max(len(kept), 1):
        return None
    if all(kept):
        return [Edit(tree.outer_span(assign.value).start, f"{base} + ")]
    scope, line = tree.function(assign), tree.parent(assign)
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1 or scope is None:
        return None
    out = tree.free_in(scope, "out", "result", "output")
    after = f"{tree.margin(assign)}{target.value} = {_sum(base, out)}"
    end = tree.span(assign).end_line
    return [Edit(tree.span(target), out), tree.at_line_end(end, [after])]


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


def _runs_that_keep_shape(model: Model, place: Span, in_loop: bool) -> list[bool]:
    """Whether each run of a statement keeps the shape; none where that cannot be said."""
    ops = [op for op in model.graph.ops if op.called and place.contains(op.called[0])]
    if any(op.kind is Kind.ADD for op in ops) or _most_layers(ops) > _MOST_LAYERS:
        return []
    if not in_loop:
        return [_block_keeps_shape(list(each)) for _, each in groupby(ops, lambda op: op.owner)]
    rest = [op for op in ops if not is_layer(op) and op.shape and op.input_shape]
    if not all(keeps_shape(op) for op in rest):
        return []
    return [keeps_shape(op) for op in ops if is_layer(op)]


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
