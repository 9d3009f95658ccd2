"""What a script does to a model between construction and training: initialising, freezing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from gradlint.discovery.constructions import Construction
from gradlint.discovery.expressions import free_names, needed_names, portable, root_name
from gradlint.discovery.outline import Outline, calls, is_main_guard
from gradlint.discovery.purity import EFFECTS
from gradlint.discovery.slicing import Slicer

FILLS = set(
    "normal_ uniform_ fill_ zero_ copy_ constant_ xavier_uniform_ xavier_normal_ kaiming_uniform_ "
    "kaiming_normal_ orthogonal_ trunc_normal_ eye_ dirac_ sparse_ ones_ zeros_ requires_grad_ "
    "mul_ div_ add_ clamp_ exponential_ bernoulli_ reset_parameters".split()
)
PRECISE = {"double"}  # the forward may make its states of that type
GROWS = {"add_module", "append", "extend", "insert"}  # of a sequence that is built step by step
TRAINS = EFFECTS | {"optim", "zero_grad", "Adam", "AdamW", "SGD", "RMSprop"}
PREPARES = re.compile(r"init|reset_param|freeze")
TRAINING = re.compile(r"^_?(train|fit|run_training|training)")
LOADS = {"load_state_dict", "load_weights", "load_from_checkpoint", "load_pretrained"}


class Preparation:
    """The statements that follow a construction."""

    def __init__(self, outline: Outline, slicer: Slicer) -> None:
        self.outline = outline
        self.slicer = slicer

    def after(self, construction: Construction) -> tuple[ast.stmt, ...]:
        """What initialises or freezes the model, before training, with what it needs."""
        model = construction.bound_as
        found: list[ast.stmt] = []
        for statement in self._following(construction):
            if self._ends(statement, model):
                break
            if self._prepares(statement, model, construction):
                needed = self._needed(statement, model)
                if needed is not None:
                    found += [*needed, portable(self.outline, statement)]
        return _once(found)

    def loads(self, construction: Construction) -> bool:
        """Whether a checkpoint is loaded into the model, whatever the circumstances allow."""
        model = construction.bound_as
        for statement in self._following(construction) if model else ():
            if self._ends(statement, model):
                break
            for call in calls(statement) if not isinstance(statement, ast.If) else ():
                if self._loads_into(call, model):
                    return True
        return False

    def _loads_into(self, call: ast.Call, model: str) -> bool:
        name = _last(call.func)
        if root_name(call.func) == model:
            synced = any(_last(inner.func) == "state_dict" for inner in calls(call))
            return name in LOADS and not synced  # a target network copies its twin
        passed = any(isinstance(value, ast.Name) and value.id == model for value in call.args)
        return passed and bool(re.match(r"load|restore|resume", name))

    def _following(self, construction: Construction) -> Iterator[ast.stmt]:
        """The statements after the construction at its level and the levels around it."""
        if not construction.bound_as:
            return
        node: ast.AST = construction.statement
        while not isinstance(node, ast.Module | ast.FunctionDef | ast.For | ast.While):
            outer = self.outline.parents[node]
            for field in ("body", "orelse", "finalbody"):
                block = getattr(outer, field, [])
                if isinstance(block, list) and node in block:
                    yield from _straight(block[block.index(node) + 1 :])
            node = outer

    def _ends(self, statement: ast.stmt, model: str) -> bool:
        """Whether training begins here, or the variable holds another model from here on."""
        if isinstance(statement, ast.Assign) and model not in free_names(statement.value):
            names = [t.id for t in statement.targets if isinstance(t, ast.Name)]
            if model in names:
                return True
        return self._trains(statement)

    def _trains(self, statement: ast.stmt) -> bool:
        if isinstance(statement, ast.For | ast.While):
            return any(
                isinstance(node, ast.Attribute) and node.attr == "backward"
                for node in ast.walk(statement)
            )
        if isinstance(statement, ast.Expr | ast.Assign) and isinstance(statement.value, ast.Call):
            return bool(TRAINING.search(_last(statement.value.func)))
        return False

    def _prepares(self, statement: ast.stmt, model: str, construction: Construction) -> bool:
        match statement:
            case ast.Expr(value=ast.Call() as call):
                return self._prepares_by_call(call, model, construction)
            case ast.For():
                about = model in free_names(statement.iter)
                return about and self._initialises(statement)
            case ast.With():
                inner = [self._prepares(s, model, construction) for s in statement.body]
                return bool(inner) and all(inner)
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript() as target]):
                ours = root_name(target) == model
                return ours and self.slicer.purity.expression(statement.value)
        return False

    def _prepares_by_call(self, call: ast.Call, model: str, construction: Construction) -> bool:
        about_model = any(root_name(value) == model for value in call.args)
        if isinstance(call.func, ast.Name):
            function = self._function(call.func)
            return about_model and function is not None and self._initialises(function)
        if self.outline.qualified(call.func).startswith("torch.nn.init."):
            return about_model
        if root_name(call.func) != model or not isinstance(call.func, ast.Attribute):
            return False
        if call.func.attr == "apply" and call.args:
            return self._initialiser(call.args[0])
        if call.func.attr in GROWS | PRECISE:
            return all(self.slicer.purity.expression(value) for value in call.args)
        method = self._method(construction, call.func.attr)
        if method is not None and isinstance(call.func.value, ast.Name):
            return bool(PREPARES.search(call.func.attr)) and self._initialises(method)
        return call.func.attr in FILLS

    def _initialiser(self, node: ast.expr) -> bool:
        """Whether what is given to `apply` initialises or freezes."""
        if isinstance(node, ast.Lambda):
            return self._initialises(node)
        function = self._function(node)
        if function is None and isinstance(node, ast.Name):
            local = self.slicer.function(node.id, node)
            return local is not None and self._initialises(local)
        if function is None and isinstance(node, ast.Call):
            return any(self._initialiser(value) for value in node.args)
        return function is not None and self._initialises(function)

    def _function(self, node: ast.expr) -> ast.FunctionDef | None:
        """The function that an expression names, of this file or of another."""
        function = self.outline.functions.get(root_name(node))
        if function is None and (found := self.outline.imported(self.outline.qualified(node))):
            function = found.node if isinstance(found.node, ast.FunctionDef) else None
        return function

    def _method(self, construction: Construction, name: str) -> ast.FunctionDef | None:
        """A method of the class that is built, of this file or of another."""
        outline, owner = self.outline, self.outline.modules.get(construction.product)
        if found := outline.imported(outline.qualified(construction.call.func)):
            outline = found.outline
            owner = outline.modules.get(found.node.name)
        return outline.method(owner, name) if owner is not None else None

    def _initialises(self, node: ast.AST, seen: frozenset[str] = frozenset()) -> bool:
        """Whether code fills or freezes parameters and does nothing that belongs to training."""
        names = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
        names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        if names & TRAINS:
            return False
        called = (names & set(self.outline.functions)) - seen
        return bool(names & FILLS or "requires_grad" in names or _sets_data(node)) or any(
            self._initialises(self.outline.functions[name], seen | called) for name in called
        )

    def _needed(self, statement: ast.stmt, model: str) -> tuple[ast.stmt, ...] | None:
        found: list[ast.stmt] = []
        known = frozenset({model})
        for name in needed_names(statement):
            place = ast.copy_location(ast.Name(name, ast.Load()), statement)
            needed = self.slicer.slice(place, statement, known)
            if needed is None:
                return None
            found += needed
        return tuple(found)


def _sets_data(node: ast.AST) -> bool:
    """Whether code assigns to `.data` of a parameter, or to a weight itself."""
    targets = (t for n in ast.walk(node) if isinstance(n, ast.Assign) for t in n.targets)
    return any(
        isinstance(target, ast.Attribute) and target.attr in ("data", "weight", "bias")
        for target in targets
    )


def _straight(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a block, those of `with`, `try` and `__main__` blocks in their place."""
    for statement in body:
        if is_main_guard(statement) or isinstance(statement, ast.Try):
            yield from _straight(statement.body)  # type: ignore[attr-defined]
        else:
            yield statement


def _last(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else root_name(function)


def _once(statements: list[ast.stmt]) -> tuple[ast.stmt, ...]:
    """Each statement of the file once, at its first place."""
    unique: dict[tuple[int, int, str], ast.stmt] = {}
    for statement in statements:
        unique.setdefault((statement.lineno, statement.col_offset, ast.dump(statement)), statement)
    return tuple(unique.values())
