"""Finds what a file imports from files beside it and around it, to read it there."""

from __future__ import annotations

import ast
import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from gradlint.discovery.outline import Outline
from gradlint.errors import GradlintError
from gradlint.source import Source

MOST_FILES = 40
_HIGHEST = 5  # folders above a file in which packages of its repository may lie
_ZOOS = ("torchvision", "timm")  # packages of models, read where they are installed
_ROOTS = (".git", "pyproject.toml", "setup.py")  # what lies where a repository begins


@dataclass(frozen=True)
class Import:
    """One imported name: `from ..level import name`, or a module where the name is empty."""

    level: int
    module: str
    name: str


def imports_of(outline: Outline) -> tuple[dict[str, Import], list[Import]]:
    """What the file imports by name, and the modules of which it imports everything."""
    named: dict[str, Import] = {}
    stars: list[Import] = []
    for node in ast.walk(outline.tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found = Import(node.level, node.module or "", alias.name)
                if alias.name == "*":
                    stars.append(replace(found, name=""))
                else:
                    named[alias.asname or alias.name] = found
        elif isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                named[alias.asname or name] = Import(0, name, "")
    return named, stars


class Files:
    """The files of the repository that have been read."""

    def __init__(self) -> None:
        self._outlines: dict[str, Outline | None] = {}

    def find(self, outline: Outline, wanted: Import) -> Outline | None:
        """The module that an import names, where it is a file of the same repository."""
        folder = Path(outline.source.filename).parent
        if wanted.level:
            above = [folder, *folder.parents]
            roots = above[wanted.level - 1 : wanted.level]
        else:
            roots = list(_roots(folder))
        parts = wanted.module.split(".") if wanted.module else []
        if not wanted.level and parts[:1] and parts[0] in _ZOOS:
            roots += _installed(parts[0])
        for root in roots:
            found = self.module(outline, root.joinpath(*parts))
            if found is not None:
                return found
        return None

    def inside(self, outline: Outline, name: str) -> Outline | None:
        """A module of the package whose `__init__.py` this is."""
        path = Path(outline.source.filename)
        if path.name != "__init__.py":
            return None
        return self.module(outline, path.parent / name)

    def module(self, outline: Outline, path: Path) -> Outline | None:
        """The module or package at a path without its ending."""
        for file in (path.with_name(f"{path.name}.py"), path / "__init__.py"):
            if file.is_file():
                return self._read(outline.source, str(file))
        if path.is_dir() and any(path.glob("*.py")):
            return Outline(Source("", "", filename=str(path / "__init__.py")))
        return None

    def _read(self, source: Source, filename: str) -> Outline | None:
        if filename not in self._outlines and len(self._outlines) < MOST_FILES:
            self._outlines[filename] = _outline(filename, _path(source, filename))
        return self._outlines.get(filename)


def _path(source: Source, filename: str) -> str:
    """What the user would call a file; "" for one that is not the user's."""
    if any(Path(filename).is_relative_to(root / zoo) for zoo in _ZOOS for root in _installed(zoo)):
        return ""
    beside = os.path.relpath(filename, os.path.dirname(source.filename))
    return Path(os.path.normpath(os.path.join(os.path.dirname(source.path), beside))).as_posix()


@cache
def _installed(package: str) -> list[Path]:
    """The folder that a package is installed in. To find it runs nothing of it."""
    spec = importlib.util.find_spec(package)
    return [Path(place).parent for place in (spec and spec.submodule_search_locations) or ()]


def _outline(filename: str, path: str) -> Outline | None:
    """A file, by the name that the user would give it; nothing where it does not parse."""
    try:
        return Outline(replace(Source.read(filename), path=path))
    except GradlintError:
        return None


def _roots(folder: Path) -> Iterator[Path]:
    """Where absolute imports may begin: the file's folder and those around it."""
    for number, root in enumerate([folder, *folder.parents]):
        if number > _HIGHEST or root == Path.home() or root.parent == root:
            return
        yield root
        if any((root / mark).exists() for mark in _ROOTS):
            return
