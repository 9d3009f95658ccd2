"""Following a value from where it is used to where it is written.

An activation passed as a class leads to `act()`; what must be edited is the default of the
parameter, the argument at a call site, or the key of a dictionary.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import libcst as cst

from gradlint.rewrites.arguments import is_none, parameter, string
from gradlint.rewrites.frames import Frame, argument_of
from gradlint.rewrites.imports import dotted, imports_of
from gradlint.rewrites.place import Function, Tree
from gradlint.span import Span


@dataclass(frozen=True)
class Found:
    """Where a value is written: a name of torch, or a string that stands for one."""

    tree: Tree
    node: cst.BaseExpression
    full: str  # "torch.nn.Sigmoid", or what the string says
    choices: Frame | None = None  # the dictionary that the string is a key of
    module: str = ""  # "torch.nn", where the string names a member of it


def follow(frame: Frame) -> Found | None:
    """Where the value of an expression is written; None where that is not understood."""
    node, tree = frame.node, frame.tree
    full = imports_of(tree).resolve(node)
    if full.startswith("torch."):
        return Found(tree, node, full)
    if (text := string(node)) is not None:
        return Found(tree, node, text)
    if isinstance(node, cst.Name):
        source = _name(frame, node.value)
        return follow(source) if source is not None else None
    if isinstance(node, cst.Attribute) and dotted(node.value) in ("self", "cls"):
        source = _attribute(frame, node.attr.value)
        return follow(source) if source is not None else None
    if isinstance(node, cst.Subscript):
        return _entry(frame, node)
    if isinstance(node, cst.Call):
        return _member(frame, node)
    return None


def _name(frame: Frame, name: str) -> Frame | None:
    function = frame.tree.function(frame.node)
    if function is None:
        return _assigned(frame, frame.tree.module, name)
    given = parameter(function, name)
    local = _assigned(frame, function, name)
    if given is None:
        outer = Frame(frame.model, frame.tree, frame.node, ())
        return local or _assigned(outer, frame.tree.module, name)
    value = argument_of(frame, function, name)
    if local is None:
        return value
    # `if act is None: act = nn.Sigmoid` decides only where nothing was given.
    return local if value is not None and is_none(value.node) else None


def _assigned(frame: Frame, scope: cst.CSTNode, name: str) -> Frame | None:
    """The one value that a name is assigned in a scope."""
    values = [
        value
        for target, value in _assignments(frame.tree, scope)
        if dotted(target) == name != dotted(value)
    ]
    return frame.at(values[0]) if len(values) == 1 else None


def _assignments(
    tree: Tree, scope: cst.CSTNode
) -> Iterable[tuple[cst.BaseExpression, cst.BaseExpression]]:
    for assign in tree.nodes(cst.Assign):
        if _scope(tree, assign) is scope and len(assign.targets) == 1:
            yield assign.targets[0].target, assign.value
    for annotated in tree.nodes(cst.AnnAssign):
        if _scope(tree, annotated) is scope and annotated.value is not None:
            yield annotated.target, annotated.value


def _scope(tree: Tree, node: cst.CSTNode) -> cst.CSTNode:
    kinds = (cst.FunctionDef, cst.Lambda, cst.ClassDef)
    return next((each for each in tree.ancestors(node) if isinstance(each, kinds)), tree.module)


def _attribute(frame: Frame, name: str) -> Frame | None:
    """The one value that an attribute is assigned in its class."""
    owner = frame.tree.owner(frame.node)
    if owner is None:
        return None
    found = [
        value
        for scope in (owner, *frame.tree.nodes(cst.FunctionDef, owner))
        for target, value in _assignments(frame.tree, scope)
        if dotted(target) == (name if scope is owner else f"self.{name}")
    ]
    if len(found) != 1:
        return None
    method = frame.tree.function(found[0])
    for depth in range(frame.depth, len(frame.spans)):
        if _runs(frame, frame.spans[depth], method):
            return Frame(frame.model, frame.tree, found[0], frame.spans, depth)
    return Frame(frame.model, frame.tree, found[0], ())


def _runs(frame: Frame, span: Span, method: Function | None) -> bool:
    call = frame.tree.call(span) if span.path == frame.tree.source.path else None
    return call is not None and frame.tree.function(call) is method


def _entry(frame: Frame, node: cst.Subscript) -> Found | None:
    """The key of a dictionary look-up."""
    if len(node.slice) != 1 or not isinstance(node.slice[0].slice, cst.Index):
        return None
    choices = dictionary(frame.at(node.value))
    key = follow(frame.at(node.slice[0].slice.value))
    if choices is None or key is None or string(key.node) is None:
        return None
    return Found(key.tree, key.node, key.full, choices)


def dictionary(frame: Frame) -> Frame | None:
    """The dictionary that an expression names, where it is written out."""
    node = frame.node
    if isinstance(node, cst.Dict):
        return frame
    if isinstance(node, cst.Call) and len(node.args) == 1:
        return dictionary(frame.at(node.args[0].value))  # nn.ModuleDict({...}), dict({...})
    source: Frame | None = None
    if isinstance(node, cst.Name):
        source = _name(frame, node.value)
    elif isinstance(node, cst.Attribute) and dotted(node.value) in ("self", "cls"):
        source = _attribute(frame, node.attr.value)
    return dictionary(source) if source is not None else None


def _member(frame: Frame, node: cst.Call) -> Found | None:
    """`getattr(nn, name)`, `partial(nn.Sigmoid)`, and what a function returns."""
    if dotted(node.func) in ("partial", "functools.partial") and node.args:
        return follow(frame.at(node.args[0].value))
    if dotted(node.func) != "getattr":
        return _returned(frame, node)
    if len(node.args) < 2:
        return None
    module = imports_of(frame.tree).resolve(node.args[0].value)
    key = follow(frame.at(node.args[1].value))
    if not module.startswith("torch") or key is None or string(key.node) is None:
        return None
    return Found(key.tree, key.node, key.full, module=module)


def _returned(frame: Frame, node: cst.Call) -> Found | None:
    """What a function of the file returns, where it has one `return`."""
    tree, name = frame.tree, dotted(node.func)
    functions = [each for each in tree.module.body if isinstance(each, cst.FunctionDef)]
    for function in functions:
        returned = tree.nodes(cst.Return, function) if function.name.value == name else []
        if len(returned) == 1 and returned[0].value is not None:
            return follow(Frame(frame.model, tree, returned[0].value, (), caller=frame.at(node)))
    return None
