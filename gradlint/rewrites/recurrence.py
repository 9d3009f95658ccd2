"""The statement that makes a plain recurrence."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from gradlint.graph import Op
from gradlint.model import Model
from gradlint.rewrites.arguments import given, unpacks
from gradlint.rewrites.imports import dotted, imports_of
from gradlint.rewrites.place import Tree, tree_at
from gradlint.span import Edit

_PLAIN = ("rnn_tanh", "rnn_relu", "rnn_tanh_cell", "rnn_relu_cell")


@dataclass(frozen=True)
class Site:
    """The statement that makes a plain recurrence: `self.rnn = nn.RNN(8, 16)`."""

    tree: Tree
    call: cst.Call
    name: str  # "self.rnn"
    line: int  # the last of the statement
    cell: bool

    def option(self, keyword: str, position: int) -> str | None:
        """The text of an argument, None where it is left out."""
        value = given(self.call, keyword, position)
        return self.tree.text(value) if value is not None else None

    @property
    def single(self) -> bool:
        """Whether it has one layer in one direction, so that its weights can be named."""
        layers, both = self.option("num_layers", 2), self.option("bidirectional", 7)
        return self.cell or (layers in (None, "1") and both in (None, "False"))

    @property
    def biased(self) -> bool:
        """Whether it has biases."""
        return self.option("bias", 2 if self.cell else 4) in (None, "True")

    @property
    def suffix(self) -> str:
        """What stands behind the names of its weights."""
        return "" if self.cell else "_l0"

    def after(self, lines: list[str]) -> Edit:
        """Lines behind the statement."""
        statement = self.tree.statement(self.call)
        margin = self.tree.margin(statement or self.call)
        return self.tree.at_line_end(self.line, [margin + line for line in lines])


def site_of(model: Model, op: Op) -> Site | None:
    """Where a plain recurrence is made; None where that is not one assignment."""
    if op.name not in _PLAIN or not op.built:
        return None
    tree = tree_at(model, op.built[0])
    call = tree.call(op.built[0]) if tree is not None else None
    if tree is None or call is None or unpacks(call):
        return None
    cell = imports_of(tree).resolve(call.func) == "torch.nn.RNNCell"
    if not cell and imports_of(tree).resolve(call.func) != "torch.nn.RNN":
        return None
    assign = tree.parent(call)
    if not isinstance(assign, cst.Assign) or len(assign.targets) != 1:
        return None
    name = dotted(assign.targets[0].target)
    line = tree.parent(assign)
    if not name or not isinstance(line, cst.SimpleStatementLine) or line.body[-1] is not assign:
        return None
    return Site(tree, call, name, tree.span(assign).end_line, cell)


def initialised(model: Model, op: Op) -> bool:
    """Whether somebody initialises the recurrent weights already."""
    inits = [model.graph.weights[name].init for name in op.weights if "weight_hh" in name]
    return any(init is not None and not init.default for init in inits)
