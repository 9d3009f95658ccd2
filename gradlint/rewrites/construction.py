"""Where a model is constructed: in its class, by a factory, or by a statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from gradlint.graph import Op
from gradlint.model import Model
from gradlint.rewrites.place import Tree, tree_at
from gradlint.span import Span


@dataclass(frozen=True)
class Running:
    """A stretch of running code, and the function that it stands in."""

    tree: Tree
    span: Span
    function: cst.FunctionDef | None
    owner: cst.ClassDef | None  # the class, where the function is a method


def running(model: Model, op: Op) -> Iterator[Running]:
    """Where an operation was built, outermost first."""
    for span in reversed(op.built):
        tree = tree_at(model, span)
        if tree is not None:
            around = [
                each for each in tree.nodes(cst.FunctionDef) if tree.span(each).contains(span)
            ]
            function = around[-1] if around else None
            block = tree.parent(function) if function is not None else None
            owner = tree.parent(block) if block is not None else None
            yield Running(tree, span, function, owner if isinstance(owner, cst.ClassDef) else None)


def home_of(model: Model, op: Op) -> tuple[Tree, cst.ClassDef, cst.FunctionDef] | None:
    """The class of the model, and its `__init__`, that an operation was built in."""
    homes = [
        (frame.tree, frame.owner, frame.function)
        for frame in running(model, op)
        if frame.owner is not None and frame.owner.bases
        if frame.function is not None and frame.function.name.value == "__init__"
    ]
    named = [home for home in homes if home[1].name.value == model.target.name]
    return next(iter(named or homes), None)


def factory_return(
    model: Model, frames: Sequence[Sequence[Running]]
) -> tuple[Tree, cst.Return] | None:
    """The one `return` of the function that makes the whole model."""
    shared = [each for each in frames[0] if each.function is not None and each.owner is None]
    for named in (True, False):
        for frame in shared:
            function = frame.function
            if function is None or (function.name.value == model.target.name) is not named:
                continue
            if not all(any(other.function is function for other in each) for each in frames):
                continue
            returned = returns(frame.tree, function)
            values = [each for each in returned if isinstance(each.value, cst.Call | cst.Name)]
            if len(returned) == 1 == len(values):
                return frame.tree, values[0]
    return None


def returns(tree: Tree, function: cst.FunctionDef) -> list[cst.Return]:
    """The `return` statements of a function, those of inner functions left out."""
    found = tree.nodes(cst.Return, function)
    return [each for each in found if tree.function(each) is function]


def statement_of(frames: Sequence[Running]) -> tuple[Tree, cst.Assign, str] | None:
    """The assignment that makes the whole model, outside of classes."""
    for frame in frames:
        for assign in frame.tree.nodes(cst.Assign):
            name = _bound(assign)
            if name and frame.tree.span(assign).contains(frame.span):
                return frame.tree, assign, name
    return None


def named_statement(model: Model, tree: Tree) -> tuple[Tree, cst.Assign, str] | None:
    """The assignment to the name that the model was found by."""
    name = model.target.name
    found = [each for each in tree.nodes(cst.Assign) if _bound(each) == name]
    return (tree, found[0], name) if len(found) == 1 else None


def _bound(assign: cst.Assign) -> str:
    """The name of `name = call(...)`."""
    target = assign.targets[0].target
    single = len(assign.targets) == 1 and isinstance(assign.value, cst.Call)
    return target.value if single and isinstance(target, cst.Name) else ""
