"""The inputs that a file shows: tensors that it gives to a model."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradlint.discovery.constructions import Construction
from gradlint.discovery.expressions import free_names, portable, root_name, unwrapped
from gradlint.discovery.outline import Outline
from gradlint.discovery.slicing import Slicer
from gradlint.target import Example

CREATES = {
    f"torch.{name}"
    for name in "randn rand zeros ones randint empty full tensor arange linspace normal stack cat "
    "Tensor LongTensor FloatTensor randn_like zeros_like ones_like rand_like from_numpy".split()
} | {"torch.autograd.Variable"}
SHAPED = {f"torch.{name}" for name in "randn rand zeros ones randint empty".split()}
MOST = 8
BATCH = 8


class Shapes:
    """The inputs that one file shows."""

    def __init__(self, outline: Outline, slicer: Slicer) -> None:
        self.outline = outline
        self.slicer = slicer

    def examples(self, constructions: list[Construction]) -> tuple[Example, ...]:
        """Inputs of a model that is built at these places, then other tensors of the file."""
        found: list[Example] = []
        for call, values in self._flows(constructions):
            expression = _together(values, call)
            found += self._example(expression, call, f"the call in {self._line(call)}")
        found += self._summaries(constructions)
        for call in self.outline.calls:
            if self.outline.qualified(call.func) in SHAPED and self._wide(call):
                found += self._example(call, call, f"the tensor in {self._line(call)}", False)
        unique: dict[str, Example] = {}
        for example in found:
            key = ast.unparse(example.expression) + str([ast.unparse(s) for s in example.setup])
            unique.setdefault(key, example)
        return tuple(unique.values())[:MOST]

    def _line(self, call: ast.Call) -> str:
        return self.outline.source.where(call.lineno)

    def _example(
        self, value: ast.expr, at: ast.AST, source: str, flows: bool = True
    ) -> list[Example]:
        if self._in_model(at):
            return []
        bound = self.slicer.value(value.id, at) if isinstance(value, ast.Name) else None
        batched = self._batched(bound or value) if flows else None
        for candidate in (value, batched):
            if candidate is not None:
                still = portable(self.outline, candidate)
                setup = self.slicer.slice(still, bound if candidate is not value and bound else at)
                if setup is not None:
                    return [Example(still, setup, source)]
        return []

    def _batched(self, value: ast.expr) -> ast.expr | None:
        """The same tensor with a batch of eight: `torch.randn(images.size(0), 100)`."""
        value = portable(self.outline, value)
        if not isinstance(value, ast.Call) or self.outline.qualified(value.func) not in SHAPED:
            return None
        sizes = value.args
        nested = next((a for a in value.args if isinstance(a, ast.Tuple | ast.List)), None)
        if nested is not None:
            sizes = nested.elts
        if len(sizes) < 2:
            return None
        sizes[0] = ast.copy_location(ast.Constant(BATCH), sizes[0])
        return value

    def _flows(
        self, constructions: list[Construction]
    ) -> Iterator[tuple[ast.Call, list[ast.expr]]]:
        """The calls that a tensor and one of the models meet in, and the tensors."""
        built = {c.call for c in constructions} | {c.expression for c in constructions}
        for call in self.outline.calls:
            if call.func in built or self._holds(call.func, call, constructions):
                values = call.args or [keyword.value for keyword in call.keywords if keyword.arg]
            elif call.args and self._holds(call.args[0], call, constructions):
                values = call.args[1:2]
            else:
                values = []
            if values and all(self._tensor(value, call) for value in values):
                yield call, values

    def _summaries(self, constructions: list[Construction]) -> Iterator[Example]:
        """Shapes that a summary of the model is asked for: `summary(model, (3, 32, 32))`."""
        names = {c.bound_as for c in constructions if c.bound_as}
        for call in self.outline.calls:
            name = self.outline.qualified(call.func)
            about = bool(call.args) and root_name(call.args[0]) in names
            if not about or not name.endswith(".summary"):
                continue
            given = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "input_size")]
            for shape in given:
                setup = self.slicer.slice(shape, call)
                if setup is not None and isinstance(shape, ast.Tuple):
                    made = _tensor_of(shape, call, whole=name.startswith("torchinfo"))
                    yield Example(made, setup, f"the summary in {self._line(call)}")

    def _holds(self, node: ast.expr, at: ast.AST, constructions: list[Construction]) -> bool:
        """Whether an expression is a variable that holds a model built at one of the places."""
        if not isinstance(node, ast.Name):
            return False
        scopes = (self.outline.scope(at), self.outline.tree)
        sites = [c for c in constructions if c.bound_as == node.id]
        sites = [c for c in sites if self.outline.scope(c.call) in scopes]
        bound = self.slicer.value(node.id, at) if sites else None
        if not sites or bound is None:
            return bool(sites)
        last = unwrapped(self.outline, bound)  # `model = DDP(model)` is still this model
        return node.id in free_names(last) or any(site.call is last for site in sites)

    def _tensor(self, value: ast.expr, at: ast.AST, depth: int = 0) -> bool:
        """Whether an expression is a tensor that the file makes itself."""
        if isinstance(value, ast.Name) and depth < 5:
            bound = self.slicer.value(value.id, at)
            return bound is not None and self._tensor(bound, self._place(bound, at), depth + 1)
        if isinstance(value, ast.Tuple | ast.List) and value.elts:
            return self._tensor(value.elts[0], at, depth)
        if isinstance(value, ast.BinOp):
            return self._tensor(value.left, at, depth) or self._tensor(value.right, at, depth)
        if isinstance(value, ast.Subscript):
            return self._tensor(value.value, at, depth)
        if isinstance(value, ast.Call):
            if self.outline.qualified(value.func) in CREATES:
                return True
            return isinstance(value.func, ast.Attribute) and self._tensor(
                value.func.value, at, depth
            )
        return False

    def _place(self, bound: ast.expr, at: ast.AST) -> ast.AST:
        return bound if bound in self.outline.parents else at

    def _wide(self, call: ast.Call) -> bool:
        """Whether a tensor has two axes or more, as far as the call shows."""
        name = self.outline.qualified(call.func).split(".")[-1]
        values = [value for value in call.args if not isinstance(value, ast.Starred)]
        if name == "randint":
            shapes = [v for v in values if isinstance(v, ast.Tuple | ast.List)]
            shapes += [k.value for k in call.keywords if k.arg == "size"]  # type: ignore[misc]
            return any(len(shape.elts) >= 2 for shape in shapes if hasattr(shape, "elts"))
        if len(values) == 1 and isinstance(values[0], ast.Tuple | ast.List):
            return len(values[0].elts) >= 2
        return len(values) >= 2

    def _in_model(self, node: ast.AST) -> bool:
        return any(isinstance(outer, ast.ClassDef) for outer in self.outline.enclosing(node))


def _together(values: list[ast.expr], call: ast.Call) -> ast.expr:
    """One expression for all arguments: a tuple, or a dict where they have names."""
    if values[0] not in call.args and not (call.args and len(values) == 1):
        names: list[ast.expr | None] = [ast.Constant(k.arg) for k in call.keywords if k.arg]
        return _settled(ast.Dict(names, values), call)
    return values[0] if len(values) == 1 else _settled(ast.Tuple(values, ast.Load()), call)


def _tensor_of(shape: ast.Tuple, place: ast.Call, whole: bool) -> ast.expr:
    """A tensor of a shape; unless it is whole, a batch goes before it."""
    torch = ast.Call(ast.Name("__import__", ast.Load()), [ast.Constant("torch")], [])
    sizes = shape.elts if whole else [ast.Constant(BATCH), *shape.elts]
    made = ast.Call(ast.Attribute(torch, "rand", ast.Load()), list(sizes), [])
    return _settled(made, place)


def _settled(made: ast.expr, place: ast.Call) -> ast.expr:
    """What was made, with the place of the call where it has none."""
    for node in ast.walk(made):
        if isinstance(node, ast.expr) and not hasattr(node, "lineno"):
            ast.copy_location(node, place)
    return made
