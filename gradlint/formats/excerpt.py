"""Lines of source as the full format shows them: marked by carets, or as a change."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator

import click

from gradlint.source import Source
from gradlint.span import Span


def excerpt(source: Source, span: Span, label: str, gutter: int) -> list[str]:
    """The line a span begins in, with carets under it and the label beside them."""
    line, (_, shown) = source.line(span.line), source.shown(span)
    stop = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    if span.end_line > span.line:
        label = f"{label} (to line {shown.end_line})".strip()
    before, marked = line[: span.column - 1], line[span.column - 1 : stop]
    indent = "".join(char if char == "\t" else " " * _cells(char) for char in before)
    carets = click.style("^" * max(1, width(marked)), fg="red", bold=True)
    return [
        bar(gutter),
        numbered(shown.line, gutter, "|", printable(line)),
        f"{bar(gutter)} {indent}{carets} {label}".rstrip(),
        bar(gutter),
    ]


def changes(before: str, after: str, gutter: int) -> list[str]:
    """The lines that differ, new ones with their numbers; a gap between changes apart."""
    old, new = _lines(before), _lines(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    shown = [bar(gutter)]
    for tag, i, i_stop, j, j_stop in matcher.get_opcodes():
        if tag == "equal":
            if len(shown) > 1 and j_stop < len(new):
                shown.append(click.style(" " * gutter + "...", fg="blue"))
            continue
        shown += [_removed(line, gutter) for line in old[i:i_stop]]
        shown += _added(new[j:j_stop], j + 1, gutter)
    return [*shown, bar(gutter)]


def _lines(text: str) -> list[str]:
    return [line.rstrip("\r") for line in text.split("\n")]


def _removed(line: str, gutter: int) -> str:
    return " " * gutter + click.style(f" - {printable(line)}".rstrip(), fg="red")


def _added(lines: list[str], first: int, gutter: int) -> Iterator[str]:
    for number, line in enumerate(lines, first):
        mark = click.style(f"+ {printable(line)}".rstrip(), fg="green")
        yield f"{click.style(f'{number:>{gutter}}', fg='blue')} {mark}"


def bar(gutter: int) -> str:
    """The empty line of an excerpt."""
    return click.style(" " * gutter + " |", fg="blue")


def numbered(number: int, gutter: int, mark: str, line: str) -> str:
    """A line of an excerpt."""
    return f"{click.style(f'{number:>{gutter}} {mark}', fg='blue')} {line}".rstrip()


def printable(line: str) -> str:
    """A line of source that cannot move the cursor or colour a terminal."""
    return "".join(char if char == "\t" or char.isprintable() else "\ufffd" for char in line)


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(map(_cells, text))


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
