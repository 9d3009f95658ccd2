"""A file reduced to what it defines, and the execution of that.

The training loop, downloads, prints and the `__main__` block are sliced away.
"""

from __future__ import annotations
import __future__

import ast
import linecache
import sys
from collections.abc import Iterable
from pathlib import Path
from traceback import walk_tb
from types import ModuleType

from gradlint.discovery.arguments import namespace as argument_namespace
from gradlint.discovery.arguments import parses_arguments
from gradlint.discovery.expressions import root_name, stored_names
from gradlint.discovery.missing import bind_missing
from gradlint.discovery.outline import Outline, flat, is_main_guard
from gradlint.discovery.purity import Purity
from gradlint.errors import DefinitionsError
from gradlint.source import Source

ESSENTIAL = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
SETTINGS = {"sys.path.append", "sys.path.insert", "torch.set_default_dtype"}
_TOLD = 160  # characters of an error that are shown


def definitions(source: Source) -> ast.Module:
    """The module body with only imports, functions, classes and constants; positions are kept."""
    return ast.Module(_Reduction(Outline(source)).block(source.tree.body), [])


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


def execute(source: Source, namespace: dict[str, object]) -> DefinitionsError | None:
    """Run the definitions one by one in `namespace`; the first import or definition that fails.

    What failed is left out, and a package that is missing is stood in for: a model that does
    not need it can be checked all the same.
    """
    path = Path(source.filename)
    namespace.update({"__name__": path.stem, "__file__": source.filename})
    package, root = _package(source, path)
    if package:
        namespace["__package__"] = package
    sys.path[:0] = [] if root in sys.path else [root]
    lines = source.text.splitlines(keepends=True)  # for `inspect`: the file may hold others
    linecache.cache[source.filename] = (len(source.text), None, lines, source.filename)
    module = ModuleType(path.stem)
    failures = []
    for statement in definitions(source).body:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            sys.modules.setdefault(path.stem, module)  # dataclasses look their module up
        failures.append(_run(source, statement, namespace))
        module.__dict__.update(namespace)
        sys.path[:] = [str(path.parent / entry) for entry in sys.path]
    return next(filter(None, failures), None)


def _run(
    source: Source, statement: ast.stmt, namespace: dict[str, object]
) -> DefinitionsError | None:
    module = ast.Module([statement], [])
    flags = _future_flags(source.tree)
    try:
        exec(compile(module, source.filename, "exec", flags, dont_inherit=True), namespace)
    except (Exception, SystemExit) as error:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            bind_missing(statement, namespace)
        if any(isinstance(inner, ESSENTIAL) for inner in flat([statement])):
            return _failure(source, statement, error)
    return None


def _failure(
    source: Source, statement: ast.stmt, error: Exception | SystemExit
) -> DefinitionsError:
    line = statement.lineno
    for frame, number in walk_tb(error.__traceback__):
        if frame.f_code.co_filename == source.filename:
            line = number
    where = source.where(line)
    if isinstance(error, ModuleNotFoundError) and error.name:
        return DefinitionsError(
            f"{where}: the package '{error.name}' is not installed",
            "run gradlint in the environment where the model trains",
        )
    return DefinitionsError(
        f"{where}: {told(error)}",
        "the definitions of the file must run; mend this line or guard it",
    )


def told(error: BaseException) -> str:
    """An exception in one line of bearable length. Raises MemoryError where it comes of that."""
    if is_exhaustion(error):
        raise MemoryError from error
    text = " ".join(str(error).split())
    text = text if len(text) <= _TOLD else f"{text[: _TOLD - 3]}..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def is_exhaustion(error: BaseException) -> bool:
    """Whether Python or torch says that there is no memory left."""
    return isinstance(error, MemoryError) or "can't allocate memory" in str(error)


def _future_flags(tree: ast.Module) -> int:
    """The compiler flags of the `from __future__` imports."""
    flags = 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for name in node.names:
                flags |= getattr(__future__, name.name).compiler_flag
    return flags


def _package(source: Source, path: Path) -> tuple[str, str]:
    """The package that the file belongs to, "" for none, and the directory that holds it."""
    levels = [n.level for n in ast.walk(source.tree) if isinstance(n, ast.ImportFrom)]
    parts: list[str] = []
    directory = path.parent
    while directory.name and (
        len(parts) < max(levels, default=0) or (directory / "__init__.py").exists()
    ):
        parts.insert(0, directory.name)
        directory = directory.parent
    return ".".join(parts), str(directory)
