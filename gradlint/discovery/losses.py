"""Which loss a file applies to a model's output, and what it does to the output before."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradlint.connections import Loss
from gradlint.discovery.outline import Outline

_LOSSES = {
    "torch.nn.CrossEntropyLoss": "cross_entropy",
    "torch.nn.functional.cross_entropy": "cross_entropy",
    "torch.nn.BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "torch.nn.functional.binary_cross_entropy_with_logits": "binary_cross_entropy_with_logits",
}
_SQUASHING = {
    f"{module}.{name}": kind
    for kind, names in {
        "softmax": ("softmax", "Softmax"),
        "sigmoid": ("sigmoid", "Sigmoid"),
        "log_softmax": ("log_softmax", "LogSoftmax"),
    }.items()
    for name in names
    for module in ("torch", "torch.nn", "torch.nn.functional")
}
_METHODS = frozenset({"softmax", "sigmoid", "log_softmax"})
_SHAPING = frozenset(
    "view reshape squeeze unsqueeze flatten float double to cuda cpu contiguous permute "
    "transpose logits".split()
)
_STEPS = 12


class Losses:
    """The losses of one file that takes models from another, or defines them itself."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._assigned: dict[tuple[ast.AST, str], list[ast.Assign]] = {}
        for node in ast.walk(outline.tree):
            if isinstance(node, ast.Assign):
                for name in _targets(node):
                    self._assigned.setdefault((outline.scope(node), name), []).append(node)

    def of(self, model: str) -> list[Loss]:
        """What the outputs of a model, its class or factory, are given to, call by call."""
        held = self._held(model)
        found = (self._loss(call, model, held) for call in self._outline.calls if call.args)
        return [loss for loss in found if loss is not None]

    def _held(self, model: str) -> set[str]:
        """The names that hold an instance of the model."""
        held = {model} if model not in self._outline.definitions else set()
        for node in ast.walk(self._outline.tree):
            if isinstance(node, ast.Assign) and self._makes(node.value, model, held):
                held.update(_targets(node))
        for call in self._outline.calls:
            function = self._outline.functions.get(ast.unparse(call.func))
            pairs = zip(function.args.args, call.args, strict=False) if function else ()
            held |= {p.arg for p, value in pairs if ast.unparse(value) in held}
        return {name for name in held if self._only_makes(name, model, held)}

    def _only_makes(self, name: str, model: str, held: set[str]) -> bool:
        """Whether nothing else is bound to the name: one name may hold several models in turn."""
        values = self._values(name)
        if name == model:
            return len(values) == 1
        return all(self._makes(value, model, held) for value in values)

    def _makes(self, value: ast.expr, model: str, held: set[str]) -> bool:
        """Whether an expression makes the model: `Net()`, `Net().to(device)`, `wrap(model)`."""
        while isinstance(value, ast.Call):
            if ast.unparse(value.func).rpartition(".")[2] == model:
                return True
            if isinstance(value.func, ast.Attribute) and value.func.attr in (_SHAPING | {"train"}):
                value = value.func.value
            elif value.args and ast.unparse(value.func).endswith(("Parallel", "compile")):
                value = value.args[0]
            else:
                return False
        return ast.unparse(value) in held

    def _loss(self, call: ast.Call, model: str, held: set[str]) -> Loss | None:
        function = self._function(call.func)
        if not function:
            return None
        value: ast.expr | None = call.args[0]
        squash: tuple[str, ast.expr] | None = None
        position: int | None = None
        for _ in range(_STEPS):
            if value is None:
                return None
            if isinstance(value, ast.Call) and self._runs(value.func, model, held):
                span = self._outline.source.span(squash[1]) if squash else None
                return Loss(function, squash[0] if squash else "", span, position)
            name = self._squashes(value)
            if name and squash is None:
                squash = (name, value)
            taken = self._position(value)
            if taken is not None and position is None:
                position = taken
            value = self._before(value, bool(name))
        return None

    def _function(self, func: ast.expr) -> str:
        """The loss that a call runs: `F.cross_entropy`, `criterion`, `nn.CrossEntropyLoss()`."""
        name = self._outline.qualified(func)
        if name in _LOSSES and not name.endswith("Loss"):
            return _LOSSES[name]
        if isinstance(func, ast.Call):
            return _LOSSES.get(self._outline.qualified(func.func), "")
        if isinstance(func, ast.Name | ast.Attribute):
            made = {self._made(value) for value in self._values(ast.unparse(func))}
            return made.pop() if len(made) == 1 else ""
        return ""

    def _values(self, name: str) -> list[ast.expr]:
        """All that a name is given, anywhere in the file."""
        return [
            assign.value
            for (_, target), assigns in self._assigned.items()
            for assign in assigns
            if target == name
        ]

    def _made(self, value: ast.expr) -> str:
        while isinstance(value, ast.Call):
            found = _LOSSES.get(self._outline.qualified(value.func), "")
            if found or not isinstance(value.func, ast.Attribute):
                return found
            value = value.func.value
        return ""

    def _runs(self, func: ast.expr, model: str, held: set[str]) -> bool:
        text = ast.unparse(func).removesuffix(".forward").removesuffix(".module")
        if text != "self":
            return text in held
        around = [n.name for n in self._outline.enclosing(func) if isinstance(n, ast.ClassDef)]
        return around[:1] == [model]

    def _squashes(self, value: ast.expr) -> str:
        """The squashing activation that an expression is: `F.softmax(x)`, `x.softmax(1)`."""
        if not isinstance(value, ast.Call):
            return ""
        func = value.func
        if self._is_method(func):
            return ast.unparse(func).rpartition(".")[2]
        if isinstance(func, ast.Call):
            return self._squash_made(func) if value.args else ""
        if name := _SQUASHING.get(self._outline.qualified(func), ""):
            return name if value.args else ""
        names = {self._squash_made(each) for each in self._values(ast.unparse(func))}
        return names.pop() if len(names) == 1 else ""

    def _is_method(self, func: ast.expr) -> bool:
        """Whether it is a method of a tensor: `x.softmax`."""
        named = isinstance(func, ast.Attribute) and func.attr in _METHODS
        text = ast.unparse(func)
        return named and self._outline.qualified(func) not in _SQUASHING and text[:5] != "self."

    def _squash_made(self, value: ast.expr) -> str:
        if not isinstance(value, ast.Call):
            return ""
        return _SQUASHING.get(self._outline.qualified(value.func), "")

    def _before(self, value: ast.expr, squashes: bool) -> ast.expr | None:
        """What an expression was made of, where it changes no value or only squashes it."""
        if isinstance(value, ast.Call):
            func = value.func
            shapes = isinstance(func, ast.Attribute) and func.attr in _SHAPING
            if isinstance(func, ast.Attribute) and (shapes or self._is_method(func)):
                return func.value
            return value.args[0] if squashes else None
        if isinstance(value, ast.Attribute) and value.attr == "logits":
            return value.value
        if self._position(value) is not None and isinstance(value, ast.Subscript):
            return value.value
        assign = self._given(value)
        return assign.value if assign is not None else None

    def _position(self, value: ast.expr) -> int | None:
        """Which of several results it is: `model(x)[1]`, or `b` after `a, b = model(x)`."""
        if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
            number = value.slice.value
            return number if isinstance(number, int) and number >= 0 else None
        assign = self._given(value)
        names = _targets(assign) if assign is not None else []
        is_call = assign is not None and isinstance(assign.value, ast.Call)
        return names.index(ast.unparse(value)) if len(names) > 1 and is_call else None

    def _given(self, name: ast.expr) -> ast.Assign | None:
        """The last assignment of a name before its place, in the same function."""
        if not isinstance(name, ast.Name | ast.Attribute):
            return None
        assigns = self._assigned.get((self._outline.scope(name), ast.unparse(name)), [])
        before = [each for each in assigns if each.end_lineno and each.end_lineno < name.lineno]
        return before[-1] if before else None


def _targets(node: ast.Assign) -> list[str]:
    return [ast.unparse(t) for target in node.targets for t in _flat(target)]


def _flat(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        for each in target.elts:
            yield from _flat(each)
    else:
        yield target
