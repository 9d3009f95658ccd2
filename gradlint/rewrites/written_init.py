"""Replacing initialisation calls: `nn.init.normal_(m.weight, std=1e-4)`, `w.data.fill_(0.1)`."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from gradlint.kinds import Kind
from gradlint.model import Model
from gradlint.rewrites.arguments import given
from gradlint.rewrites.imports import dotted, imports_of
from gradlint.rewrites.place import Tree, tree_at
from gradlint.rewrites.schemes import Scheme, init_prefix
from gradlint.span import Edit, Span

_METHODS = frozenset("normal_ uniform_ fill_ zero_ constant_ exponential_ copy_".split())
_TYPE_TESTS = ("isinstance", "type(", "__class__", "Conv", "Linear")
_DIMENSION_TESTS = (".dim()", ".ndim", ".shape", ".size()")


def replaced(model: Model, spans: Iterable[Span], scheme: Scheme) -> list[Edit] | None:
    """The edits that make these calls follow the scheme."""
    edits: list[Edit] = []
    for span in spans:
        tree = tree_at(model, span)
        call = tree.call(span) if tree is not None else None
        made = _edits(model, tree, call, scheme) if tree is not None and call is not None else None
        if made is None:
            return None
        edits += made
    return edits


def _edits(model: Model, tree: Tree, call: cst.Call, scheme: Scheme) -> list[Edit] | None:
    tensor = _tensor(tree, call)
    if tensor is None or tree.nodes(cst.Comment, call):
        return None
    prefix, imported = _prefix(tree, call, scheme)
    text = scheme.call(tree, prefix, tree.text(tensor))
    normalised = any(op.kind is Kind.NORM for op in model.graph.ops)
    if _may_be_flat(tree, call, tensor, normalised):
        edit = _guarded(tree, call, tree.text(tensor), text, prefix, normalised)
        return [edit, *imported] if edit is not None else None
    return [Edit(tree.span(call), text), *imported] if text != tree.text(call) else []


def _tensor(tree: Tree, call: cst.Call) -> cst.BaseExpression | None:
    """The tensor that a call initialises, `.data` left out."""
    tensor: cst.BaseExpression | None = None
    if imports_of(tree).resolve(call.func).startswith("torch.nn.init."):
        tensor = given(call, "tensor", 0)
    elif isinstance(call.func, cst.Attribute) and call.func.attr.value in _METHODS:
        tensor = call.func.value
    if isinstance(tensor, cst.Attribute) and tensor.attr.value == "data":
        return tensor.value
    return tensor


def _prefix(tree: Tree, call: cst.Call, scheme: Scheme) -> tuple[str, tuple[Edit, ...]]:
    is_function = imports_of(tree).resolve(call.func).startswith("torch.nn.init.")
    if is_function and isinstance(call.func, cst.Attribute):
        return f"{tree.text(call.func.value)}.", ()
    return init_prefix(tree, scheme.function)


def _may_be_flat(tree: Tree, call: cst.Call, tensor: cst.BaseExpression, normalised: bool) -> bool:
    """Whether the call also sees parameters of one dimension, which have no fan-in."""
    tests = [tree.text(each.test) for each in tree.ancestors(call) if isinstance(each, cst.If)]
    if any(mark in test for test in tests for mark in _DIMENSION_TESTS):
        return False
    if _parameter_loop(tree, call, dotted(tensor)) is not None:
        return True
    in_loop = isinstance(tensor, cst.Attribute) and not dotted(tensor).startswith("self.")
    typed = any(mark in test for test in tests for mark in _TYPE_TESTS)
    return normalised and in_loop and not typed


def _parameter_loop(tree: Tree, call: cst.Call, name: str) -> cst.For | None:
    """The loop over parameters that binds a name."""
    for each in tree.ancestors(call):
        if isinstance(each, cst.For) and isinstance(each.iter, cst.Call):
            bound: cst.BaseExpression = each.target
            if isinstance(bound, cst.Tuple):
                bound = bound.elements[-1].value
            if dotted(bound) == name and _lists_parameters(each.iter):
                return each
    return None


def _lists_parameters(call: cst.Call) -> bool:
    func = call.func
    return isinstance(func, cst.Attribute) and func.attr.value in ("parameters", "named_parameters")


def _guarded(
    tree: Tree, call: cst.Call, tensor: str, text: str, prefix: str, normalised: bool
) -> Edit | None:
    """The call under a test of the dimensions, biases set to zero."""
    statement = tree.statement(call)
    if not isinstance(statement, cst.Expr) or statement.value is not call:
        return None
    suite = tree.parent(statement)
    if not isinstance(suite, cst.SimpleStatementLine | cst.SimpleStatementSuite):
        return None
    if len(suite.body) != 1:
        return None
    place, margin = tree.span(call), tree.margin(call)
    lines = [f"if {tensor}.dim() > 1:", tree.indent + text]
    loop = _parameter_loop(tree, call, tensor)
    inner = [each for each in tree.ancestors(call) if isinstance(each, cst.If | cst.For)][:1]
    if loop is not None and inner == [loop] and not normalised:
        lines += ["else:", f"{tree.indent}{prefix}zeros_({tensor})"]
    if isinstance(suite, cst.SimpleStatementSuite):
        margin += tree.indent
        column = place.column - len(suite.leading_whitespace.value)
        place = Span(place.path, place.line, column, place.end_line, place.end_column)
        lines[0] = tree.newline + margin + lines[0]
    return Edit(place, (tree.newline + margin).join(lines))
