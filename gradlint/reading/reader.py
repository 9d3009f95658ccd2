"""From a target to its graph, without building anything. It imports no torch."""

from __future__ import annotations

import ast
import re

from gradlint.errors import NotRun
from gradlint.kinds import Kind
from gradlint.model import Model
from gradlint.reading.calls import Reader
from gradlint.reading.construction import built
from gradlint.reading.values import INPUT, UNKNOWN, Function, Object, Tensor, Value
from gradlint.source import Source
from gradlint.target import Target

LAYERS = frozenset({Kind.LINEAR, Kind.CONV, Kind.RECURRENT, Kind.ATTENTION, Kind.EMBEDDING})
_NO_TENSOR = {"int", "float", "bool", "str"}
_INDEX = re.compile(r"mask|length|lens$|label|target|index|^idx$|_ids$")


def read(source: Source, target: Target) -> Model:
    """The model as its source shows it. Raises NotRun where that shows nothing."""
    try:
        model = _read(source, target)
    except RecursionError as error:
        raise NotRun("its source is nested too deeply to be read") from error
    ops = model.graph.ops
    if not ops:
        raise NotRun("its source shows nothing that is done with its input")
    layers = any(op.kind in LAYERS or op.weights for op in ops)
    if not layers and any(op.kind is Kind.UNKNOWN for op in ops):
        raise NotRun("all its layers are defined elsewhere")
    return model


def _read(source: Source, target: Target) -> Model:
    reader = Reader()
    module = built(reader, source, target)
    reader.begin(module)
    args, kwargs = _inputs(reader, module)
    graph = reader.graph(reader.call(module, args, kwargs))
    sources = {o.source.path: o.source for o in reader.scopes if o.source.path}
    return Model(target, graph, sources, False)


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
