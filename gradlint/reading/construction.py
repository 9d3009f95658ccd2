"""Reads how a target is built: by its recipe, or else where the source builds it."""

from __future__ import annotations

import ast

from gradlint.discovery.outline import Function as FunctionNode
from gradlint.discovery.outline import Outline
from gradlint.errors import NotRun
from gradlint.reading.calls import Reader
from gradlint.reading.objects import module_scope
from gradlint.reading.recorder import TooMuch
from gradlint.reading.values import UNKNOWN, Object, Scope, Value
from gradlint.source import Source
from gradlint.target import Target


def built(reader: Reader, source: Source, target: Target) -> Object:
    """The model. Raises NotRun where the source does not tell what it is."""
    home = target.home or source
    outline = Outline(home)
    outer = reader.scopes[outline] = module_scope(outline)
    if target.construct is not None:
        scope = Scope(outline, {}, outer)
        reader.execute(target.setup, scope)
        model = reader.evaluate(target.construct, scope)
    else:
        scope, model = _found(reader, outline, outer, target.name)
    if isinstance(model, tuple) and model:
        model = model[0]
    if not isinstance(model, Object) or not model.torch:
        raise NotRun("what it gives cannot be told from its source")
    scope.names[target.bound_as] = model
    reader.execute(target.after, scope)
    return model


def _found(reader: Reader, outline: Outline, outer: Scope, name: str) -> tuple[Scope, Value]:
    """A target that nobody knows how to build, with what is known of its arguments."""
    last = name.rpartition(".")[2]
    definition = outline.definitions.get(last)
    for call in outline.calls:
        statement = outline.statement(call)
        if definition is None and _binds(statement, last):
            scope = _before(reader, outline, outer, statement)
            reader.execute([statement], scope)
            return scope, scope.names.get(last, UNKNOWN)
        called = isinstance(call.func, ast.Name) and call.func.id == last
        if called and definition not in list(outline.enclosing(call)):
            scope = _before(reader, outline, outer, statement)
            return scope, reader.evaluate(call, scope)
    scope = Scope(outline, {}, outer)
    place = definition or outline.tree.body[0]
    call = ast.Call(ast.copy_location(ast.Name(last, ast.Load()), place), [], [])
    return scope, reader.evaluate(ast.copy_location(call, place), scope)


def _binds(statement: ast.stmt, name: str) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else ()
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _before(reader: Reader, outline: Outline, outer: Scope, statement: ast.stmt) -> Scope:
    """The names of the scope of a statement, as what stands before it leaves them."""
    around = outline.scope(statement)
    scope = Scope(outline, {}, outer)
    if isinstance(around, FunctionNode):
        given = around.args
        for parameter in (*given.posonlyargs, *given.args, *given.kwonlyargs):
            scope.names[parameter.arg] = reader.missing(parameter, outer)
    body: list[ast.stmt] = getattr(around, "body", [])
    inside = {statement, *outline.enclosing(statement)}
    try:
        for each in body:
            if each in inside:
                break
            reader.execute([each], scope)
    except TooMuch:
        reader.steps = 0
    return scope
