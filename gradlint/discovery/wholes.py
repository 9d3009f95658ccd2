"""Networks of other files that a model is wrapped around: `MAE(encoder=...)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from gradlint.discovery import fields
from gradlint.discovery.elsewhere import TESTS
from gradlint.discovery.layout import layout
from gradlint.discovery.outline import Definition, Outline
from gradlint.discovery.repository import Repository

_MOST = 6
_FILES = 20
_DEFINES = re.compile(r"^class (\w+)\(", re.MULTILINE)


class Wholes:
    """The classes of a repository that a parameter of one file's models may hold."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline

    def of(self, words: list[str], annotation: str, read: set[str]) -> list[Definition]:
        """The classes of other files: by annotation, by what is read of it, by name.

        A class must set everything that is read of the parameter.
        """
        told = self.outline.imported(self.outline.qualified(_expression(annotation)))
        found = [told] if told is not None else [*self._imported(words), *self._near(words, read)]
        return sorted((d for d in found if _sets(d, read)), key=self._trust)[:_MOST]

    def _trust(self, definition: Definition) -> tuple[int, bool]:
        """Sorts the classes first that most files speak of, and those that a file is called by."""
        repository = self.outline.neighbours
        assert isinstance(repository, Repository)
        word = re.compile(rf"\b{definition.node.name}\b")
        spoken = sum(word.search(text) is not None for text in repository.texts.values())
        stem = Path(definition.outline.source.filename).stem.lower()
        return -spoken, stem.replace("_", "") != definition.node.name.lower()

    def expression(self, definition: Definition) -> str:
        """How the class is named in this file: through an import where it has none."""
        name = definition.node.name
        if any(dotted.endswith(f".{name}") for dotted in self.outline.aliases.values()):
            return name
        return f"__import__('importlib').import_module({self._module(definition)!r}).{name}"

    def _imported(self, words: list[str]) -> Iterator[Definition]:
        for name, dotted in self.outline.aliases.items():
            found = self.outline.imported(dotted) if _named(name, words) else None
            if found is not None:
                yield found

    def _near(self, words: list[str], read: set[str]) -> Iterator[Definition]:
        """Classes of the files around this one."""
        repository = self.outline.neighbours
        if not isinstance(repository, Repository) or not (words or read):
            return
        own = self.outline.source.filename
        texts = repository.texts
        files = list(repository.mentioning("Module)", *(f"self.{a}" for a in read)))
        files = [f for f in files if f != own and not TESTS.search(repository.relative(f))]
        if len(read) < 2:
            files = [f for f in files if any(_named(n, words) for n in _DEFINES.findall(texts[f]))]
        files.sort(key=lambda f: (Path(f).parent != Path(own).parent, not _named(f, words), len(f)))
        outlines = (repository.outline(file) for file in files[:_FILES])
        for outline in (found for found in outlines if found is not None):
            for name, node in outline.modules.items():
                if len(read) > 1 or _named(name, words):
                    yield Definition(outline, node)

    def _module(self, definition: Definition) -> str:
        path = Path(definition.outline.source.filename).with_suffix("")
        for folder in layout(self.outline.source).folders:
            if Path(folder) in path.parents:
                return ".".join(path.relative_to(folder).parts)
        return path.stem


def _named(name: str, words: list[str]) -> bool:
    lowered = name.lower()
    return any(word in lowered for word in words)


def _expression(annotation: str) -> ast.expr:
    try:
        return ast.parse(annotation, mode="eval").body
    except SyntaxError:
        return ast.Name("", ast.Load())


def _sets(definition: Definition, read: set[str]) -> bool:
    """Whether a class has all that is read of an instance, beyond what every module has."""
    outline, node = definition.outline, definition.node
    if not isinstance(node, ast.ClassDef) or node.name not in outline.modules:
        return False
    bound: set[str] = set()
    for member in outline.lineage(node):
        bound |= {n.attr for n in ast.walk(member) if isinstance(n, ast.Attribute)}
        bound |= {s.name for s in member.body if isinstance(s, ast.FunctionDef)}
    return read <= bound


def words_of(name: str, vague: set[str]) -> list[str]:
    """The words of a parameter's name that tell something."""
    words = [word for word in fields.snake(name).split("_") if len(word) > 2]
    return [word for word in words if word not in vague]
