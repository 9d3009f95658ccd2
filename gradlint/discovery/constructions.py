"""Expressions that build a model, and where they stand."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from gradlint.discovery.expressions import ZOO, unwrapped
from gradlint.discovery.folding import Folding
from gradlint.discovery.outline import Outline, is_torch_layer
from gradlint.discovery.slicing import Slicer

WHOLE = {
    f"torch.nn.{name}"
    for name in "Sequential Transformer TransformerEncoder TransformerDecoder RNN LSTM GRU".split()
}
MODEL_NAMES = {"model", "net", "network"}


@dataclass(frozen=True)
class Construction:
    """One expression that builds a model."""

    call: ast.Call
    expression: ast.expr  # the call with what is chained to it: `Net().apply(init)`
    product: str  # the class or factory that it builds; "" for a model of torch.nn itself
    statement: ast.stmt
    bound_as: str  # the variable that holds it, or ""
    outline: Outline  # of the file that it stands in

    @property
    def key(self) -> str:
        """What tells models apart: the class or factory, or else the variable."""
        return self.product or self.bound_as

    @property
    def function(self) -> ast.expr:
        """What is called; what a dictionary gives is called by its name."""
        picked = isinstance(self.call.func, ast.Subscript) and self.product
        name = ast.Name(self.product, ast.Load())
        return ast.copy_location(name, self.call) if picked else self.call.func

    @property
    def named(self) -> ast.expr:
        """The expression, with what a dictionary gives called by its name."""
        if self.expression is not self.call or self.function is self.call.func:
            return self.expression
        made = ast.Call(self.function, self.call.args, self.call.keywords)
        return ast.copy_location(made, self.call)

    def calls(self, name: str) -> bool:
        """Whether it is this class or function that is called, and not one that makes it."""
        picked = isinstance(self.call.func, ast.Subscript) and self.product == name
        return picked or self.outline.qualified(self.call.func).rpartition(".")[2] == name


class Constructions:
    """The constructions of one file."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline

    @cached_property
    def factories(self) -> dict[str, str]:
        """Functions that return a model, and the class it is of ("" for torch.nn itself)."""
        found: dict[str, str] = {}
        for _ in range(3):  # a factory may return what another factory makes
            for name, function in self.outline.functions.items():
                product = self._returned(function, found)
                if product is not None and name not in found:
                    found[name] = product
        return found

    def _returned(self, function: ast.FunctionDef, known: dict[str, str]) -> str | None:
        bound: dict[str, str] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                product = self._product(node.value, known, node.targets[0].id)
                if product is not None:
                    bound.setdefault(node.targets[0].id, product)
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and node.value is not None:
                value = unwrapped(self.outline, node.value)
                if isinstance(value, ast.Name) and value.id in bound:
                    return bound[value.id]
                product = self._product(value, known)
                if product is not None:
                    return product
        return None

    def _product(self, node: ast.expr, factories: dict[str, str], bound: str = "") -> str | None:
        """The class that an expression builds a model of, "" for torch.nn, None for no model."""
        node = unwrapped(self.outline, node)
        if not isinstance(node, ast.Call):
            return None
        name = self.outline.qualified(node.func) or self._picked(node)
        if name in self.outline.modules:
            return name
        if name in factories:
            return factories[name] or name
        if name in WHOLE or (bound in MODEL_NAMES and is_torch_layer(name)):
            return ""
        return "" if bound and self._trained(name, bound) else None

    def _picked(self, call: ast.Call) -> str:
        """The class of this file that a dictionary of its own gives, or ""."""
        found = self.picked(call) if isinstance(call.func, ast.Subscript) else None
        ours = found is not None and found[0] is self.outline
        return found[1] if found is not None and ours and found[1] in self.outline.modules else ""

    def picked(self, call: ast.Call) -> tuple[Outline, str] | None:
        """What `models[name](...)` calls, where the name is known, and the file that says so."""
        table = self.outline.table(call.func)
        if table is None or not isinstance(call.func, ast.Subscript):
            return None
        key = self._folding.known(call.func.slice, call)
        for known, value in zip(table[1].keys, table[1].values, strict=True):
            if isinstance(known, ast.Constant) and key is not None and known.value == key.value:
                return table[0], table[0].qualified(value)
        return None

    @cached_property
    def _folding(self) -> Folding:
        return Slicer(self.outline).folding

    def _trained(self, name: str, bound: str) -> bool:
        """Whether a library's ready-made network is bound to a name, and its parameters used."""
        ready = (name.startswith(ZOO) and name.count(".") == 2) or name == "timm.create_model"
        return ready and f"{bound}.parameters()" in self.outline.source.text

    @cached_property
    def makers(self) -> set[str]:
        """Functions that the model classes use to build their parts."""
        reached: set[str] = set()
        waiting: list[ast.AST] = list(self.outline.modules.values())
        while waiting:
            for node in ast.walk(waiting.pop()):
                name = node.id if isinstance(node, ast.Name) else ""
                if name in self.outline.functions and name not in reached:
                    reached.add(name)
                    waiting.append(self.outline.functions[name])
        return reached

    @cached_property
    def all(self) -> list[Construction]:
        """The constructions outside model classes and their makers of their parts, in order."""
        found = [self._found(call) for call in self.outline.calls if not self.inside_model(call)]
        kept = [construction for construction in found if construction is not None]
        return sorted(kept, key=lambda c: (c.call.lineno, c.call.col_offset))

    def _found(self, call: ast.Call) -> Construction | None:
        bound = self.bound_as(call)
        product = self._product(call, self.factories, bound)
        if product is None or unwrapped(self.outline, call) is not call:
            return None
        if product == "" and (not bound or self.within_factory(call)):
            return None
        return self.construction(call, product)

    def construction(self, call: ast.Call, product: str) -> Construction:
        """A call as the construction of a product."""
        statement = self.outline.statement(call)
        bound = self.bound_as(call)
        return Construction(call, self._chain(call), product, statement, bound, self.outline)

    def _chain(self, call: ast.Call) -> ast.expr:
        """The longest expression that is this model and nothing else."""
        parents = self.outline.parents
        chain: ast.expr = call
        method, outer = parents[chain], parents[parents[chain]]
        while (
            isinstance(method, ast.Attribute)
            and isinstance(outer, ast.Call)
            and unwrapped(self.outline, outer) is call
        ):
            chain = outer
            method, outer = parents[chain], parents[parents[chain]]
        return chain

    def inside_model(self, node: ast.AST) -> bool:
        """Whether a node stands in a model class, or in a maker of a model's parts."""
        for outer in self.outline.enclosing(node):
            name = getattr(outer, "name", "")
            if self.outline.modules.get(name) is outer:
                return True
            if name in self.makers and self.outline.functions.get(name) is outer:
                return True
        return False

    def within_factory(self, node: ast.AST) -> bool:
        """Whether a node stands inside a factory function."""
        return getattr(self.outline.scope(node), "name", "") in self.factories

    def bound_as(self, call: ast.Call) -> str:
        """The variable that a construction is assigned to, through wrappers."""
        statement = self.outline.statement(call)
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            if isinstance(target, ast.Name) and unwrapped(self.outline, statement.value) is call:
                return target.id
        return ""
