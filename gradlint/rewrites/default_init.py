"""Adding an initialisation to a model whose layers are left at the default of PyTorch."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from gradlint.graph import Op
from gradlint.model import Model
from gradlint.rewrites.construction import (
    factory_return,
    home_of,
    named_statement,
    returns,
    running,
    statement_of,
)
from gradlint.rewrites.imports import imports_of
from gradlint.rewrites.place import Tree
from gradlint.rewrites.schemes import Scheme, init_prefix
from gradlint.span import Edit, Span

LAYER_TYPES = frozenset(
    "Linear Bilinear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d".split()
)


def initialised(model: Model, ops: Sequence[Op], scheme: Scheme) -> list[Edit] | None:
    """The edits that initialise the layers `ops` at the end of the model's construction."""
    layers = [op for op in ops if op.module_type in LAYER_TYPES and op.built]
    types = list(dict.fromkeys(op.module_type for op in layers))
    if not layers or _overwrites(model, types):
        return None
    homes = {home_of(model, op) for op in layers}
    if len(homes) == 1 and (home := homes.pop()) is not None:
        return _in_class(*home, types, scheme)
    return _after_construction(model, layers, types, scheme)


def _overwrites(model: Model, types: Sequence[str]) -> bool:
    """Whether a layer of these types has an initialisation of its own."""
    inits = [
        model.graph.weights[name].init
        for op in model.graph.ops
        if op.module_type in types
        for name in op.weights
    ]
    return any(init is not None and not init.default for init in inits)


def _in_class(
    tree: Tree, owner: cst.ClassDef, init: cst.FunctionDef, types: Sequence[str], scheme: Scheme
) -> list[Edit] | None:
    """`self.apply(self._init_weights)`, and the method."""
    if not isinstance(init.body, cst.IndentedBlock) or returns(tree, init):
        return None
    if any(method.name.value == "_init_weights" for method in tree.nodes(cst.FunctionDef, owner)):
        return None
    margin, unit = tree.margin(init), tree.indent
    body = tree.margin(init.body.body[0])
    tests, imported = _test("module", tree, types, scheme)
    annotation = f": {imports_of(tree).ensure('torch.nn.Module')[0]}" if tree.annotated else ""
    returned = " -> None" if tree.annotated else ""
    lines = [
        f"{body}self.apply(self._init_weights)",
        "",
        f"{margin}@staticmethod",
        f"{margin}def _init_weights(module{annotation}){returned}:",
        *(margin + unit + line for line in tests),
    ]
    return [tree.after_line(_last_line(tree, init.body, body), lines), *imported]


def _last_line(tree: Tree, block: cst.IndentedBlock, margin: str) -> int:
    """The last line of a block, with the comments that belong to it."""
    last = line = tree.span(block.body[-1]).end_line
    count = len(tree.source.text.splitlines())
    while line < count:
        line += 1
        text = tree.source.line(line)
        if text.startswith(margin + "#"):
            last = line
        elif text.strip():
            break
    return last


def _test(
    name: str, tree: Tree, types: Sequence[str], scheme: Scheme
) -> tuple[list[str], tuple[Edit, ...]]:
    """The lines that initialise one module if it is one of these layers."""
    prefix, imported = init_prefix(tree, scheme.function)
    spelled = [imports_of(tree).ensure(f"torch.nn.{each}") for each in types]
    kinds = ", ".join(text for text, _ in spelled)
    kinds = f"({kinds})" if len(types) > 1 else kinds
    unit = tree.indent
    lines = [
        f"if isinstance({name}, {kinds}):",
        unit + scheme.call(tree, prefix, f"{name}.weight"),
        f"{unit}if {name}.bias is not None:",
        f"{unit * 2}{prefix}zeros_({name}.bias)",
    ]
    return lines, imported + tuple(edit for _, edits in spelled for edit in edits)


def _after_construction(
    model: Model, layers: Sequence[Op], types: Sequence[str], scheme: Scheme
) -> list[Edit] | None:
    """A loop over the modules, behind the statement that makes the model."""
    frames = [list(running(model, op)) for op in layers]
    factory = factory_return(model, frames)
    if factory is not None:
        return _in_factory(*factory, types, scheme)
    places = {statement_of(each) for each in frames}
    shared = places.pop() if len(places) == 1 else None
    place = shared or named_statement(model, frames[0][0].tree)
    if place is None:
        return None
    tree, statement, name = place
    scope = tree.function(statement) or tree.module
    loop, imported = _loop(tree, scope, name, types, scheme)
    line, margin = tree.span(statement).end_line, tree.margin(statement)
    return [tree.after_line(line, [margin + each for each in loop]), *imported]


def _loop(
    tree: Tree, scope: cst.CSTNode, model: str, types: Sequence[str], scheme: Scheme
) -> tuple[list[str], tuple[Edit, ...]]:
    name = tree.free_in(scope, "module", "layer", "submodule")
    tests, imported = _test(name, tree, types, scheme)
    return [f"for {name} in {model}.modules():", *(tree.indent + each for each in tests)], imported


def _in_factory(
    tree: Tree, returned: cst.Return, types: Sequence[str], scheme: Scheme
) -> list[Edit] | None:
    value, margin = returned.value, tree.margin(returned)
    if value is None or not tree.begins_line(returned):
        return None
    scope = tree.function(returned) or tree.module
    free = tree.free_in(scope, "model", "network", "net")
    name = value.value if isinstance(value, cst.Name) else free
    loop, imported = _loop(tree, scope, name, types, scheme)
    lines = [margin + each for each in loop]
    place = tree.span(returned)
    if isinstance(value, cst.Name):
        return [tree.before_line(place.line, lines), *imported]
    opening = Span(place.path, place.line, place.column, *_start(tree.outer_span(value)))
    return [
        Edit(opening, f"{name} = "),
        tree.after_line(place.end_line, [*lines, f"{margin}return {name}"]),
        *imported,
    ]


def _start(span: Span) -> tuple[int, int]:
    return span.line, span.column
