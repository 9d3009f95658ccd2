"""Layers that are written one behind the other: in a call, in a list, or appended to one."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from gradlint.graph import Op
from gradlint.kinds import ACTIVATIONS, LAYERS, Kind
from gradlint.model import Model
from gradlint.rewrites.arguments import string
from gradlint.rewrites.imports import dotted, imports_of
from gradlint.rewrites.place import Tree

_SOFT = ACTIVATIONS | {Kind.NORM, Kind.DROPOUT}
_SOFT_TYPES = ("Dropout", "Identity", "BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm")


@dataclass(frozen=True)
class Series:
    """Modules in the order in which they run, and the one at `index`."""

    model: Model
    tree: Tree
    nodes: tuple[cst.BaseExpression, ...]
    index: int
    around: cst.CSTNode  # the call, the list, the tuple, or the block of statements
    appended: str = ""  # "layers.append", where each stands in a statement of its own

    @property
    def group(self) -> tuple[cst.BaseExpression, ...]:
        """The layer, with the activation, normalisation and dropout behind it."""
        stop = self.index + 1
        while stop < len(self.nodes) and self._is_soft(self.nodes[stop]):
            stop += 1
        return self.nodes[self.index : stop]

    @property
    def runs_in_order(self) -> bool:
        """Whether these are called one after the other, and by nothing else in between."""
        if self.appended or isinstance(self.around, cst.Call):
            return True
        return any(self._is_soft(node) for node in self.nodes)

    def _is_soft(self, node: cst.BaseExpression) -> bool:
        place = self.tree.span(node)
        kinds = {op.kind for op in self.model.graph.ops if op.built[:1] == (place,)}
        if kinds or not isinstance(node, cst.Call):
            return bool(kinds) and kinds <= _SOFT
        name = imports_of(self.tree).resolve(node.func).removeprefix("torch.nn.")
        return name.startswith(_SOFT_TYPES)


def series(model: Model, tree: Tree, call: cst.Call) -> Series | None:
    """The series that a layer is part of."""
    holder = tree.parent(call)
    around = tree.parent(holder) if holder is not None else None
    if isinstance(holder, cst.Arg) and isinstance(around, cst.Call):
        if is_sequential(tree, around):
            nodes = tuple(each.value for each in around.args)
            return Series(model, tree, nodes, nodes.index(call), around)
        return _appended(model, tree, around)
    if isinstance(holder, cst.Element) and isinstance(around, cst.List | cst.Tuple):
        nodes = tuple(each.value for each in around.elements)
        return Series(model, tree, nodes, nodes.index(call), around)
    return None


def is_sequential(tree: Tree, call: cst.Call) -> bool:
    """Whether a call makes an `nn.Sequential`, or is `super().__init__(...)` of a subclass."""
    if imports_of(tree).resolve(call.func) == "torch.nn.Sequential":
        return True
    owner = tree.owner(call)
    if owner is None or tree.text(call.func) != "super().__init__":
        return False
    bases = [imports_of(tree).resolve(base.value) for base in owner.bases]
    return "torch.nn.Sequential" in bases


def _appended(model: Model, tree: Tree, call: cst.Call) -> Series | None:
    """The appends of one block of statements, to a list that becomes an `nn.Sequential`."""
    name = dotted(call.func)
    line = tree.around(call, cst.SimpleStatementLine)
    block = tree.parent(line) if line is not None else None
    if not name.endswith(".append") or not isinstance(block, cst.IndentedBlock | cst.Module):
        return None
    if not _becomes_sequential(tree, call, name.removesuffix(".append")):
        return None
    body, start = block.body, list(block.body).index(line)  # type: ignore[arg-type]
    nodes = [append_value(each, name) for each in body[start:]]
    count = next((index for index, node in enumerate(nodes) if node is None), len(nodes))
    found = tuple(node for node in nodes[:count] if node is not None)
    return Series(model, tree, found, 0, block, name) if found else None


def append_value(line: cst.CSTNode, name: str) -> cst.BaseExpression | None:
    """What a statement `layers.append(value)` appends."""
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    statement = line.body[0]
    call = statement.value if isinstance(statement, cst.Expr) else None
    if not isinstance(call, cst.Call) or dotted(call.func) != name or len(call.args) != 1:
        return None
    return call.args[0].value


def _becomes_sequential(tree: Tree, call: cst.Call, name: str) -> bool:
    """Whether `nn.Sequential(*layers)` stands in the same function."""
    return any(
        each.star == "*" and dotted(each.value) == name and is_sequential(tree, around)
        for around in tree.nodes(cst.Call)
        if tree.function(around) is tree.function(call)
        for each in around.args
    )


def sharers(model: Model, op: Op) -> list[Op]:
    """All operations that were built by the same expression."""
    return [each for each in model.graph.ops if each.built[:1] == op.built[:1]]


def keeps_shape(op: Op) -> bool:
    """Whether a result has the known shape of its input."""
    return bool(op.shape) and op.shape == op.input_shape


def is_layer(op: Op) -> bool:
    """Whether an operation is a linear layer or a convolution."""
    return op.kind in LAYERS


def entry(tree: Tree, call: cst.Call) -> cst.Element | None:
    """The pair `("fc1", nn.Linear(2, 2))` that names a layer of an `OrderedDict`."""
    holder = tree.parent(call)
    pair = tree.parent(holder) if holder is not None else None
    outer = tree.parent(pair) if pair is not None else None
    if not isinstance(pair, cst.Tuple | cst.List) or not isinstance(outer, cst.Element):
        return None
    named = len(pair.elements) == 2 and string(pair.elements[0].value) is not None
    return outer if named and pair.elements[1] is holder else None
