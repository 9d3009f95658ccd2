"""What a training loop feeds: the model's call, led back to the images of the loader."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradlint.discovery.constructions import Construction
from gradlint.discovery.expressions import portable, stored_names
from gradlint.discovery.images import Images
from gradlint.discovery.outline import Outline
from gradlint.discovery.slicing import Slicer

NAMES = {"model", "net", "network"}
Batch = tuple[ast.expr, tuple[ast.stmt, ...]]


class Loops:
    """The loops of one file."""

    def __init__(self, outline: Outline, slicer: Slicer) -> None:
        self.outline = outline
        self.slicer = slicer

    def calls(self, constructions: list[Construction]) -> list[ast.Call]:
        """The calls inside loops of what holds a model that is built at one of the places."""
        held = {c.bound_as for c in constructions if c.bound_as}
        held = self._passed(held) if held else set()
        return [
            call
            for call in self.outline.calls
            if _name(call.func) in (held | NAMES if isinstance(call.func, ast.Attribute) else held)
            and call.args
            and self._loops(call)
        ]

    def _passed(self, held: set[str]) -> set[str]:
        """The names, with those of the parameters that they are passed to."""
        for _ in range(2):
            for call in self.outline.calls:
                function = self.outline.functions.get(_name(call.func))
                if function is None or not isinstance(call.func, ast.Name):
                    continue
                pairs = zip(function.args.args, call.args, strict=False)
                held = held | {p.arg for p, value in pairs if _name(value) in held}
        return held

    def _loops(self, node: ast.AST) -> list[ast.For]:
        return [outer for outer in self.outline.enclosing(node) if isinstance(outer, ast.For)]

    def fed(self, call: ast.Call, images: Images, image: ast.expr) -> Iterator[Batch]:
        """What the call is given where its loader gives these images."""
        values = call.args
        value = values[0] if len(values) == 1 else ast.Tuple(list(values), ast.Load())
        value = portable(self.outline, ast.copy_location(value, call))
        loops = self._loops(call)
        names = {name for loop in loops for name in stored_names(loop.target)}
        setup = self.slicer.slice(value, call, fed=frozenset(names))
        if setup is None:
            return
        used = {n.id for part in (*setup, value) for n in ast.walk(part) if isinstance(n, ast.Name)}
        bound = [self._item(loop, images, image) for loop in loops if used & _stored(loop)]
        if any(used & _stored(loop) and not _counts(loop.iter) for loop in loops):
            yield value, (*reversed(bound), *setup)

    def _item(self, loop: ast.For, images: Images, image: ast.expr) -> ast.stmt:
        """The loop's variables, bound to one item of what it goes through."""
        label = _call("torch", "randint", ast.Constant(0), ast.Constant(images.classes), _batch())
        item: ast.expr = ast.List([image, label], ast.Load())
        if isinstance(loop.target, ast.Name) and self._keyed(loop, loop.target.id):
            given = ast.Lambda(ast.arguments([], [], None, [], [], None, []), image)
            item = _call("collections", "defaultdict", given)
        if _counts(loop.iter):
            item = ast.Constant(0)
        elif _enumerates(loop.iter):
            item = ast.Tuple([ast.Constant(0), item], ast.Load())
        bound = ast.Assign([loop.target], item)
        return ast.fix_missing_locations(ast.copy_location(bound, loop))

    def _keyed(self, loop: ast.For, name: str) -> bool:
        """Whether an item is read by the names of its parts: `batch["image"]`."""
        return any(
            isinstance(node, ast.Subscript)
            and _name(node.value) == name
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
            for node in ast.walk(loop)
        )


def _stored(loop: ast.For) -> set[str]:
    return stored_names(loop.target)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _calls(node: ast.expr) -> set[str]:
    return {_name(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}


def _counts(iterated: ast.expr) -> bool:
    """Whether a loop counts: `for epoch in range(10)`."""
    return bool(_calls(iterated) & {"range", "trange"})


def _enumerates(iterated: ast.expr) -> bool:
    return "enumerate" in _calls(iterated)


def _batch() -> ast.expr:
    return ast.Tuple([ast.Constant(8)], ast.Load())


def _call(module: str, name: str, *values: ast.expr) -> ast.expr:
    imported = ast.Call(ast.Name("__import__", ast.Load()), [ast.Constant(module)], [])
    return ast.Call(ast.Attribute(imported, name, ast.Load()), list(values), [])
