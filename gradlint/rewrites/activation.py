"""Another activation in place of the one that is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import libcst as cst

from gradlint.graph import Op
from gradlint.kinds import Kind
from gradlint.model import Model
from gradlint.rewrites.arguments import string
from gradlint.rewrites.choices import chooser, entries, key_of, renamed_key
from gradlint.rewrites.frames import Frame
from gradlint.rewrites.imports import dotted, imports_of
from gradlint.rewrites.place import Tree, rewrite, tree_at, tree_of
from gradlint.rewrites.values import Found, follow
from gradlint.rule import Checkpoint, Rewrite, Rung
from gradlint.span import Edit, Span

CLASSES = {"relu": "ReLU", "gelu": "GELU", "elu": "ELU", "leaky_relu": "LeakyReLU", "silu": "SiLU"}
FUNCTIONAL = "torch.nn.functional"
_KINDS = (Kind.SATURATING, Kind.RECTIFIER, Kind.GATE, Kind.HEAD)


@dataclass(frozen=True)
class Change:
    """The edits for one operation, and the place that they belong to."""

    place: Span
    edits: tuple[Edit, ...]


def replace(model: Model, ops: Sequence[Op], to: str = "relu") -> Rewrite | None:
    """The activations `ops` written as `to`: "relu", "gelu", "elu", "leaky_relu" or "silu".

    A place that other operations share is left alone; their calls are edited instead.
    """
    wanted = {op.index for op in ops}
    names = {op.name for op in ops}
    changes = {
        op.index: _change(model, op, to)
        for op in model.graph.ops
        if op.index in wanted or (op.name in names and op.kind in _KINDS)
    }
    edits: set[Edit] = set()
    for op in ops:
        change = changes[op.index]
        if change is None or not _users(changes, change.place) <= wanted:
            change = _call_change(model, op, to, wanted)
        if change is None:
            return None
        edits.update(change.edits)
    for path in {edit.span.path for edit in edits}:
        edits = imports_of(tree_of(model.sources[path])).exchange(edits)
    title = f"Replace {' and '.join(sorted(names))} with {CLASSES[to]}"
    return rewrite(title, Rung.ACTIVATION, Checkpoint.KEEPS, edits)


def _users(changes: dict[int, Change | None], place: Span) -> set[int]:
    return {index for index, each in changes.items() if each is not None and each.place == place}


def _change(model: Model, op: Op, to: str) -> Change | None:
    """The change where the activation is chosen."""
    if not op.called and not op.built:
        return None
    spans = op.built or op.called
    tree = tree_at(model, spans[0])
    call = tree.call(spans[0]) if tree is not None else None
    if tree is None or call is None:
        return None
    frame = Frame(model, tree, call.func, spans)
    if not op.built and _is_method(call, op):
        return _method_change(tree, call, to)
    found = follow(frame)
    if found is None:
        return None
    if found.node is call.func:
        return _direct_change(frame, call, op, to)
    return _found_change(found, op, to)


def _is_method(call: cst.Call, op: Op) -> bool:
    """Whether a call is `x.tanh()`."""
    func = call.func
    return isinstance(func, cst.Attribute) and not call.args and _same(func.attr.value, op)


def _same(name: str, op: Op) -> bool:
    plain = name.rstrip("_").replace("_", "").lower()
    return plain == op.name.replace("_", "") or name == op.module_type or name == "expit"


def _direct_change(frame: Frame, call: cst.Call, op: Op, to: str) -> Change | None:
    """`nn.Sigmoid()` or `torch.sigmoid(x)`, written out."""
    chosen = chooser(frame, set(_targets(to)))
    if chosen is not None:
        found, key = chosen
        return Change(found.tree.span(found.node), (renamed_key(found, key),))
    edits = _renamed(frame.tree, call.func, op, to)
    if not edits:
        return None
    kept = 0 if op.built else 1
    return Change(frame.tree.span(call), (*edits, *_shortened(frame.tree, call, kept)))


def _shortened(tree: Tree, call: cst.Call, kept: int) -> Iterable[Edit]:
    """Drop the arguments behind the first `kept`: the other activation has none of them."""
    if len(call.args) <= kept:
        return
    stop = tree.span(call)
    first = tree.span(call.args[kept - 1]).end if kept else tree.span(call.args[0]).start
    end = Span(stop.path, first.line, first.column, stop.end_line, stop.end_column - 1)
    yield Edit(end, "")


def _targets(to: str) -> tuple[str, ...]:
    names = (f"torch.nn.{CLASSES[to]}", f"{FUNCTIONAL}.{to}")
    return (*names, f"torch.{to}") if to == "relu" else names


def _renamed(tree: Tree, node: cst.BaseExpression, op: Op, to: str) -> tuple[Edit, ...]:
    """A name of torch written as the name of the other activation, imported if need be."""
    old = imports_of(tree).resolve(node)
    module, _, name = old.rpartition(".")
    if not _same(name, op):
        return ()
    if name[:1].isupper():
        new = f"torch.nn.{CLASSES[to]}"
    else:
        new = f"torch.{to}" if module == "torch" and to == "relu" else f"{FUNCTIONAL}.{to}"
        new += "_" if name.endswith("_") and to == "relu" else ""
    if isinstance(node, cst.Attribute) and new.rpartition(".")[0] == module:
        return (Edit(tree.span(node.attr), new.rpartition(".")[2]),)
    spelled, imported = imports_of(tree).ensure(new)
    return (Edit(tree.span(node), spelled), *imported)


def _method_change(tree: Tree, call: cst.Call, to: str) -> Change:
    """`x.tanh()` as `x.relu()`, or as `F.gelu(x)` where tensors have no such method."""
    func = call.func
    assert isinstance(func, cst.Attribute)
    place = tree.span(call)
    if to == "relu":
        name = "relu_" if func.attr.value.endswith("_") else "relu"
        return Change(place, (Edit(tree.span(func.attr), name),))
    spelled, imported = imports_of(tree).ensure(f"{FUNCTIONAL}.{to}")
    value = tree.outer_span(func.value)
    rest = Span(place.path, value.end_line, value.end_column, place.end_line, place.end_column)
    return Change(place, (Edit(value.start, f"{spelled}("), Edit(rest, ")"), *imported))


def _found_change(found: Found, op: Op, to: str) -> Change | None:
    """A class, a function or a key that was handed to where the activation is made."""
    place = found.tree.span(found.node)
    if found.choices is not None:
        return _choice_change(found, op, to)
    if found.module:
        name = CLASSES[to] if found.module == "torch.nn" else to
        if not _same(found.full, op) or f"{found.module}.{name}" not in _targets(to):
            return None
        return Change(place, (renamed_key(found, name),))
    if string(found.node) is not None:
        return None
    edits = _renamed(found.tree, found.node, op, to)
    return Change(place, edits) if edits else None


def _choice_change(found: Found, op: Op, to: str) -> Change | None:
    """Another key of the dictionary, or another value where it has no such key."""
    choices = found.choices
    assert choices is not None
    key = key_of(choices, set(_targets(to)))
    if key is not None:
        return Change(found.tree.span(found.node), (renamed_key(found, key),))
    value = dict(entries(choices)).get(found.full)
    edits = _renamed(choices.tree, value, op, to) if value is not None else ()
    return Change(choices.tree.span(value), edits) if value is not None and edits else None


def _call_change(model: Model, op: Op, to: str, wanted: set[int]) -> Change | None:
    """`self.act(x)` as `torch.relu(x)`, where what made `self.act` serves others too."""
    if not op.called or not op.module:
        return None
    users = {each.index for each in model.graph.ops if each.called[:1] == op.called[:1]}
    tree = tree_at(model, op.called[0])
    call = tree.call(op.called[0]) if tree is not None else None
    if tree is None or call is None or not users <= wanted:
        return None
    if dotted(call.func) != f"self.{op.module.rpartition('.')[2]}" or len(call.args) != 1:
        return None
    full = next(
        (each for each in _functions(to) if imports_of(tree).spell(each)), _functions(to)[-1]
    )
    spelled, imported = imports_of(tree).ensure(full)
    return Change(op.called[0], (Edit(tree.span(call.func), spelled), *imported))


def _functions(to: str) -> tuple[str, ...]:
    """The functions of torch that do the same, the shortest first."""
    return tuple(full for full in reversed(_targets(to)) if full.rpartition(".")[2] == to)
