"""What a file's names mean, how it spells the names of torch, and importing what is missing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache

import libcst as cst

from gradlint.rewrites.place import Tree
from gradlint.span import Edit, Span

Import = cst.Import | cst.ImportFrom


class Imports:
    """The imports of one file: `nn` stands for "torch.nn"."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._top = [node for node in _statements(tree) if _at_top(tree, node)]
        self._bound = dict(_bindings(tree.nodes(cst.Import) + tree.nodes(cst.ImportFrom)))
        self._visible = dict(_bindings(self._top))
        self._stars = {_origin(node) for node in self._top if _is_star(node)}

    def resolve(self, node: cst.BaseExpression) -> str:
        """The full name of an imported name: "torch.nn.Sigmoid"; "" if it was not imported."""
        name = dotted(node)
        head, dot, rest = name.partition(".")
        if head in self._bound:
            return self._bound[head] + dot + rest
        if name and not dot and len(self._stars) == 1 and not self._defined(name):
            return f"{next(iter(self._stars))}.{name}"
        return ""

    def _defined(self, name: str) -> bool:
        """Whether the file itself gives this name a meaning, and not a star import."""
        kinds = (cst.AssignTarget, cst.Param, cst.CompFor, cst.For, cst.ClassDef, cst.FunctionDef)
        nodes = [node for node in self._tree.nodes(cst.Name) if node.value == name]
        return any(isinstance(self._tree.parent(node), kinds) for node in nodes)

    def spell(self, full: str) -> str | None:
        """The shortest way to write a full name with what the file imports at its top."""
        ways = [
            alias + full[len(origin) :]
            for alias, origin in self._visible.items()
            if full == origin or full.startswith(origin + ".")
        ]
        ways += [full[len(star) + 1 :] for star in self._stars if full.startswith(star + ".")]
        return min(ways, key=lambda way: (way.count("."), len(way)), default=None)

    def ensure(self, full: str) -> tuple[str, tuple[Edit, ...]]:
        """A way to write a full name, and the import that it needs."""
        spelled = self.spell(full)
        if spelled is not None:
            return spelled, ()
        module, _, name = full.rpartition(".")
        for node in self._top:
            if _origin(node) == module and not isinstance(node.names, cst.ImportStar):
                place = self._tree.span(node.names[-1]).end
                return name, (Edit(place, f", {name}"),)
        return self._new_import(full)

    def exchange(self, edits: set[Edit]) -> set[Edit]:
        """The same edits; a name that they add to an import replaces one that they retire."""
        changed = {edit.span for edit in edits}
        for node in self._top:
            if isinstance(node.names, cst.ImportStar):
                continue
            place = self._tree.span(node.names[-1]).end
            added = next((edit for edit in edits if edit.span == place), None)
            for alias in node.names if added is not None else ():
                if added is not None and self._uses(alias) <= changed:
                    name = Edit(self._tree.span(alias), added.text.removeprefix(", "))
                    return (edits - {added}) | {name}
        return edits

    def _uses(self, alias: cst.ImportAlias) -> set[Span]:
        bound = dotted(alias.asname.name if alias.asname is not None else alias.name)
        names = [node for node in self._tree.nodes(cst.Name) if node.value == bound]
        return {
            self._tree.span(node)
            for node in names
            if self._tree.statement(node) is not self._tree.statement(alias)
        }

    def _new_import(self, full: str) -> tuple[str, tuple[Edit, ...]]:
        if full.startswith("torch.nn.functional."):
            line, name = "import torch.nn.functional as F", "F" + full[len("torch.nn.functional") :]
        elif full.startswith("torch.nn."):
            line, name = "from torch import nn", full.removeprefix("torch.")
        else:
            line, name = "import torch", full
        return name, (self._tree.after_line(self.last_line(), [line]),)

    def last_line(self) -> int:
        """The last line of the imports before the first class; a notebook has them everywhere."""
        classes = [self._tree.span(node).line for node in self._tree.nodes(cst.ClassDef)]
        lines = [self._tree.span(node).end_line for node in self._top]
        before = [line for line in lines if line < min(classes, default=math.inf)]
        return max(before or lines, default=0)


@lru_cache(maxsize=16)
def imports_of(tree: Tree) -> Imports:
    """The imports of a file, read once."""
    return Imports(tree)


def dotted(node: cst.CSTNode | None) -> str:
    """The text of a plain dotted name, "self.act"; "" for any other expression."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        value = dotted(node.value)
        return f"{value}.{node.attr.value}" if value else ""
    return ""


def _statements(tree: Tree) -> list[Import]:
    return sorted([*tree.nodes(cst.Import), *tree.nodes(cst.ImportFrom)], key=tree.span)


def _at_top(tree: Tree, node: Import) -> bool:
    line = tree.parent(node)
    return line is not None and tree.parent(line) is tree.module


def _is_star(node: Import) -> bool:
    return isinstance(node, cst.ImportFrom) and isinstance(node.names, cst.ImportStar)


def _origin(node: Import) -> str:
    return dotted(node.module) if isinstance(node, cst.ImportFrom) and not node.relative else ""


def _bindings(nodes: Iterable[Import]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node.names, cst.ImportStar):
            continue
        prefix = f"{_origin(node)}." if isinstance(node, cst.ImportFrom) else ""
        for alias in node.names:
            full = prefix + dotted(alias.name)
            if alias.asname is not None:
                yield dotted(alias.asname.name), full
            elif isinstance(node, cst.ImportFrom):
                yield full.removeprefix(prefix), full
            else:
                head = full.partition(".")[0]
                yield head, head
