"""A normalisation between each layer and its activation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from gradlint.graph import Op
from gradlint.kinds import Kind
from gradlint.model import Model
from gradlint.rewrites.arguments import given, string, unpacks
from gradlint.rewrites.imports import dotted, imports_of
from gradlint.rewrites.place import Tree, rewrite, tree_at
from gradlint.rewrites.series import entry, series, sharers
from gradlint.rule import Checkpoint, Rewrite, Rung
from gradlint.span import Edit

_WIDTH = {"Linear": "out_features"}
_PURE = ("int", "len", "max", "min", "round")


@dataclass(frozen=True)
class Layer:
    """A layer where it is made, and the normalisation that suits it: `nn.BatchNorm1d(64)`."""

    model: Model
    tree: Tree
    call: cst.Call
    norm: str
    ops: tuple[Op, ...]  # all that this expression makes


@dataclass(frozen=True)
class Inserted:
    """The edits for one layer, and what they do to checkpoints."""

    checkpoint: Checkpoint
    edits: list[Edit]


def normalise(model: Model, ops: Sequence[Op]) -> Rewrite | None:
    """A batch normalisation (a layer normalisation for sequences) behind each of `ops`."""
    edits: set[Edit] = set()
    checkpoints = {Checkpoint.ADDS}
    kinds: set[str] = set()
    for op in _lacking(model, ops):
        norm = _norm(op)
        found = _layer(model, op, norm) if norm else None
        made = _inserted(*found) if found is not None else None
        if made is None:
            return None
        edits.update(made.edits)
        checkpoints.add(made.checkpoint)
        kinds.add(norm)
    checkpoint = Checkpoint.CHANGES if Checkpoint.CHANGES in checkpoints else Checkpoint.ADDS
    title = f"Add {' and '.join(sorted(kinds))} behind each layer"
    return rewrite(title, Rung.NORMALISATION, checkpoint, edits)


def _lacking(model: Model, ops: Sequence[Op]) -> list[Op]:
    """The layers whose result is not normalised yet."""
    normalised = {i for op in model.graph.ops if op.kind is Kind.NORM for i in op.inputs}
    return [op for op in ops if op.index not in normalised]


def _norm(op: Op) -> str:
    """The normalisation for the result of a layer; "" where none is known."""
    if op.module_type == "Linear":
        return "LayerNorm" if len(op.shape) > 2 else "BatchNorm1d"
    return f"BatchNorm{op.module_type[-2:]}" if op.module_type.startswith("Conv") else ""


def _layer(model: Model, op: Op, norm: str) -> tuple[Layer, tuple[Edit, ...]] | None:
    """The layer in its source, and the import that its normalisation needs."""
    tree = tree_at(model, op.built[0]) if op.built else None
    call = tree.call(op.built[0]) if tree is not None else None
    if tree is None or call is None or unpacks(call):
        return None
    if imports_of(tree).resolve(call.func) != f"torch.nn.{op.module_type}":
        return None
    others = sharers(model, op)
    if any(_norm(each) != norm or each.index in model.graph.outputs for each in others):
        return None
    width = given(call, _WIDTH.get(op.module_type, "out_channels"), 1)
    if width is None or not _is_pure(tree, width):
        return None
    spelled, imported = imports_of(tree).ensure(f"torch.nn.{norm}")
    return Layer(model, tree, call, f"{spelled}({tree.text(width)})", tuple(others)), imported


def _is_pure(tree: Tree, node: cst.BaseExpression) -> bool:
    """Whether an expression may be written twice."""
    calls = [*tree.nodes(cst.Call, node), *([node] if isinstance(node, cst.Call) else [])]
    return all(dotted(each.func) in _PURE for each in calls)


def _inserted(layer: Layer, imported: tuple[Edit, ...]) -> Inserted | None:
    made = _in_attribute(layer) or _in_pairs(layer) or _in_series(layer) or _together(layer)
    return Inserted(made.checkpoint, [*made.edits, *imported]) if made is not None else None


def _in_attribute(layer: Layer) -> Inserted | None:
    """`self.fc1_norm = ...` behind `self.fc1 = ...`, and around each call of it."""
    tree = layer.tree
    assign = tree.parent(layer.call)
    line = tree.parent(assign) if isinstance(assign, cst.Assign) else None
    if not isinstance(assign, cst.Assign) or not isinstance(line, cst.SimpleStatementLine):
        return None
    name = dotted(assign.targets[0].target)
    if name.count(".") != 1 or len(assign.targets) != 1 or line.body[-1] is not assign:
        return None
    new = f"{name}_norm"
    if not name.startswith("self.") or new.removeprefix("self.") in tree.names:
        return None
    text = f"{tree.margin(assign)}{new} = {layer.norm}"
    edits = [tree.at_line_end(tree.span(assign).end_line, [text])]
    for place in {op.called[0] for op in layer.ops if op.called}:
        call = tree.call(place) if place.path == tree.source.path else None
        if call is None or dotted(call.func) != name:
            return None
        around = tree.outer_span(call)
        edits += [Edit(around.start, f"{new}("), Edit(around.end, ")")]
    return Inserted(Checkpoint.ADDS, edits) if len(edits) > 1 else None


def _in_pairs(layer: Layer) -> Inserted | None:
    """`("fc1_norm", ...)` behind `("fc1", ...)`."""
    found = entry(layer.tree, layer.call)
    if found is None:
        return None
    pair = found.value
    assert isinstance(pair, cst.Tuple | cst.List)
    key = pair.elements[0].value
    opening, closing = "()" if isinstance(pair, cst.Tuple) else "[]"
    quote = layer.tree.text(key)[-1]
    text = f"{opening}{quote}{string(key)}_norm{quote}, {layer.norm}{closing}"
    return Inserted(Checkpoint.ADDS, [_behind(layer.tree, pair, text)])


def _in_series(layer: Layer) -> Inserted | None:
    """Another element, or another `layers.append(...)`."""
    tree = layer.tree
    found = series(layer.model, tree, layer.call)
    if found is None or not found.runs_in_order:
        return None
    if not found.appended:
        return Inserted(Checkpoint.CHANGES, [_behind(tree, layer.call, layer.norm)])
    statement = tree.statement(layer.call) or layer.call
    text = f"{tree.margin(statement)}{found.appended}({layer.norm})"
    edit = tree.at_line_end(tree.span(statement).end_line, [text])
    return Inserted(Checkpoint.CHANGES, [edit])


def _together(layer: Layer) -> Inserted | None:
    """`nn.Sequential(layer, norm)` in place of the layer, where nobody asks it for its weight."""
    assign = layer.tree.parent(layer.call)
    name = dotted(assign.targets[0].target) if isinstance(assign, cst.Assign) else ""
    if name and any(dotted(each.value) == name for each in layer.tree.nodes(cst.Attribute)):
        return None
    spelled, imported = imports_of(layer.tree).ensure("torch.nn.Sequential")
    place = layer.tree.outer_span(layer.call)
    edits = [Edit(place.start, f"{spelled}("), Edit(place.end, f", {layer.norm})"), *imported]
    return Inserted(Checkpoint.CHANGES, edits)


def _behind(tree: Tree, node: cst.BaseExpression, text: str) -> Edit:
    """Another element behind one, on a line of its own where that one has its own."""
    place = tree.outer_span(node)
    rest = tree.source.line(place.end_line)[place.end_column - 1 :].strip()
    margin = tree.source.line(place.line)[: place.column - 1]
    if margin.strip() or rest.strip(",").strip()[:1] not in ("", "#"):
        return Edit(place.end, f", {text}")
    if rest.startswith(",") and "#" in rest:
        return tree.at_line_end(place.end_line, [f"{margin}{text},"])
    return Edit(place.end, f",{tree.newline}{margin}{text}")
