"""The sequence lengths that a file names: `seq_len = 500`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradlint.discovery.arguments import defaults
from gradlint.discovery.expressions import root_name
from gradlint.discovery.outline import Outline
from gradlint.discovery.slicing import Slicer

LENGTHS = set(
    "seq_len seq_length sequence_length seqlen max_len max_length max_seq_len block_size n_steps "
    "time_steps timesteps num_steps context_length ctx_len n_ctx t bptt".split()
)


class Lengths:
    """The lengths of one file."""

    def __init__(self, outline: Outline, slicer: Slicer) -> None:
        self.outline = outline
        self.slicer = slicer

    def all(self) -> tuple[int, ...]:
        """The sequence lengths that the file names, in order."""
        named = [(value, at) for name, value, at in self._named() if _is_length(name)]
        found = [self._integer(value, at) for value, at in named if not self._in_module(value)]
        return tuple(dict.fromkeys(n for n in found if n is not None and n > 1))

    def _named(self) -> Iterator[tuple[str, ast.expr, ast.AST]]:
        for name, value in defaults(self.outline).items():
            yield name, value, self.outline.tree.body[0]
        for node in ast.walk(self.outline.tree):
            yield from _named_by(node)

    def _in_module(self, node: ast.AST) -> bool:
        return any(
            isinstance(outer, ast.ClassDef) and outer.name in self.outline.modules
            for outer in self.outline.enclosing(node)
        )

    def _integer(self, value: ast.expr, at: ast.AST, depth: int = 0) -> int | None:
        """The whole number that an expression folds to."""
        match value:
            case ast.Constant(value=int(number)) if not isinstance(number, bool):
                return number
            case ast.Name(id=name) if depth < 5:
                bound = self.slicer.value(name, at)
                return None if bound is None else self._integer(bound, bound, depth + 1)
            case ast.BinOp(left=left, op=operator, right=right):
                return _apply(
                    operator, self._integer(left, at, depth), self._integer(right, at, depth)
                )
        return None


def _apply(operator: ast.operator, left: int | None, right: int | None) -> int | None:
    if left is None or right is None:
        return None
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.FloorDiv() if right:
            return left // right
    return None


def _is_length(name: str) -> bool:
    return name.lower() in LENGTHS and name != "t"


def _named_by(node: ast.AST) -> Iterator[tuple[str, ast.expr, ast.AST]]:
    """The names that a node gives values to, and the place to look further names up from."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((t.id, value, node) for t in targets if isinstance(t, ast.Name))
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield root_name(target), value, node
        case ast.keyword(arg=str(name), value=value):
            yield name, value, value
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant):
                    yield str(key.value), value, value
        case ast.FunctionDef(args=given):
            count = len(given.defaults)
            for parameter, value in zip(given.args[-count:], given.defaults, strict=False):
                yield parameter.arg, value, node
