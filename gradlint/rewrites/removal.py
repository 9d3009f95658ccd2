"""Taking out a part that nothing uses: its statement, or only its registration."""

from __future__ import annotations

import libcst as cst

from gradlint.connections import Idle
from gradlint.model import Model
from gradlint.rewrites.imports import dotted
from gradlint.rewrites.leftover import whole_lines
from gradlint.rewrites.place import Tree, rewrite, tree_at
from gradlint.rule import Checkpoint, Rewrite, Rung
from gradlint.span import Edit


def remove(model: Model, parts: tuple[Idle, ...]) -> Rewrite | None:
    """Without the parts that nothing mentions; what the constructor needs becomes a variable."""
    edits: list[Edit] = []
    for part in parts:
        tree = tree_at(model, part.span)
        found = _edits(tree, part) if tree is not None and not part.ran else None
        if found is None:
            return None
        edits += found
    names = " and ".join(f"self.{part.attribute}" for part in parts)
    return rewrite(f"Remove {names}", Rung.CONNECTION, Checkpoint.CHANGES, edits)


def _edits(tree: Tree, part: Idle) -> list[Edit] | None:
    assigns = [
        node
        for node in tree.nodes(cst.Assign)
        if any(dotted(each.target) == f"self.{part.attribute}" for each in node.targets)
        if tree.span(node).contains(part.span)
    ]
    if len(assigns) != 1 or len(assigns[0].targets) != 1:
        return None
    function = tree.function(assigns[0])
    if not isinstance(function, cst.FunctionDef):
        return None
    mentions = [
        node
        for node in tree.nodes(cst.Attribute, function)
        if dotted(node) == f"self.{part.attribute}"
    ]
    if len(mentions) == 1:
        line = whole_lines(tree, assigns[0])
        return [Edit(line, "")] if line is not None else None
    if part.attribute in _variables(tree, function):
        return None
    return [Edit(tree.span(node), part.attribute) for node in mentions]


def _variables(tree: Tree, function: cst.FunctionDef) -> set[str]:
    """The names that stand for something by themselves, attributes and keywords left out."""
    found = set()
    for name in tree.nodes(cst.Name, function):
        around = tree.parent(name)
        keyword = isinstance(around, cst.Arg) and around.keyword is name
        if not keyword and not (isinstance(around, cst.Attribute) and around.attr is name):
            found.add(name.value)
    return found
