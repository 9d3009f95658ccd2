"""Places in a file, and edits of them.

Lines and columns count from 1, columns in Unicode code points, ends exclusive.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Span:
    """One stretch of text in one file; an empty stretch is a place to insert at."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def start(self) -> Span:
        """The empty span just before this one."""
        return Span(self.path, self.line, self.column, self.line, self.column)

    @property
    def end(self) -> Span:
        """The empty span just after this one."""
        return Span(self.path, self.end_line, self.end_column, self.end_line, self.end_column)

    def contains(self, other: Span) -> bool:
        """Whether `other` lies inside this span (a span contains itself)."""
        return (
            self.path == other.path
            and (self.line, self.column) <= (other.line, other.column)
            and (other.end_line, other.end_column) <= (self.end_line, self.end_column)
        )

    def overlaps(self, other: Span) -> bool:
        """Whether the two share a character, or insert at the same place."""
        if self.path != other.path:
            return False
        if self == other:
            return True
        ours = (self.line, self.column), (self.end_line, self.end_column)
        theirs = (other.line, other.column), (other.end_line, other.end_column)
        return ours[0] < theirs[1] and theirs[0] < ours[1]


@dataclass(frozen=True, order=True)
class Edit:
    """Replace the text of `span` by `text`."""

    span: Span
    text: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; edits of one file, not overlapping.

    Raises ValueError for edits that overlap: such a set is a mistake of its maker.
    """
    ordered = sorted(set(edits))
    for first, second in zip(ordered, ordered[1:], strict=False):
        if first.span.overlaps(second.span):
            raise ValueError(f"edits overlap: {first} and {second}")
    offsets = line_offsets(text)
    for edit in reversed(ordered):
        start = offsets[edit.span.line - 1] + edit.span.column - 1
        stop = offsets[edit.span.end_line - 1] + edit.span.end_column - 1
        text = text[:start] + edit.text + text[stop:]
    return text


def line_offsets(text: str) -> list[int]:
    """The offset of each line's first character, and of the end of the text.

    Lines end where Python's parser ends them: at line feeds and carriage returns only.
    """
    offsets = [0]
    index = 0
    while index < len(text):
        if text[index] == "\r" and text[index + 1 : index + 2] == "\n":
            index += 1
            offsets.append(index + 1)
        elif text[index] in "\r\n":
            offsets.append(index + 1)
        index += 1
    if offsets[-1] != len(text):
        offsets.append(len(text))
    return offsets
