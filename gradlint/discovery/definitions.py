"""Run what files define: statement by statement, and what fails is left out."""

from __future__ import annotations
import __future__

import ast
import linecache
import sys
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb
from types import ModuleType

from gradlint.discovery.devices import on_processor
from gradlint.discovery.expressions import stored_names
from gradlint.discovery.layout import Layout, layout
from gradlint.discovery.missing import Absent, StandIn, Unknown, bind_missing, defining, forget
from gradlint.discovery.outline import blocks, flat
from gradlint.discovery.reduction import ESSENTIAL, definitions
from gradlint.discovery.siblings import Siblings
from gradlint.errors import DefinitionsError
from gradlint.source import Source

_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_TOLD = 160  # characters of an error that are shown


def execute(source: Source, namespace: dict[str, object]) -> None:
    """Run the definitions of a file in `namespace`, as its author would have imported them.

    What cannot be imported or defined is stood in for: a model that does not need it can be
    checked all the same, and `missing.needed()` tells what one ran into.
    """
    forget()
    around = layout(source)
    Siblings(around, source.filename, _Run(source).run).install()
    namespace.update(_names(source, around))
    lines = source.text.splitlines(keepends=True)  # for `inspect`: the file may hold others
    linecache.cache[source.filename] = (len(source.text), None, lines, source.filename)
    module = ModuleType(str(namespace["__name__"]))
    if not _imports_its_own_name(source):
        sys.modules.setdefault(module.__name__, module)
    _Run(source, module).run(source, namespace)
    sys.modules.setdefault(module.__name__, module)  # dataclasses look their module up


def execute_beside(source: Source, namespace: dict[str, object], wanted: set[str]) -> None:
    """Run the definitions of another file of the repository, after `execute`.

    Of its imports only those of `wanted` names are run.
    """
    around = layout(source)
    sys.path += [folder for folder in around.folders if folder not in sys.path]
    namespace.update(_names(source, around))
    _Run(source).run(source, namespace, wanted)


def _names(source: Source, around: Layout) -> dict[str, object]:
    stem = Path(source.filename).stem
    package = ".".join(around.package)
    name = package if stem == "__init__" else f"{package}.{stem}".lstrip(".")
    return {"__name__": name, "__file__": source.filename, "__package__": package}


def _imports_its_own_name(source: Source) -> bool:
    """Whether the file is called like a package that it imports: `lightning.py`."""
    names = [
        name
        for node in ast.walk(source.tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    ]
    return Path(source.filename).stem in {name.partition(".")[0] for name in names}


class _Run:
    """Runs definitions, of the file that is checked and of those that it imports."""

    def __init__(self, main: Source, module: ModuleType | None = None) -> None:
        self.main = main
        self.module = module  # what mirrors the names of the main file
        self.stars: dict[str, DefinitionsError] = {}  # by file: a star import that failed

    def run(
        self, source: Source, namespace: dict[str, object], wanted: set[str] | None = None
    ) -> None:
        """Run the definitions of a file one by one; of imports those of `wanted` names."""
        body = definitions(source)
        if wanted is not None:
            body = [statement for statement in body if not _spared(statement, wanted)]
        with defining():
            self._block(source, body, namespace)

    def _block(self, source: Source, body: list[ast.stmt], namespace: dict[str, object]) -> None:
        for statement in body:
            try:
                if isinstance(statement, ast.If):
                    chosen = statement.body if self._test(source, statement, namespace) else None
                    self._block(source, chosen or statement.orelse, namespace)
                else:
                    self._statement(source, statement, namespace)
            except (Exception, SystemExit) as error:
                self._stand_in(source, statement, error, namespace)
            self._settle(namespace)

    def _settle(self, namespace: dict[str, object]) -> None:
        if self.module is not None:
            self.module.__dict__.update(namespace)
        folder = Path(self.main.filename).parent
        sys.path[:] = [str(folder / entry) for entry in sys.path]

    def _test(self, source: Source, node: ast.If, namespace: dict[str, object]) -> bool:
        return bool(eval(compile(ast.Expression(node.test), source.filename, "eval"), namespace))

    def _statement(self, source: Source, statement: ast.stmt, namespace: dict[str, object]) -> None:
        """Run one statement; names that only the script binds are put off within a definition."""
        flags = _future_flags(source.tree)
        module = ast.Module([on_processor(statement)], [])
        code = compile(module, source.filename, "exec", flags, dont_inherit=True)
        unknown: set[str] = set()
        try:
            while True:
                try:
                    return exec(code, namespace)
                except NameError as error:
                    name = error.name or ""
                    if not isinstance(statement, _DEFINITION) or not name or name in namespace:
                        raise
                    star = self.stars.get(source.filename)
                    namespace[name] = StandIn(star) if star else Unknown(name)
                    unknown.add(name)
        finally:
            for name in unknown:
                del namespace[name]

    def _stand_in(
        self,
        source: Source,
        statement: ast.stmt,
        error: Exception | SystemExit,
        namespace: dict[str, object],
    ) -> None:
        """Stand in for what a statement that failed was to bind, where it was to define."""
        absent = _absent(error)
        essential = any(isinstance(inner, ESSENTIAL) for inner in flat([statement]))
        if absent is None and not essential:
            return
        failure = absent.failure if absent else self._failure(source, statement, error)
        if isinstance(statement, ast.Import | ast.ImportFrom):
            found = bind_missing(statement, failure)
            if any(alias.name == "*" for alias in statement.names):
                self.stars.setdefault(source.filename, failure)
        else:
            package = absent.package if absent else ""
            found = dict.fromkeys(_bound(statement), StandIn(failure, package))
        for name, value in found.items():
            namespace.setdefault(name, value)

    def _failure(
        self, source: Source, statement: ast.stmt, error: Exception | SystemExit
    ) -> DefinitionsError:
        line = statement.lineno
        for frame, number in walk_tb(error.__traceback__):
            if frame.f_code.co_filename == source.filename:
                line = number
        ours = source.filename == self.main.filename
        place = source.where(line)
        where = place if ours else f"{Path(source.filename).name}, {place}"
        if isinstance(error, ModuleNotFoundError) and error.name:
            return DefinitionsError(
                f"{where}: the package '{error.name}' is not installed",
                "run gradlint in the environment where the model trains",
            )
        return DefinitionsError(
            f"{where}: {told(error)}",
            "the definitions of the file must run; mend this line or guard it",
        )


def _spared(statement: ast.stmt, wanted: set[str]) -> bool:
    """Whether a statement imports nothing that is wanted."""
    if not isinstance(statement, ast.Import | ast.ImportFrom):
        return False
    star = any(alias.name == "*" for alias in statement.names)
    return not star and not stored_names(statement) & wanted


def _absent(error: BaseException | None) -> Absent | None:
    """The use of a stand-in that an error comes of."""
    while error is not None and not isinstance(error, Absent):
        error = error.__cause__ or error.__context__
    return error


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement binds for those after it."""
    inner = [part for block in blocks(statement) for part in block]
    if isinstance(statement, _DEFINITION):
        yield statement.name
    elif inner:
        for part in inner:
            yield from _bound(part)
    else:
        yield from stored_names(statement)


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
