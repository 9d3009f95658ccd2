"""From a target to its graph, without building anything. It imports no torch."""

from __future__ import annotations

import ast
import re

from gradlint.discovery.outline import Outline
from gradlint.errors import NotRun
from gradlint.graph import Graph
from gradlint.kinds import Kind
from gradlint.model import Model
from gradlint.reading.calls import Reader
from gradlint.reading.objects import module_scope
from gradlint.reading.values import INPUT, UNKNOWN, Function, Object, Scope, Tensor, Value
from gradlint.source import Source
from gradlint.target import Target

LAYERS = frozenset({Kind.LINEAR, Kind.CONV, Kind.RECURRENT, Kind.ATTENTION, Kind.EMBEDDING})
_NO_TENSOR = {"int", "float", "bool", "str"}
_INDEX = re.compile(r"mask|length|lens$|label|target|index|^idx$|_ids$")


def read(source: Source, target: Target) -> Model:
    """The model as its source shows it. Raises NotRun where no layer is found in it."""
    try:
        graph = _graph(source, target)
    except RecursionError as error:
        raise NotRun("its source is nested too deeply to be read") from error
    if not any(op.kind in LAYERS for op in graph.ops):
        raise NotRun("no layer is found in its source")
    return Model(target, graph, {source.path: source}, False)


def _graph(source: Source, target: Target) -> Graph:
    reader = Reader()
    module = _built(reader, source, target)
    reader.begin(module)
    args, kwargs = _inputs(reader, module)
    return reader.graph(reader.call(module, args, kwargs))


def _built(reader: Reader, source: Source, target: Target) -> Object:
    outline = Outline(source)
    outer = reader.scopes[outline] = module_scope(outline)
    scope = Scope(outline, {}, outer)
    reader.execute(target.setup, scope)
    model = reader.evaluate(target.construct or _call(outline, target), scope)
    if isinstance(model, tuple) and model:
        model = model[0]
    if not isinstance(model, Object) or not model.torch:
        raise NotRun("what it gives cannot be told from its source")
    scope.names[target.bound_as] = model
    reader.execute(target.after, scope)
    return model


def _call(outline: Outline, target: Target) -> ast.expr:
    """A call that tells nothing of the arguments."""
    name = ast.Name(target.name, ast.Load())
    place = outline.definitions.get(target.name, outline.tree.body[0])
    return ast.copy_location(ast.Call(ast.copy_location(name, place), [], []), place)


def _inputs(reader: Reader, module: Object) -> tuple[list[Value], dict[str, Value]]:
    """A tensor for each argument of forward that must be given."""
    forward = reader.attribute(module, "forward")
    if not isinstance(forward, Function):
        return [_fed("x")], {}
    given = forward.node.args
    positional = [*given.posonlyargs, *given.args][1 if forward.bound else 0 :]
    required = positional[: len(positional) - len(given.defaults)]
    args: list[Value] = [_argument(parameter) for parameter in required]
    if given.vararg is not None and not args:
        args.append(_fed(given.vararg.arg))
    named = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    kwargs = {parameter.arg: _argument(parameter) for parameter, value in named if value is None}
    return args, kwargs


def _argument(parameter: ast.arg) -> Value:
    annotation = parameter.annotation
    if isinstance(annotation, ast.Name) and annotation.id in _NO_TENSOR:
        return UNKNOWN
    return _fed(parameter.arg)


def _fed(name: str) -> Tensor:
    return Tensor(frozenset({INPUT}), carries=not _INDEX.search(name))
