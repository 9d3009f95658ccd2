"""Where the other files of a repository build a model that one file defines."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from gradlint.discovery.constructions import Construction, Constructions
from gradlint.discovery.outline import Outline
from gradlint.discovery.repository import Repository

TRAINS = re.compile(r"train|main|run|fit", re.IGNORECASE)
TESTS = re.compile(r"(^|[/_])(tests?|demo|benchmarks?)([/_.]|$)", re.IGNORECASE)


class Elsewhere:
    """The constructions of one file's models in the files around it."""

    def __init__(self, outline: Outline, repository: Repository) -> None:
        self.outline = outline
        self.repository = repository
        self._constructions: dict[Outline, Constructions] = {}

    def sites(self, names: list[str], product: str) -> list[Construction]:
        """The calls of a class or its factories in other files, those of trust first."""
        found = [site for name in names for site in self._calls(name, product)]
        found += self._picks(product)
        return sorted(found, key=self._trust)

    def only_parts(self, sites: list[Construction]) -> bool:
        """Whether other files use a model, and all of them inside models of their own."""
        inside = (self._constructions[site.outline].inside_model(site.call) for site in sites)
        return bool(sites) and all(inside)

    def _calls(self, name: str, product: str) -> Iterator[Construction]:
        for file in self.repository.mentioning(name):
            if file == self.outline.source.filename or not self._imports(file):
                continue
            outline = self.repository.outline(file)
            if outline is not None:
                constructions = self._constructions.setdefault(outline, Constructions(outline))
                for call in outline.calls:
                    if self._builds(outline, call, name):
                        yield constructions.construction(call, product)

    def _picks(self, name: str) -> Iterator[Construction]:
        """The calls that pick the class from a dictionary by a key that is known."""
        tables = {t for file in self.repository.mentioning(name) for t in self._tables(file, name)}
        files = {file for table in tables for file in self.repository.mentioning(f"{table}[")}
        for file in sorted(files - {self.outline.source.filename}):
            outline = self.repository.outline(file)
            if outline is not None:
                constructions = self._constructions.setdefault(outline, Constructions(outline))
                for call in outline.calls:
                    picked = constructions.picked(call)
                    if picked is not None and self._is_ours(*picked, name):
                        yield constructions.construction(call, name)

    def _tables(self, file: str, name: str) -> Iterator[str]:
        """The dictionaries of a file that hold a class of this one."""
        ours = file == self.outline.source.filename
        outline = self.repository.outline(file) if ours or self._imports(file) else None
        if outline is not None:
            for table, node in outline.tables.items():
                held = [outline.qualified(value) for value in node.values]
                if any(self._is_ours(outline, dotted, name) for dotted in held):
                    yield table

    def _is_ours(self, outline: Outline, dotted: str, name: str) -> bool:
        """Whether a dotted name of some file is a class or function of this one."""
        node, where = outline.definitions.get(dotted), outline
        if node is None and (found := outline.imported(dotted)) is not None:
            node, where = found.node, found.outline
        same = where.source.filename == self.outline.source.filename
        return node is not None and node.name == name and same

    def _imports(self, file: str) -> bool:
        """Whether a file imports this one, or a package that it lies in."""
        return self._import.search(self.repository.texts[file]) is not None

    @cached_property
    def _import(self) -> re.Pattern[str]:
        path = Path(self.outline.source.filename)
        inside = [folder.name for folder in path.parents if self.repository.root in folder.parents]
        names = "|".join(map(re.escape, [path.stem, *inside]))
        return re.compile(rf"^\s*(?:from|import)\b.*\b(?:{names})\b", re.MULTILINE)

    def _builds(self, outline: Outline, call: ast.Call, name: str) -> bool:
        function = call.func
        last = function.attr if isinstance(function, ast.Attribute) else ""
        if isinstance(function, ast.Name):
            last = outline.aliases.get(function.id, function.id).rpartition(".")[2]
        if last != name:
            return False
        return self._is_ours(outline, outline.qualified(function), name)

    def _trust(self, site: Construction) -> tuple[object, ...]:
        """Sorts training scripts before others, tests after them, parts of models last."""
        name = self.repository.relative(site.outline.source.filename)
        folders = Path(name).parent.parts
        ours = Path(self.repository.relative(self.outline.source.filename)).parent.parts
        shared = next(
            (n for n, (a, b) in enumerate(zip(folders, ours, strict=False)) if a != b),
            min(len(folders), len(ours)),
        )
        return (
            self._constructions[site.outline].inside_model(site.call),
            bool(TESTS.search(name)),
            -shared,
            not TRAINS.search(Path(name).name),
            name,
            site.call.lineno,
        )
