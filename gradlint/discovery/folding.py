"""What expressions stand for without running them: literals, options, data of files."""

from __future__ import annotations

import ast
import copy
import os
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from gradlint.discovery import datafiles
from gradlint.discovery.arguments import defaults, parses_arguments
from gradlint.discovery.bindings import Bindings, argument, default
from gradlint.discovery.datafiles import Known
from gradlint.discovery.expressions import placed
from gradlint.discovery.outline import Definition, Function, Outline, calls
from gradlint.discovery.purity import Purity

Callers = Callable[[Function], list[ast.Call]]
Statement = TypeVar("Statement", bound=ast.stmt)
KINDS = {"yaml": "yaml", "json": "json", "toml": "toml", "tomllib": "toml", "tomli": "toml"}
LOADS = {"load", "loads", "safe_load", "full_load", "unsafe_load"}
HOOKS = {"object_hook", "object_pairs_hook", "cls"}  # they make other things of the data
OPENS = {"open", "io.open", "codecs.open"}
PATHS = {"pathlib.Path", "str", "os.path.abspath", "os.path.realpath", "os.path.expanduser"}


class Folding:
    """Folds the expressions of one file."""

    def __init__(self, outline: Outline, bindings: Bindings, callers: Callers) -> None:
        self.outline = outline
        self.bindings = bindings
        self._callers = callers
        self._calls: dict[Function, tuple[ast.Call, Folding, ast.AST]] = {}
        self._open: set[ast.AST] = set()

    def read(self, statement: Statement, at: ast.AST) -> Statement:
        """A statement with what it reads from data files written out."""
        read: Statement = _Read(self, at).visit(copy.deepcopy(statement))
        return read

    def spread(self, call: ast.Call, at: ast.AST) -> dict[str, Known]:
        """The arguments that a call gives with `**`, by their names."""
        found: dict[str, Known] = {}
        for keyword in call.keywords:
            known = self.known(keyword.value, at) if keyword.arg is None else None
            if known is not None and isinstance(known.value, dict):
                found |= {str(key): replace(known, value=v) for key, v in known.value.items()}
        return {name: known for name, known in found.items() if known.is_whole}

    def known(self, node: ast.expr, at: ast.AST) -> Known | None:
        """The plain value of an expression that stands at a place; None where it has none."""
        if node in self._open:
            return None
        self._open.add(node)
        try:
            return self._known(node, at)
        finally:
            self._open.discard(node)

    def _known(self, node: ast.expr, at: ast.AST) -> Known | None:
        try:
            return Known(ast.literal_eval(node))
        except (ValueError, TypeError, SyntaxError, RecursionError):
            pass
        match node:
            case ast.Name(id=name):
                return self._name(name, at)
            case ast.Attribute(value=value, attr=name):
                owner = self.known(value, at)
                if owner is not None and owner.wrapped:
                    return self._item(owner, Known(name))
                return self._option(value.id, name, at) if isinstance(value, ast.Name) else None
            case ast.Subscript(value=value, slice=key):
                return self._item(self.known(value, at), self.known(key, at))
            case ast.Call(func=ast.Attribute(value=value, attr="get"), args=[key, *_]):
                return self._item(self.known(value, at), self.known(key, at))
            case ast.Call():
                return self.loaded(node, at) or self._wrapped(node, at)
        return None

    def _wrapped(self, call: ast.Call, at: ast.AST) -> Known | None:
        """The data that OmegaConf reads, where it refers to nothing else."""
        if self.outline.qualified(call.func) != "omegaconf.OmegaConf.load" or not call.args:
            return None
        path = self.path(call.args[0], at)
        known = datafiles.read(path, "yaml", self.outline.source.filename) if path else None
        if known is None or "${" in repr(known.value):
            return None
        return replace(known, wrapped=True)

    def _name(self, name: str, at: ast.AST) -> Known | None:
        value = self.bindings.value(name, at)
        if value is not None:
            return self.known(value, value)
        function = self.bindings.find(name, at, 0).function
        return self._parameter(function, name) if function is not None else None

    def _parameter(self, function: Function, name: str) -> Known | None:
        """What the call that is followed, or else the first one, gives for a parameter."""
        call, folding, at = self._calls.get(function, (None, self, function))
        if call is None and (callers := self._callers(function)):
            call = at = callers[0]
        given = argument(function, call, name, function.name == "__init__") if call else None
        if given is not None:
            path = folding.path(given, at)
            return Known(path) if path is not None else folding.known(given, at)
        value = default(function, name)
        return self.known(value, function) if value is not None else None

    def _option(self, owner: str, name: str, at: ast.AST) -> Known | None:
        if not parses_arguments(self.outline, self.bindings.value(owner, at)):
            return None
        value = defaults(self.outline).get(name)
        return self.known(value, value) if isinstance(value, ast.Constant) else None

    def _item(self, owner: Known | None, key: Known | None) -> Known | None:
        if owner is None or key is None:
            return None
        try:
            return replace(owner, value=owner.value[key.value])
        except (KeyError, IndexError, TypeError):
            return None

    def loaded(self, call: ast.Call, at: ast.AST) -> Known | None:
        """The data that a call reads from a file: `yaml.safe_load(f)`, `load_config(path)`."""
        kind = _kind(self.outline, call)
        if not kind:
            return self._returned(call, at)
        if not call.args or any(keyword.arg in HOOKS for keyword in call.keywords):
            return None
        path = self._opened(call.args[0], at)
        return datafiles.read(path, kind, self.outline.source.filename) if path else None

    def _returned(self, call: ast.Call, at: ast.AST) -> Known | None:
        """What a function gives back that reads a file and does nothing else with it."""
        found = self._definition(call)
        function = found.node if found is not None else None
        if found is None or not isinstance(function, ast.FunctionDef):
            return None
        returns = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
        reads = any(_kind(found.outline, inner) for inner in calls(function))
        if not reads or len(returns) != 1 or returns[0].value is None:
            return None
        inside = self if found.outline is self.outline else _folding(found.outline)
        before = inside._calls.get(function)
        inside._calls[function] = (call, self, at)
        try:
            return inside.known(returns[0].value, returns[0])
        finally:
            del inside._calls[function]
            if before is not None:
                inside._calls[function] = before

    def _definition(self, call: ast.Call) -> Definition | None:
        name = self.outline.qualified(call.func)
        if name in self.outline.definitions:
            return Definition(self.outline, self.outline.definitions[name])
        return self.outline.imported(name)

    def _opened(self, node: ast.expr, at: ast.AST) -> str | None:
        """The path of what is read: an open file, its text, or the path itself."""
        match node:
            case ast.Name(id=name):
                value = self._with(name, at) or self.bindings.value(name, at)
                if value is not None and not isinstance(value, ast.Constant):
                    return self._opened(value, at)
            case ast.Call(func=ast.Attribute(value=inner, attr="read" | "open"), args=args):
                if self.outline.qualified(node.func) not in OPENS:
                    return self._opened(inner, at)
                return self.path(args[0], at) if args else None
            case ast.Call(func=ast.Attribute(value=inner, attr="read_text" | "read_bytes")):
                return self.path(inner, at)
            case ast.Call(args=[first, *_]) if self.outline.qualified(node.func) in OPENS:
                return self.path(first, at)
        return self.path(node, at)

    def _with(self, name: str, at: ast.AST) -> ast.expr | None:
        """What a `with` around a place binds a name to."""
        for outer in self.outline.enclosing(at):
            for item in outer.items if isinstance(outer, ast.With) else ():
                if isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == name:
                    return item.context_expr
        return None

    def path(self, node: ast.expr, at: ast.AST) -> str | None:
        """The path that an expression stands for."""
        match node:
            case ast.Name(id="__file__"):
                return os.path.abspath(self.outline.source.filename)
            case ast.Name(id=name) if (value := self.bindings.value(name, at)) is not None:
                return self.path(value, value)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self._joined([left, right], at)
            case ast.Attribute(value=inner, attr="parent"):
                path = self.path(inner, at)
                return os.path.dirname(path) if path is not None else None
            case ast.Call(func=ast.Attribute(value=inner, attr="resolve" | "absolute"), args=[]):
                return self.path(inner, at)
            case ast.Call(args=[first, *_]):
                return self._called_path(node, first, at)
        known = self.known(node, at)
        return known.value if known is not None and isinstance(known.value, str) else None

    def _called_path(self, call: ast.Call, first: ast.expr, at: ast.AST) -> str | None:
        name = self.outline.qualified(call.func)
        if name == "os.path.dirname":
            path = self.path(first, at)
            return os.path.dirname(path) if path is not None else None
        return self._joined(call.args, at) if name in PATHS | {"os.path.join"} else None

    def _joined(self, parts: list[ast.expr], at: ast.AST) -> str | None:
        paths = [path for part in parts if (path := self.path(part, at)) is not None]
        return os.path.join(*paths) if len(paths) == len(parts) else None


class _Read(ast.NodeTransformer):
    def __init__(self, folding: Folding, at: ast.AST) -> None:
        self.folding = folding
        self.at = at

    def visit_Call(self, node: ast.Call) -> ast.AST:
        known = self.folding.loaded(node, self.at)
        if known is None:
            return self.generic_visit(node)
        return written(known.value, node)


def written(value: object, place: ast.expr) -> ast.expr:
    """A plain value as an expression that stands at a place."""
    return placed(repr(value), place)


def _kind(outline: Outline, call: ast.Call) -> str:
    """What kind of data a call reads, or ""."""
    owner, _, last = outline.qualified(call.func).rpartition(".")
    return KINDS.get(owner, "") if last in LOADS else ""


def _folding(outline: Outline) -> Folding:
    """The folding of another file, which follows no callers of its own."""
    return Folding(outline, Bindings(outline, Purity(outline, models=True)), lambda function: [])
