"""What a class does with an attribute of its own, as it is written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from gradlint.discovery.outline import Outline
from gradlint.discovery.repository import repository_of, repository_root
from gradlint.source import Source

_SETS_UP = re.compile(r"init|reset|build|setup|load")  # functions that only prepare
_LISTING = frozenset(
    "_modules modules children named_modules named_children __dict__ get_submodule".split()
)
_PACKAGES = frozenset("nn F torch np numpy math".split())

Assigned = tuple[Source, ast.expr]


def assigned(cls: type, attribute: str, sources: Sequence[Source]) -> Assigned | None:
    """The value that a class gives to an attribute of itself first, and its file."""
    for source in sources:
        for node in _lineage(cls, source):
            value = _given(node, attribute)
            if value is not None:
                return source, value
    return None


def is_used(cls: type, attribute: str, sources: Sequence[Source]) -> bool:
    """Whether anything but the preparation of a model mentions an attribute of a class.

    Where it cannot be known, as with `getattr(self, name)`, it is.
    """
    for source in sources:
        related = _related(cls, source)
        outline = Outline(source)
        if any(_mentions(node, attribute, related, outline) for node in ast.walk(source.tree)):
            return True
    known = {source.filename for source in sources}
    return any(_elsewhere(cls, attribute, text) for text in _other_files(sources[0], known))


def _lineage(cls: type, source: Source) -> Iterator[ast.ClassDef]:
    names = {base.__name__ for base in cls.__mro__}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and node.name in names:
            yield node


def _related(cls: type, source: Source) -> set[str]:
    """The names of the class, its bases, and the classes derived from it in a file."""
    names = {base.__name__ for base in cls.__mro__}
    derived = {
        node.name
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
        if cls.__name__ in {ast.unparse(base).rpartition(".")[2] for base in node.bases}
    }
    return names | derived


def _given(node: ast.ClassDef, attribute: str) -> ast.expr | None:
    for each in ast.walk(node):
        targets = each.targets if isinstance(each, ast.Assign) else []
        if isinstance(each, ast.AnnAssign) and each.value is not None:
            targets = [each.target]
        if any(ast.unparse(target) == f"self.{attribute}" for target in targets):
            assert isinstance(each, ast.Assign | ast.AnnAssign)
            return each.value
    return None


def _mentions(node: ast.AST, attribute: str, related: set[str], outline: Outline) -> bool:
    if isinstance(node, ast.Constant):
        return node.value == attribute
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "vars"):
        return _inside(node, related, outline)
    if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return False
    if node.attr in _LISTING:
        return _inside(node, related, outline)
    if node.attr != attribute:
        return False
    base = node.value.id if isinstance(node.value, ast.Name) else ""
    return _inside(node, related, outline) if base == "self" else base not in _PACKAGES


def _inside(node: ast.AST, related: set[str], outline: Outline) -> bool:
    """Whether it stands in one of these classes, and not in what only prepares a model."""
    around = list(outline.enclosing(node))
    functions = [each.name for each in around if isinstance(each, ast.FunctionDef)]
    classes = [each.name for each in around if isinstance(each, ast.ClassDef)]
    prepares = functions[:1] and _SETS_UP.search(functions[0])
    return bool(related.intersection(classes)) and not prepares


def _other_files(source: Source, known: set[str]) -> Iterator[str]:
    texts = repository_of(repository_root(source.filename)).texts
    return (text for name, text in texts.items() if name not in known)


def _elsewhere(cls: type, attribute: str, text: str) -> bool:
    name = re.escape(attribute)
    if re.search(rf"(?<!\bself)(?<!\bnn)(?<!\bF)(?<!\btorch)\.{name}\b", text):
        return True
    return cls.__name__ in text and f"self.{attribute}" in text
