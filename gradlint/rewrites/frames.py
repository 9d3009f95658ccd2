"""The frames that were running, and what one of them gave to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace

import libcst as cst

from gradlint.model import Model
from gradlint.rewrites.arguments import argument, parameter, unpacks
from gradlint.rewrites.imports import dotted
from gradlint.rewrites.place import Function, Tree, tree_at
from gradlint.span import Span


@dataclass(frozen=True)
class Frame:
    """An expression, and the frames that were running: `spans[depth]` stands in its function.

    Without spans, the calls of a function are looked for in the file.
    """

    model: Model
    tree: Tree
    node: cst.BaseExpression
    spans: tuple[Span, ...]
    depth: int = 0
    caller: Frame | None = None  # the call that runs this function, where it is known otherwise

    def at(self, node: cst.BaseExpression) -> Frame:
        """Another expression of the same frame."""
        return replace(self, node=node)


def argument_of(frame: Frame, function: Function, name: str) -> Frame | None:
    """What a parameter was given by the frame that called the function, or its default."""
    callers = _callers(frame, function)
    if callers is None:
        return None
    given = [_given(caller, function, name) for caller in callers]
    passed = [each for each in given if each is not None]
    if len(passed) == 1 == len(given):
        return passed[0]
    default = parameter(function, name)
    if passed or default is None or default.default is None:
        return None
    names = _names(frame.tree, function)
    if not all(_by_name(caller, names) for caller in callers):
        return None  # `block(d)`, where `block` may be a partial that gives the rest
    return Frame(frame.model, frame.tree, default.default, ())


def _by_name(caller: Frame, names: set[str]) -> bool:
    """Whether a call names the function or its class, and shows all that it gives."""
    call = caller.node
    if not isinstance(call, cst.Call) or unpacks(call):
        return False
    func = call.func
    name = func.attr.value if isinstance(func, cst.Attribute) else dotted(func)
    return name in names


def _names(tree: Tree, function: Function) -> set[str]:
    owner = tree.owner(function)
    around = (function, owner)
    return {e.name.value for e in around if isinstance(e, cst.FunctionDef | cst.ClassDef)}


def _callers(frame: Frame, function: Function) -> list[Frame] | None:
    """The calls that ran the function: one where the frames are known."""
    if frame.caller is not None:
        return [frame.caller]
    if not frame.spans:
        return _calls_in_file(frame, function)
    depth = frame.depth + 1
    # A comprehension has a frame of its own inside its function.
    while depth < len(frame.spans) and frame.spans[depth].contains(frame.spans[depth - 1]):
        depth += 1
    if depth == len(frame.spans):
        return []
    tree = tree_at(frame.model, frame.spans[depth])
    call = tree.call(frame.spans[depth]) if tree is not None else None
    if tree is None or call is None:
        return None
    return [Frame(frame.model, tree, call, frame.spans, depth)]


def _calls_in_file(frame: Frame, function: Function) -> list[Frame]:
    names = _names(frame.tree, function) - {"__init__"}
    calls = [call for call in frame.tree.nodes(cst.Call) if dotted(call.func) in names]
    return [Frame(frame.model, frame.tree, call, ()) for call in calls]


def _given(caller: Frame, function: Function, name: str) -> Frame | None:
    call = caller.node
    if not isinstance(call, cst.Call):
        return None
    given = argument(call, function, name)
    return caller.at(given) if given is not None else None
