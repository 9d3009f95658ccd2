"""What binds a name for code that stands at some place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from gradlint.discovery.expressions import portable, root_name, stored_names
from gradlint.discovery.outline import Function, Outline, blocks, flat, is_main_guard
from gradlint.discovery.purity import MUTATORS, Purity

MODULE = -1_000_000  # the level of statements of the module: before those of any function


class _Effect(Enum):
    NONE = 0
    SETS = 1  # whatever the name held before does not matter
    CHANGES = 2  # what it held before is needed too
    HIDES = 3  # it holds what nobody can know: a loop's or a with's variable


@dataclass
class Found:
    """What binds a name before some place."""

    statements: list[ast.stmt]
    complete: bool
    hidden: bool = False
    function: Function | None = None  # the name is a parameter of it
    level: int = 0


class Bindings:
    """Looks names up in one file, backwards and outwards from where they are used."""

    def __init__(self, outline: Outline, purity: Purity) -> None:
        self.outline = outline
        self.purity = purity

    def find(self, name: str, at: ast.AST, level: int) -> Found:
        """What binds `name` for code that stands at `at`, looking backwards and outwards."""
        found = Found([], False, level=level)
        maybe: list[ast.stmt] = []
        node: ast.AST = self.outline.statement(at)
        from_function = False
        while not isinstance(node, ast.Module):
            outer = self.outline.parents[node]
            if isinstance(outer, ast.Module):
                found.level = MODULE if not found.statements else found.level
            self._scan(name, _before(outer, node, from_function), found, maybe)
            if not found.complete and not found.hidden:
                found.hidden = name in _targets(outer) or name in _targets(node)
            if found.complete or found.hidden:
                return found
            if isinstance(outer, Function):
                if name in {argument.arg for argument in _parameters(outer)}:
                    found.function = outer
                    return found
                from_function = True
                found.level = level = level - 1 if not found.statements else level
            node = outer
        if not found.statements and maybe:
            found.statements = maybe[:1]
        return found

    def value(self, name: str, at: ast.AST) -> ast.expr | None:
        """The expression last assigned to a name before `at`, where it is one."""
        found = self.find(name, at, 0)
        if len(found.statements) == 1 and isinstance(found.statements[0], ast.Assign):
            statement = found.statements[0]
            return statement.value if isinstance(statement.targets[0], ast.Name) else None
        return None

    def _scan(self, name: str, block: list[ast.stmt], found: Found, maybe: list[ast.stmt]) -> None:
        for statement in reversed(block):
            if found.complete or found.hidden:
                return
            if is_main_guard(statement) or isinstance(statement, ast.With | ast.Try):
                found.hidden = name in _targets(statement)
                self._scan(name, statement.body, found, maybe)  # type: ignore[attr-defined]
                continue
            effect = self._effect(name, statement)
            if effect is _Effect.HIDES and isinstance(statement, ast.If):
                maybe.extend(s for s in flat(statement.body + statement.orelse) if _sets(name, s))
                continue
            found.hidden = effect is _Effect.HIDES
            if effect in (_Effect.SETS, _Effect.CHANGES):
                found.statements.append(statement)
                found.complete = effect is _Effect.SETS

    def _effect(self, name: str, statement: ast.stmt) -> _Effect:
        if any(blocks(statement)) and not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            inside = [self._effect(name, inner) for block in blocks(statement) for inner in block]
            touched = name in _targets(statement) or any(e is not _Effect.NONE for e in inside)
            if not touched:
                return _Effect.NONE
            whole = self.purity.statement(portable(self.outline, statement))
            return _Effect.CHANGES if whole else _Effect.HIDES
        if _sets(name, statement):
            return _Effect.SETS
        return _Effect.CHANGES if _changes(name, statement) else _Effect.NONE


def _before(outer: ast.AST, node: ast.AST, whole: bool) -> list[ast.stmt]:
    """The statements of the block of `node` that ran before it; all of it for a function's."""
    if isinstance(outer, ast.ClassDef):
        return []
    for field_name in ("body", "orelse", "finalbody"):
        block = getattr(outer, field_name, [])
        if isinstance(block, list) and node in block:
            others = [statement for statement in block if statement is not node]
            return others if whole else block[: block.index(node)]
    return []


def _targets(statement: ast.AST) -> set[str]:
    """The names that a loop or a with binds itself."""
    if isinstance(statement, ast.For | ast.AsyncFor):
        return stored_names(statement.target)
    if isinstance(statement, ast.With | ast.AsyncWith):
        variables = [item.optional_vars for item in statement.items if item.optional_vars]
        return {name for variable in variables for name in stored_names(variable)}
    return set()


def _sets(name: str, statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(targets=targets):
            return any(
                isinstance(t, ast.Name | ast.Tuple | ast.List) and name in stored_names(t)
                for t in targets
            )
        case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr()):
            return target == name
        case ast.FunctionDef() | ast.ClassDef():
            return statement.name == name
        case ast.Import() | ast.ImportFrom():
            return name in stored_names(statement)
    return False


def _changes(name: str, statement: ast.stmt) -> bool:
    match statement:
        case ast.AugAssign(target=target):
            return root_name(target) == name
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript() as target]):
            return root_name(target) == name
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=attr))):
            return owner == name and attr in MUTATORS
    return False


def _parameters(function: Function) -> Iterator[ast.arg]:
    given = function.args
    yield from (*given.posonlyargs, *given.args, *given.kwonlyargs)
    yield from (extra for extra in (given.vararg, given.kwarg) if extra is not None)


def argument(
    function: Function, call: ast.Call, name: str, method: bool = False
) -> ast.expr | None:
    """What a call passes for a parameter, where it passes it plainly.

    The first parameter of a method is not passed.
    """
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    positional = [parameter.arg for parameter in function.args.posonlyargs + function.args.args]
    positional = positional[1:] if method else positional
    if name not in positional or any(isinstance(value, ast.Starred) for value in call.args):
        return None
    index = positional.index(name)
    return call.args[index] if index < len(call.args) else None


def default(function: Function, name: str) -> ast.expr | None:
    """The default of a parameter; nothing for `*args` and `**kwargs`."""
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    pairs = list(zip(reversed(positional), reversed(given.defaults), strict=False))
    pairs += [(p, d) for p, d in zip(given.kwonlyargs, given.kw_defaults, strict=True) if d]
    for parameter, value in pairs:
        if parameter.arg == name:
            return value
    place: ast.expr = ast.copy_location(ast.Constant(None), function)
    if given.vararg is not None and given.vararg.arg == name:
        return ast.copy_location(ast.Tuple([], ast.Load()), place)
    if given.kwarg is not None and given.kwarg.arg == name:
        return ast.copy_location(ast.Dict([], []), place)
    return None


def parameters(function: Function, method: bool) -> Iterator[ast.arg]:
    """The parameters that a call may give: without the first of a method, `*args`, `**kwargs`."""
    given = function.args
    yield from [*given.posonlyargs, *given.args][1 if method else 0 :]
    yield from given.kwonlyargs
