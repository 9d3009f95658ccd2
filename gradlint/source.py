"""One source file: its text, its syntax tree, and the way from positions to spans."""

from __future__ import annotations

import ast
import io
import os
import tokenize
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gradlint.errors import GradlintError
from gradlint.notebooks import cells, splice
from gradlint.notebooks.cells import Notebook, moved
from gradlint.span import Edit, Span, apply_edits, line_offsets
from gradlint.writing import write_whole

if TYPE_CHECKING:
    from libcst.metadata import MetadataWrapper


@dataclass(frozen=True)
class Source:
    """A parsed file. `path` is as the user wrote it; `text` keeps its line endings.

    Of a notebook, `text` is all its cells in order; lines are counted in it, and told by cell.
    """

    path: str
    text: str
    encoding: str = "utf-8"
    filename: str = ""  # absolute, and the same wherever the process works
    notebook: Notebook | None = None

    def __post_init__(self) -> None:
        if not self.filename:
            object.__setattr__(self, "filename", os.path.abspath(self.path))

    @classmethod
    def read(cls, path: str) -> Source:
        """The file at `path`. Raises GradlintError where it cannot be read or decoded."""
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise GradlintError(
                f"cannot read: {error.strerror}", "check the path and its permissions"
            ) from error
        try:
            if path.endswith(cells.SUFFIX):
                encoding = "utf-8-sig" if data.startswith(BOM_UTF8) else "utf-8"
                notebook = cells.read(data.decode(encoding))
                return cls(path, notebook.text, encoding, os.path.abspath(path), notebook)
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            return cls(path, data.decode(encoding), encoding, os.path.abspath(path))
        except (SyntaxError, UnicodeDecodeError, LookupError) as error:
            raise GradlintError(
                "cannot decode the file", "save it as UTF-8, or declare its encoding in line 1"
            ) from error

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree. Raises GradlintError where the file does not parse."""
        try:
            return ast.parse(self.text, self.path)
        except SyntaxError as error:
            where = f" in {self.where(error.lineno)}" if error.lineno else ""
            raise GradlintError(f"syntax error{where}: {error.msg}", "mend the syntax") from error
        except (ValueError, RecursionError, MemoryError) as error:
            raise GradlintError(f"cannot parse: {error}", "is this a Python file?") from error

    @cached_property
    def module(self) -> MetadataWrapper:
        """The concrete syntax tree with positions, for rewrites."""
        import libcst
        from libcst.metadata import MetadataWrapper

        return MetadataWrapper(libcst.parse_module(self.text), unsafe_skip_copy=True)

    @cached_property
    def _offsets(self) -> list[int]:
        return line_offsets(self.text)

    def line(self, number: int) -> str:
        """The text of a line, without its end."""
        return self.text[self._offsets[number - 1] : self._line_stop(number)].rstrip("\r\n")

    def _line_stop(self, number: int) -> int:
        return self._offsets[number] if number < len(self._offsets) else len(self.text)

    def column(self, line: int, byte_column: int) -> int:
        """The 1-based column in code points of a 0-based column in UTF-8 bytes."""
        text = self.text[self._offsets[line - 1] : self._line_stop(line)]
        if text.isascii():
            return byte_column + 1
        return len(text.encode()[:byte_column].decode(errors="ignore")) + 1

    def place(self, line: int, column: int, end_line: int, end_column: int) -> Span:
        """The span of a place as `ast` and code objects give it: columns in bytes from 0."""
        return Span(
            self.path, line, self.column(line, column), end_line, self.column(end_line, end_column)
        )

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """Where a node of `tree` stands."""
        return self.place(
            node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0
        )

    def text_of(self, span: Span) -> str:
        """The text of a span."""
        start = self._offsets[span.line - 1] + span.column - 1
        return self.text[start : self._offsets[span.end_line - 1] + span.end_column - 1]

    def where(self, line: int) -> str:
        """A line in words: "line 7", or "cell 3, line 7" of a notebook."""
        if self.notebook is None:
            return f"line {line}"
        cell, before = self.notebook.place(line)
        return f"cell {cell.number}, line {line - before}"

    def shown(self, span: Span) -> tuple[int | None, Span]:
        """A span as people count it: the number of the notebook's cell, and the span in it."""
        if self.notebook is None:
            return None, span
        cell, before = self.notebook.place(span.line)
        return cell.number, moved(span, before)

    def shown_edit(self, edit: Edit) -> tuple[int | None, Edit]:
        """An edit as it is made by hand: the number of the notebook's cell, and the edit in it."""
        if self.notebook is None:
            return None, edit
        cell, local = self.notebook.local(edit)
        return cell.number, local

    def changes(self, after: Source) -> Iterator[tuple[str, str, str]]:
        """What differs: the name of the file or the cell, its text, and that of `after`."""
        if self.notebook is None or after.notebook is None:
            yield self.path, self.text, after.text
            return
        for old, new in self.notebook.changes(after.notebook):
            yield f"{self.path}:cell {old.number}", old.written, new.written

    def edited(self, edits: Iterable[Edit]) -> Source:
        """This file with the edits that concern it."""
        ours = [edit for edit in edits if edit.span.path == self.path]
        if self.notebook is not None:
            notebook = self.notebook.edited(ours)
            return replace(self, text=notebook.text, notebook=notebook)
        return replace(self, text=apply_edits(self.text, ours))

    def write(self, before: Source) -> None:
        """Write this text in place of `before`, whole or not at all.

        Raises GradlintError where the file is no longer what `before` holds.
        """
        now = Source.read(self.filename)
        if (now.text, now.notebook) != (before.text, before.notebook):
            raise GradlintError(
                "the file has changed since it was read", "nothing was written; run gradlint again"
            )
        try:
            write_whole(Path(self.filename), self._data())
        except OSError as error:
            raise GradlintError(
                f"cannot write: {error.strerror}", "check the file's permissions"
            ) from error

    def _data(self) -> bytes:
        """The bytes of the file with this text; what else is in a notebook is as it is now."""
        text = self.text
        if self.notebook is not None:
            raw = Path(self.filename).read_bytes().decode(self.encoding)
            text = splice.spliced(raw, {each.number: each.written for each in self.notebook.cells})
        return text.encode(self.encoding)
