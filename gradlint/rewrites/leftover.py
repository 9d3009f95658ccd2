"""What is left of a statement once something is taken out of it: `x = x` is left out whole."""

from __future__ import annotations

import libcst as cst

from gradlint.rewrites.place import Tree
from gradlint.span import Edit, Span


def whole_lines(tree: Tree, statement: cst.Assign) -> Span | None:
    """The lines of a statement that stands alone on them, and is not alone in its block."""
    line = tree.parent(statement)
    block = tree.parent(line) if line is not None else None
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    if not isinstance(block, cst.IndentedBlock) or len(block.body) == 1:
        return None
    span = tree.span(statement)
    return Span(span.path, span.line, 1, span.end_line + 1, 1)


def without_leftover(tree: Tree, node: cst.CSTNode, edit: Edit) -> Edit:
    """The edit of an expression, or of its statement where that would give a name to itself."""
    statement = tree.statement(node)
    if not isinstance(statement, cst.Assign) or len(statement.targets) != 1:
        return edit
    value = tree.span(statement.value)
    if not value.contains(edit.span):
        return edit
    before = Span(value.path, value.line, value.column, edit.span.line, edit.span.column)
    after = Span(
        value.path, edit.span.end_line, edit.span.end_column, value.end_line, value.end_column
    )
    left = tree.source.text_of(before) + edit.text + tree.source.text_of(after)
    lines = whole_lines(tree, statement)
    if left.strip() != tree.text(statement.targets[0].target) or lines is None:
        return edit
    return Edit(lines, "")
