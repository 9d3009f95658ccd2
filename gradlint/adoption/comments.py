"""Suppression comments: where they stand, what they name, and which lines they speak of.

`# gradlint: ignore[NAME, NAME] reason` stands on a line of the statement, or alone above it;
`# gradlint: ignore-file[NAME] reason` anywhere in the file.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gradlint.source import Source
from gradlint.span import Edit, Span

MARK = "gradlint:"
_DIRECTIVE = re.compile(
    r"#\s*gradlint:\s*(?P<verb>ignore(?:-file)?)(?![\w-])"
    r"(?:\s*\[(?P<words>[^\]]*)\])?(?:\s*(?P<reason>[^\s#].*?))?(?=\s+#|\s*$)"
)
_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True)
class Directive:
    """One suppression comment, or the part of a comment that is one."""

    span: Span
    removal: Span  # what goes with it: the space before it, or the line
    verb: str  # "ignore" or "ignore-file"
    words: tuple[str, ...]  # none: it is bare
    reason: str
    line: int  # of the code that it speaks of; 0 where none follows

    @property
    def of_file(self) -> bool:
        """Whether it speaks of the whole file."""
        return self.verb == "ignore-file"

    def naming(self, words: tuple[str, ...]) -> Edit:
        """The edit that makes it name these rules; it goes where there are none."""
        if not words:
            return Edit(self.removal, "")
        text = f"# gradlint: {self.verb}[{', '.join(words)}] {self.reason}"
        return Edit(self.span, text.rstrip())


class Comments:
    """The suppression comments of one file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.directives = tuple(_directives(source)) if MARK in source.text else ()

    def about(self, span: Span) -> list[Directive]:
        """The comments that speak of the statement around a span."""
        if not self.directives:
            return []
        first, last = self.statement(span)
        return [each for each in self.directives if not each.of_file and first <= each.line <= last]

    def statement(self, span: Span) -> tuple[int, int]:
        """The first and the last line of the statement around a span, or of its header."""
        around = [
            (first, last)
            for first, last in self._statements
            if first <= span.line and span.end_line <= last
        ]
        nearest = min(around, key=lambda lines: lines[1] - lines[0], default=None)
        return nearest or (span.line, span.end_line)

    @cached_property
    def _statements(self) -> list[tuple[int, int]]:
        nodes = [node for node in ast.walk(self.source.tree) if isinstance(node, ast.stmt)]
        return [(_first_line(node), _last_line(node)) for node in nodes]


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def _last_line(node: ast.stmt) -> int:
    """Of a statement that holds others: the last line before them."""
    body: list[ast.stmt] | None = getattr(node, "body", None)
    if body:
        return max(node.lineno, _first_line(body[0]) - 1)
    return node.end_lineno or node.lineno


def _directives(source: Source) -> Iterator[Directive]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source.text, newline=None).readline))
    except (tokenize.TokenError, SyntaxError):
        return
    code = sorted({token.start[0] for token in tokens if token.type not in _NO_CODE})
    for token in tokens:
        if token.type == tokenize.COMMENT:
            for found in _DIRECTIVE.finditer(token.string):
                yield _directive(source, token, found, code)


def _directive(
    source: Source, token: tokenize.TokenInfo, found: re.Match[str], code: list[int]
) -> Directive:
    row, column = token.start
    alone = not source.line(row)[:column].strip()
    following = bisect_left(code, row)
    return Directive(
        span=Span(source.path, row, column + found.start() + 1, row, column + found.end() + 1),
        removal=_removal(source, token, found, alone),
        verb=found["verb"],
        words=tuple(word.strip() for word in (found["words"] or "").split(",") if word.strip()),
        reason=found["reason"] or "",
        line=row if not alone else code[following] if following < len(code) else 0,
    )


def _removal(source: Source, token: tokenize.TokenInfo, found: re.Match[str], alone: bool) -> Span:
    row, column = token.start
    comment, line = token.string, source.line(row)
    rest = comment[found.end() :].lstrip()
    if rest and found.start() == 0:  # another comment follows
        return Span(source.path, row, column + 1, row, column + len(comment) - len(rest) + 1)
    if alone and not rest and found.start() == 0:
        return Span(source.path, row, 1, row + 1, 1)
    start = len(line[: column + found.start()].rstrip())
    stop = column + (found.end() if rest else len(comment))
    return Span(source.path, row, start + 1, row, stop + 1)
