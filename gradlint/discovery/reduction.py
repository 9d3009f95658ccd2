"""A file reduced to what it defines; positions are kept.

The training loop, downloads, prints and the `__main__` block are sliced away.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from gradlint.discovery.arguments import namespace as argument_namespace
from gradlint.discovery.arguments import parses_arguments
from gradlint.discovery.expressions import root_name, stored_names
from gradlint.discovery.outline import Outline, flat, is_main_guard
from gradlint.discovery.purity import Purity
from gradlint.source import Source

ESSENTIAL = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
SETTINGS = {"sys.path.append", "sys.path.insert", "torch.set_default_dtype"}


def definitions(source: Source) -> list[ast.stmt]:
    """The module body with only imports, functions, classes and constants."""
    reduction = _Reduction(Outline(source))
    return [*reduction.block(source.tree.body), *reduction.globals()]


class _Reduction:
    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.purity = Purity(outline, models=False)
        self.own = {
            name
            for statement in flat(outline.tree.body)
            if not isinstance(statement, ESSENTIAL)
            for name in stored_names(statement)
        }

    def block(self, body: Iterable[ast.stmt]) -> list[ast.stmt]:
        reduced = (self.statement(statement) for statement in body)
        return [statement for statement in reduced if statement is not None]

    def globals(self) -> list[ast.stmt]:
        """The constants that functions bind for the module: `global args`."""
        found: list[ast.stmt] = []
        for function in self.outline.functions.values():
            names = {n for s in flat(function.body) if isinstance(s, ast.Global) for n in s.names}
            for part in flat(function.body) if names else ():
                bound = stored_names(part) if isinstance(part, ast.Assign) else set()
                if bound and bound <= names:
                    found += self.block([part])
        return found

    def statement(self, node: ast.stmt) -> ast.stmt | None:
        """The statement as far as it defines, or None."""
        match node:
            case ast.If() if not is_main_guard(node) and self.purity.expression(node.test):
                return self._branches(node)
            case ast.Try():
                return self._attempt(node)
            case ast.With() if all(self.purity.expression(i.context_expr) for i in node.items):
                body = self.block(node.body)
                return ast.copy_location(ast.With(node.items, body), node) if body else None
            case ast.Assign() if parses_arguments(self.outline, node.value):
                return argument_namespace(self.purity, node)
            case ast.Expr(value=ast.Call() as call):
                setting = self.outline.qualified(call.func) in SETTINGS
                pure = all(self.purity.expression(value) for value in call.args)
                return node if setting and pure else None
        return node if isinstance(node, ESSENTIAL) or self._constant(node) else None

    def _constant(self, node: ast.stmt) -> bool:
        if isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            ours = all(
                root_name(target) in self.own
                for target in targets
                if isinstance(target, ast.Attribute | ast.Subscript)
            )
            return ours and self.purity.statement(node)
        return isinstance(node, ast.AnnAssign) and self.purity.statement(node)

    def _branches(self, node: ast.If) -> ast.If | None:
        body, orelse = self.block(node.body), self.block(node.orelse)
        if not body and not orelse:
            return None
        kept = ast.If(node.test, body or [_nothing(node)], orelse)
        return ast.copy_location(kept, node)

    def _attempt(self, node: ast.Try) -> ast.Try | None:
        body = self.block(node.body)
        if not body:
            return None
        handlers = [
            ast.copy_location(
                ast.ExceptHandler(handler.type, handler.name, self._rescue(handler)), handler
            )
            for handler in node.handlers
        ]
        final = self.block(node.finalbody) or ([] if handlers else [_nothing(node)])
        kept = ast.Try(body, handlers, self.block(node.orelse) if handlers else [], final)
        return ast.copy_location(kept, node)

    def _rescue(self, handler: ast.ExceptHandler) -> list[ast.stmt]:
        """What an `except` does; an error that it raises itself is kept."""
        kept = (s if isinstance(s, ast.Raise) else self.statement(s) for s in handler.body)
        return [s for s in kept if s is not None] or [_nothing(handler)]


def _nothing(place: ast.stmt | ast.ExceptHandler) -> ast.stmt:
    return ast.copy_location(ast.Pass(), place)
