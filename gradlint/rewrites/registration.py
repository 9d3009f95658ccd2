"""Registering layers: `[...]` becomes `nn.ModuleList([...])`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from gradlint.connections import Container
from gradlint.model import Model
from gradlint.rewrites.imports import dotted, imports_of
from gradlint.rewrites.place import Tree, rewrite, tree_at
from gradlint.rule import Checkpoint, Rewrite, Rung
from gradlint.span import Edit

_EMPTY = frozenset({"[]", "()", "{}", "list()", "tuple()", "dict()"})


def register(model: Model, containers: Sequence[Container]) -> Rewrite | None:
    """Every container as the one of torch.nn that registers what it holds."""
    edits: list[Edit] = []
    for container in containers:
        tree = tree_at(model, container.span) if container.span is not None else None
        if tree is None or not container.registering:
            return None
        made, imported = imports_of(tree).ensure(container.registering)
        values = list(_values(tree, container))
        edits += [*imported, *(edit for value in values for edit in _wrapped(tree, value, made))]
    names = dict.fromkeys(c.registering.removeprefix("torch.") for c in containers)
    title = f"Register the layers in an {' and an '.join(names)}"
    return rewrite(title, Rung.CONNECTION, Checkpoint.ADDS, edits)


def _values(tree: Tree, container: Container) -> Iterator[cst.BaseExpression]:
    """What the attribute is given, at every place of its class."""
    assert container.span is not None
    inside = [n for n in tree.nodes(cst.ClassDef) if tree.span(n).contains(container.span)]
    for assign in tree.nodes(cst.Assign, inside[-1] if inside else None):
        if any(dotted(each.target) == f"self.{container.attribute}" for each in assign.targets):
            yield assign.value
    for annotated in tree.nodes(cst.AnnAssign, inside[-1] if inside else None):
        if dotted(annotated.target) == f"self.{container.attribute}" and annotated.value:
            yield from (annotated.value, annotated.annotation.annotation)


def _wrapped(tree: Tree, value: cst.BaseExpression, made: str) -> list[Edit]:
    span = tree.outer_span(value)
    if isinstance(tree.parent(value), cst.Annotation):
        return [Edit(span, made)]
    if tree.source.text_of(span).replace(" ", "") in _EMPTY:
        return [Edit(span, f"{made}()")]
    bare = isinstance(value, cst.Tuple) and not value.lpar
    opening, closing = ("((", "))") if bare else ("(", ")")
    return [Edit(span.start, f"{made}{opening}"), Edit(span.end, closing)]
