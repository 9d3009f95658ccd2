"""Backward slices: the assignments that an expression needs, and nothing else of the script."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from functools import cached_property

from gradlint.discovery import fields
from gradlint.discovery.arguments import defaults, namespace, parses_arguments
from gradlint.discovery.bindings import MODULE, Bindings, argument, default
from gradlint.discovery.expressions import (
    free_names,
    needed_names,
    portable,
    stored_names,
)
from gradlint.discovery.folding import Folding
from gradlint.discovery.outline import Function, Outline, calls, is_main_guard
from gradlint.discovery.purity import Purity

DEEPEST = -8
DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass
class _Slice:
    """A slice in the making: statements by the order in which they run."""

    known: frozenset[str]
    fed: frozenset[str]
    caller: ast.Call | None
    supposed: dict[str, str] | None  # filled with what is guessed; None where nothing is
    statements: dict[tuple[int, int, int, str], ast.stmt] = field(default_factory=dict)
    open: set[tuple[str, ast.AST]] = field(default_factory=set)
    visited: set[ast.AST] = field(default_factory=set)


class Slicer:
    """Slices of one file."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.purity = Purity(outline, models=True)
        self.bindings = Bindings(outline, self.purity)
        self.folding = Folding(outline, self.bindings, self.callers)
        self._callers: dict[Function, list[ast.Call]] = {}

    def slice(
        self,
        expression: ast.AST,
        at: ast.AST,
        known: frozenset[str] = frozenset(),
        fed: frozenset[str] = frozenset(),
        supposed: dict[str, str] | None = None,
    ) -> tuple[ast.stmt, ...] | None:
        """The statements that the names of `expression`, standing at `at`, need.

        None where one of them is not known or would do more than define. Names that are `known`
        need nothing; those that are `fed` are what a loop binds, until they are bound anew.
        Where `supposed` is given, sizes that nothing tells are guessed from their names, into it.
        """
        function = self.outline.scope(at)
        callers: list[ast.Call | None] = [None]
        if isinstance(function, ast.FunctionDef):
            callers = [*self.callers(function), None]
        for caller in callers:
            current = _Slice(known, fed, caller, supposed)
            if self._expression(expression, at, 0, current):
                ordered = sorted(current.statements.items(), key=lambda item: item[0])
                return tuple(statement for _, statement in ordered)
        return None

    def callers(self, function: Function) -> list[ast.Call]:
        """The calls of a function of the module, or of the class it constructs, outside itself."""
        if function not in self._callers:
            self._callers[function] = self._called(function)
        return self._callers[function]

    def _called(self, function: Function) -> list[ast.Call]:
        owner = self._owner(function)
        if owner is None and self.outline.functions.get(function.name) is not function:
            return []
        called = owner or function
        return [
            call
            for call in self.outline.calls
            if isinstance(call.func, ast.Name)
            and call.func.id == called.name
            and called not in self.outline.enclosing(call)
        ]

    def _owner(self, function: Function) -> ast.ClassDef | None:
        """The class of the module that a function is the constructor of."""
        outer = self.outline.parents.get(function)
        constructs = function.name == "__init__" and isinstance(outer, ast.ClassDef)
        return self.outline.classes.get(outer.name) if constructs else None  # type: ignore[union-attr]

    def value(self, name: str, at: ast.AST) -> ast.expr | None:
        """The expression last assigned to a name before `at`, where it is one."""
        return self.bindings.value(name, at)

    def function(self, name: str, at: ast.AST) -> ast.FunctionDef | None:
        """The function that a name stands for at a place, one inside a function included."""
        statements = self.bindings.find(name, at, 0).statements
        return next((s for s in statements if isinstance(s, ast.FunctionDef)), None)

    def _expression(self, node: ast.AST, at: ast.AST, level: int, current: _Slice) -> bool:
        if not self.purity.expression(node) or self._lacks_option(node, at, level):
            return False
        return all(self._name(name, at, level, current) for name in free_names(node))

    def _lacks_option(self, node: ast.AST, at: ast.AST, level: int) -> bool:
        """Whether the code reads a command-line option that has no default."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
                parsed = parses_arguments(self.outline, self.value(inner.value.id, at))
                if parsed and inner.attr not in defaults(self.outline):
                    return True
        return False

    def _name(self, name: str, at: ast.AST, level: int, current: _Slice) -> bool:
        if name in current.known or (name, at) in current.open:
            return True
        if level < DEEPEST and level != MODULE:
            return False
        current.open.add((name, at))
        before = dict(current.statements)
        return self._bound(name, at, level, current) or self._suppose(name, before, current)

    def _suppose(
        self, name: str, before: dict[tuple[int, int, int, str], ast.stmt], current: _Slice
    ) -> bool:
        """Whether a name says what it may stand for; it decides on no depth."""
        text = fields.value(name) if current.supposed is not None else None
        if current.supposed is None or text is None or fields.decides(name, text):
            return False
        current.statements = before
        current.supposed[name] = text
        return True

    def _bound(self, name: str, at: ast.AST, level: int, current: _Slice) -> bool:
        found = self.bindings.find(name, at, level)
        if found.hidden and name not in current.fed:
            return False
        if found.function is not None and not found.complete:
            if not self._parameter(name, found.function, found.level, current):
                return False
        elif not found.statements and not found.hidden:
            return self._given(name, current)
        return all(self._include(s, found.level, current) for s in found.statements)

    def _given(self, name: str, current: _Slice) -> bool:
        outline = self.outline
        if name in outline.definitions:
            self._surroundings(outline.definitions[name], current)
        known = name in outline.definitions or name in outline.aliases or outline.stars
        return known or hasattr(builtins, name) or name in ("__file__", "__name__")

    def _surroundings(self, definition: ast.ClassDef | Function, current: _Slice) -> None:
        """Add what a class or function reads of names that only the script binds."""
        place = _first_inside(definition)
        if definition in current.visited or place is None:
            return
        current.visited.add(definition)
        for name in set(free_names(definition)) - stored_names(definition):
            if name in self.outline.definitions:
                self._surroundings(self.outline.definitions[name], current)
            elif name in self.outline.conditional | self._read:
                before = dict(current.statements)
                if not self._name(name, place, 0, current):
                    current.statements = before

    @cached_property
    def _read(self) -> set[str]:
        """The names of the module that hold data of files, or what is made of it."""
        found: set[str] = set()
        for statement in self.outline.tree.body:
            if isinstance(statement, ast.Assign):
                loads = any(self.folding.loaded(call, statement) for call in calls(statement))
                if loads or found & set(free_names(statement.value)):
                    found |= stored_names(statement)
        return found

    def _include(self, statement: ast.stmt, level: int, current: _Slice) -> bool:
        at: ast.AST = statement
        if isinstance(statement, DEFINING):
            if not self._inside(statement):
                if isinstance(statement, ast.ClassDef | Function):
                    self._surroundings(statement, current)
                return True
        elif isinstance(statement, ast.Assign) and parses_arguments(self.outline, statement.value):
            statement = namespace(self.purity, statement)
        else:
            statement = self.folding.read(portable(self.outline, statement), at)
            if not self.purity.statement(statement):
                return False
        if self._lacks_option(statement, at, level):
            return False
        key = (level, statement.lineno, statement.col_offset, "")
        if key in current.statements:
            return True
        current.statements[key] = statement
        return all(self._name(name, at, level, current) for name in needed_names(statement))

    def _inside(self, statement: ast.stmt) -> bool:
        """Whether a definition stands where the file's definitions do not reach."""
        return any(
            isinstance(outer, Function) or is_main_guard(outer)
            for outer in self.outline.enclosing(statement)
        )

    def _parameter(self, name: str, function: Function, level: int, current: _Slice) -> bool:
        caller = current.caller
        callers = self.callers(function)
        if caller not in callers:
            caller = next(iter(callers), None)
        method = self._owner(function) is not None
        value = argument(function, caller, name, method) if caller is not None else None
        if value is not None and caller is not None:
            outer = level - 1 if self.outline.scope(caller) is not self.outline.tree else MODULE
            if not self._expression(value, caller, outer, current):
                return False
        else:
            value = default(function, name)
            if value is None or not self._expression(value, function, MODULE, current):
                return False
        bound = ast.Assign([ast.Name(name, ast.Store())], value)
        ast.copy_location(bound, value)
        ast.copy_location(bound.targets[0], value)
        current.statements[level, -1, 0, name] = bound
        return True


def _first_inside(definition: ast.ClassDef | Function) -> ast.stmt | None:
    """A statement from which a function, or a class's method, looks its names up."""
    if isinstance(definition, Function):
        return definition.body[0]
    methods = (s for s in definition.body if isinstance(s, ast.FunctionDef))
    return next((method.body[0] for method in methods), None)
