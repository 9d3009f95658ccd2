"""What the source of a forward says about its parameters."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

_KEPT = re.compile(
    r"mask[\w.\[\]:(), -]*==\s*(0|False)|~\s*\w*mask|1(\.0)?\s*-\s*\w*mask|mask\.eq\(0\)"
)
_ONE = re.compile(
    r"(view|reshape)\(\s*\(?(1|len\(\w+\), 1|-1, 1)\s*,|unsqueeze\(0\)|squeeze\(0?\)|\.dot\(|"
    r"zeros\([^()]*\b1, self\.|randn\([^()]*\b1, self\."
)
_NUMBERS = frozenset({"range", "randint"})


@dataclass(frozen=True)
class Fact:
    """How a forward uses one of its parameters."""

    annotation: str = ""
    keys: tuple[str, ...] = ()  # it is read as a mapping with these keys
    parts: tuple[str, ...] = ()  # the names that it is taken apart into
    rank: int = 0  # its shape is taken apart into so many
    listed: bool = False  # it is looped over, and has no shape
    condition: bool = False  # it decides an `if`
    words: tuple[str, ...] = ()  # the strings that it is compared with
    number: bool = False  # it counts or is counted to
    chance: bool = False  # a random number is compared with it
    chosen_from: str = ""  # the attribute that it is a key of
    optional: bool = False  # the forward asks whether it is None


def facts_of(module: nn.Module) -> dict[str, Fact]:
    """What the forward tells of each of its parameters; nothing where there is no source."""
    function = _forward(type(module))
    if function is None:
        return {}
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    uses = _Uses(function)
    return {a.arg: uses.of(a) for a in arguments if a.arg != "self"}


def named_freely(module: nn.Module) -> tuple[str, ...]:
    """What a forward reads of its `**kwargs`: `kwargs["labels"]`."""
    function = _forward(type(module))
    kwarg = function.args.kwarg if function is not None else None
    return _Uses(function).of(kwarg).keys if function is not None and kwarg is not None else ()


def keeps_where_true(module: nn.Module) -> bool:
    """Whether the masks of a model's own attention say what to keep, not what to leave out."""
    classes = {type(part) for part in module.modules()}
    return any(_KEPT.search(_source(kind)) for kind in classes)


def reads_one_sample(module: nn.Module) -> bool:
    """Whether the source makes one row of an input, as a model of single samples does."""
    classes = {type(part) for part in module.modules()}
    return any(_ONE.search(_whole(kind)) for kind in classes)


def _whole(kind: type) -> str:
    """The source of a class of the author's."""
    if kind.__module__.startswith("torch."):
        return ""
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError):
        return ""


def _source(kind: type) -> str:
    if kind.__module__.startswith("torch."):
        return ""
    try:
        return textwrap.dedent(inspect.getsource(kind.forward))  # type: ignore[attr-defined]
    except (OSError, TypeError, AttributeError):
        return ""


def _forward(kind: type) -> ast.FunctionDef | None:
    try:
        body = ast.parse(_source(kind)).body
    except SyntaxError:
        return None
    return body[0] if body and isinstance(body[0], ast.FunctionDef) else None


class _Uses:
    """The places of a forward that read its parameters."""

    def __init__(self, function: ast.FunctionDef) -> None:
        self._nodes = list(ast.walk(function))
        self._shaped = {
            node.value.id
            for node in self._nodes
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }

    def of(self, argument: ast.arg) -> Fact:
        """Everything that is told of one parameter."""
        name = argument.arg
        found = list(self._found(name))
        values: dict[str, list[Any]] = {}
        for what, value in found:
            values.setdefault(what, []).append(value)
        keys = dict.fromkeys(str(key) for key in values.get("key", ()))
        words = dict.fromkeys(str(word) for word in values.get("word", ()))
        return Fact(
            annotation=ast.unparse(argument.annotation) if argument.annotation else "",
            keys=tuple(keys),
            parts=next(iter(values.get("parts", ())), ()),
            rank=max(values.get("rank", [0])),
            listed="loop" in values and name not in self._shaped,
            condition="condition" in values,
            words=tuple(words),
            number="number" in values,
            chance="chance" in values,
            chosen_from=str(values.get("chosen", [""])[0]),
            optional="optional" in values,
        )

    def _found(self, name: str) -> Iterator[tuple[str, Any]]:
        for node in self._nodes:
            for look in (_read_from, _assigned, _looped, _decided, _compared, _counted):
                yield from look(name, node)


def _read_from(name: str, node: ast.AST) -> Iterator[tuple[str, Any]]:
    match node:
        case ast.Subscript(ast.Name(found), ast.Constant(str(key))) if found == name:
            yield "key", key
        case ast.Subscript(ast.Attribute(ast.Name("self"), table), ast.Name(found)):
            if found == name:
                yield "chosen", table


def _assigned(name: str, node: ast.AST) -> Iterator[tuple[str, Any]]:
    match node:
        case ast.Assign([ast.Tuple(parts)], value):
            yield from _taken_apart(name, parts, value)


def _looped(name: str, node: ast.AST) -> Iterator[tuple[str, Any]]:
    if isinstance(node, ast.For | ast.comprehension):
        over = node.iter
        if _is(name, over) or (isinstance(over, ast.Call) and _reads(name, over)):
            yield "loop", True


def _decided(name: str, node: ast.AST) -> Iterator[tuple[str, Any]]:
    if isinstance(node, ast.If | ast.IfExp):
        test = node.test
        negated = isinstance(test, ast.UnaryOp) and _reads_not(name, test)
        if _is(name, test) or negated:
            yield "condition", True


def _counted(name: str, node: ast.AST) -> Iterator[tuple[str, Any]]:
    match node:
        case ast.Call(ast.Name(function), args) if function in _NUMBERS:
            if any(_is(name, arg) for arg in args):
                yield "number", True


def _taken_apart(name: str, parts: list[ast.expr], value: ast.expr) -> Iterator[tuple[str, Any]]:
    if _is(name, value) and all(isinstance(part, ast.Name) for part in parts):
        yield "parts", tuple(ast.unparse(part) for part in parts)
    if ast.unparse(value) in {f"{name}.shape", f"{name}.size()"}:
        yield "rank", len(parts)


def _compared(name: str, node: ast.AST) -> Iterator[tuple[str, Any]]:
    if not isinstance(node, ast.Compare):
        return
    left, right = node.left, node.comparators[0]
    if isinstance(right, ast.Constant) and _is(name, left):
        yield from _constant(right.value)
    random = isinstance(left, ast.Call) and "rand" in ast.unparse(left.func)
    if random and _is(name, right) and isinstance(node.ops[0], ast.Lt | ast.LtE):
        yield "chance", True


def _constant(value: object) -> Iterator[tuple[str, Any]]:
    """What a comparison with a constant says."""
    if isinstance(value, str):
        yield "word", value
    elif value is None:
        yield "optional", True
    elif isinstance(value, bool):
        yield "condition", True


def _is(name: str, node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _reads(name: str, call: ast.Call) -> bool:
    """Whether a loop goes over the parameter by enumerate, zip or reversed."""
    over = isinstance(call.func, ast.Name) and call.func.id in {"enumerate", "zip", "reversed"}
    return over and any(_is(name, arg) for arg in call.args)


def _reads_not(name: str, test: ast.UnaryOp) -> bool:
    return isinstance(test.op, ast.Not) and _is(name, test.operand)
