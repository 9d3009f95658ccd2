"""Which files of a repository import which, as far as the import statements say it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gradlint.errors import GradlintError
from gradlint.source import Source


class Imports:
    """The import statements of a repository, read when they are asked for. Paths are absolute."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self._sources: dict[str, Source | None] = {}
        self._direct: dict[str, set[str]] = {}

    def source(self, path: str) -> Source | None:
        """A file, where it can be read."""
        if path not in self._sources:
            try:
                self._sources[path] = Source.read(path)
            except GradlintError:
                self._sources[path] = None
        return self._sources[path]

    def imported(self, path: str) -> set[str]:
        """The files of the repository that a file imports, and those that these import."""
        return closure({path}, self.direct) - {path}

    def importers(self, path: str, files: Iterable[str]) -> set[str]:
        """The files among `files` that import a file, and those that import these."""
        known = list(files)

        def importing(imported: str) -> Iterator[str]:
            stem = Path(imported).stem
            word = Path(imported).parent.name if stem == "__init__" else stem
            for file in known:
                source = self.source(file)
                if source is not None and word in source.text and imported in self.direct(file):
                    yield file

        return closure({path}, importing) - {path}

    def direct(self, path: str) -> set[str]:
        """The files of the repository that a file itself imports."""
        if path not in self._direct:
            source = self.source(path)
            try:
                nodes = list(ast.walk(source.tree)) if source else []
            except GradlintError:
                nodes = []
            self._direct[path] = {
                file for node in nodes for file in self._resolved(node, Path(path).parent)
            } - {path}
        return self._direct[path]

    def _resolved(self, node: ast.AST, folder: Path) -> Iterator[str]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from self._absolute(alias.name, folder)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            for name in (base, *(f"{base}.{alias.name}".strip(".") for alias in node.names)):
                if node.level:
                    yield from _files([folder, *folder.parents][node.level - 1], name)
                else:
                    yield from self._absolute(name, folder)

    def _absolute(self, name: str, folder: Path) -> Iterator[str]:
        """In any folder from which the file may be run."""
        inside = [p for p in (folder, *folder.parents) if p.is_relative_to(self.top)]
        for root in (*inside, self.top / "src"):
            yield from _files(root, name)


def _files(root: Path, name: str) -> Iterator[str]:
    """The files that a dotted name stands for below a folder: its packages and itself."""
    parts = [part for part in name.split(".") if part]
    for count in range(len(parts) + 1):
        place = root.joinpath(*parts[:count])
        candidates = [place / "__init__.py"] if count or not parts else []
        candidates += [place.with_suffix(".py")] if count == len(parts) and parts else []
        yield from (str(path) for path in candidates if path.is_file())


def closure(start: set[str], step: Callable[[str], Iterable[str]]) -> set[str]:
    """All that can be reached from a set, and the set."""
    seen, stack = set(start), list(start)
    while stack:
        fresh = set(step(stack.pop())) - seen
        seen |= fresh
        stack += fresh
    return seen
