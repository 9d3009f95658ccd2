"""The inputs that a file shows: tensors that it gives to a model."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from functools import cached_property

from gradlint.discovery.constructions import Construction
from gradlint.discovery.expressions import (
    free_names,
    portable,
    root_name,
    settled,
    stored_names,
    unwrapped,
)
from gradlint.discovery.images import Images, ImageSource
from gradlint.discovery.loops import Loops
from gradlint.discovery.outline import Outline
from gradlint.discovery.slicing import Slicer
from gradlint.target import Example

CREATES = {
    f"torch.{name}"
    for name in "randn rand zeros ones randint empty full tensor arange linspace normal stack cat "
    "Tensor LongTensor FloatTensor randn_like zeros_like ones_like rand_like from_numpy".split()
} | {"torch.autograd.Variable"}
SHAPED = {f"torch.{name}" for name in "randn rand zeros ones randint empty".split()}
PLAIN = {"torch", "numpy", "math", "random", "itertools", "functools"}
MOST = 12
BATCH = 8

Setup = tuple[ast.stmt, ...]


class Shapes:
    """The inputs that one file shows; `name` is the file's, where it is not the model's own."""

    def __init__(self, outline: Outline, slicer: Slicer, name: str = "") -> None:
        self.outline = outline
        self.slicer = slicer
        self.name = name
        self.loops = Loops(outline, slicer)

    @cached_property
    def images(self) -> list[Images]:
        """The images that the file's data show."""
        return ImageSource(self.outline, self.slicer).all()

    def _where(self, line: int) -> str:
        return f"in {self.name}:{line}" if self.name else f"in {self.outline.source.where(line)}"

    def given(
        self, constructions: list[Construction], data: list[tuple[Shapes, Images]]
    ) -> list[Example]:
        """What a model that is built at these places is called with; loops give it the data."""
        found: list[Example] = []
        for call, values in self._flows(constructions):
            found += self._example(_together(values, call), call, "the call")
        for call in self.loops.calls(constructions):
            for owner, images in data:
                found += self._looped(call, owner, images)
        return [*found, *self._summaries(constructions)]

    def _looped(self, call: ast.Call, owner: Shapes, images: Images) -> Iterator[Example]:
        shown = owner.image(images)
        for value, setup in self.loops.fed(call, images, shown.expression) if shown else ():
            made = self._complete(value, setup)
            if shown is not None and made is not None:
                yield Example(value, (*shown.setup, *made), f"the call {self._where(call.lineno)}")

    def image(self, images: Images) -> Example | None:
        """A batch of the data itself."""
        shape = settled(ast.Tuple(list(images.sizes), ast.Load()), images.place)
        setup = self.slicer.slice(shape, images.place)
        made = _tensor_of(shape, images.place, False, "randn")
        setup = self._complete(made, setup) if setup is not None else None
        if setup is None:
            return None
        return Example(made, setup, f"{images.what} {self._where(images.line)}")

    def tensors(self) -> list[Example]:
        """The tensors that the file makes, whatever for."""
        shaped = (c for c in self.outline.calls if self.outline.qualified(c.func) in SHAPED)
        wide = (call for call in shaped if self._wide(call))
        return [e for call in wide for e in self._example(call, call, "the tensor", False)]

    def _complete(self, value: ast.expr, setup: Setup) -> Setup | None:
        """The setup with the imports that it needs, where it comes from another file."""
        if not self.name:
            return setup
        bound = {name for statement in setup for name in stored_names(statement)}
        needed = [name for part in (*setup, value) for name in free_names(part)]
        imports: list[ast.stmt] = []
        for name in dict.fromkeys(needed):
            if name in bound or hasattr(builtins, name):
                continue
            package, _, attribute = self.outline.aliases.get(name, "").rpartition(".")
            if (package or attribute).split(".")[0] not in PLAIN:
                return None
            imports.append(_import(package, attribute, name))
        return (*imports, *setup)

    def _example(
        self, value: ast.expr, at: ast.AST, what: str, flows: bool = True
    ) -> list[Example]:
        if self._in_model(at):
            return []
        bound = self.slicer.value(value.id, at) if isinstance(value, ast.Name) else None
        batched = self._batched(bound or value) if flows else None
        for candidate in (value, batched):
            if candidate is not None:
                still = portable(self.outline, candidate)
                setup = self.slicer.slice(still, bound if candidate is not value and bound else at)
                setup = self._complete(still, setup) if setup is not None else None
                if setup is not None:
                    return [
                        Example(still, setup, f"{what} {self._where(getattr(at, 'lineno', 0))}")
                    ]
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
                    made = _tensor_of(shape, call, name.startswith("torchinfo"))
                    whole = self._complete(made, setup)
                    if whole is not None:
                        yield Example(made, whole, f"the summary {self._where(call.lineno)}")

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
        return settled(ast.Dict(names, values), call)
    return values[0] if len(values) == 1 else settled(ast.Tuple(values, ast.Load()), call)


def unique(found: list[Example]) -> tuple[Example, ...]:
    """The first examples, each once."""
    kept: dict[str, Example] = {}
    for example in found:
        key = ast.unparse(example.expression) + str([ast.unparse(s) for s in example.setup])
        kept.setdefault(key, example)
    return tuple(kept.values())[:MOST]


def _import(package: str, attribute: str, name: str) -> ast.stmt:
    if not package or attribute in ("functional", "nn"):
        dotted = f"{package}.{attribute}".lstrip(".")
        made: ast.stmt = ast.Import([ast.alias(dotted, name if name != dotted else None)])
    else:
        made = ast.ImportFrom(package, [ast.alias(attribute, name)], 0)
    return ast.fix_missing_locations(made)


def _tensor_of(shape: ast.Tuple, place: ast.AST, whole: bool, name: str = "rand") -> ast.expr:
    """A tensor of a shape; unless it is whole, a batch goes before it."""
    torch = ast.Call(ast.Name("__import__", ast.Load()), [ast.Constant("torch")], [])
    sizes = shape.elts if whole else [ast.Constant(BATCH), *shape.elts]
    made = ast.Call(ast.Attribute(torch, name, ast.Load()), list(sizes), [])
    return settled(made, place)
