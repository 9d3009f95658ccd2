"""A Jupyter notebook as one Python text: its code cells in order, and the way back to them."""

from __future__ import annotations

import ast
import json
from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from gradlint.errors import GradlintError
from gradlint.notebooks.magics import plain
from gradlint.span import Edit, Span, apply_edits, line_offsets

SUFFIX = ".ipynb"
_APART = "\n\n"  # a line of nobody's between two cells, so that none ends where the next begins
_WORDS = ("torch", "gradlint_model")  # without them nothing in a notebook is of interest
_NOT_JSON = "save it in Jupyter, or leave it out"


@dataclass(frozen=True)
class Cell:
    """A cell of Python."""

    number: int  # among all cells of the notebook, from 1
    written: str  # as the notebook has it, magics included

    @cached_property
    def plain(self) -> str | None:
        """The cell as Python, None where it is none."""
        return plain(self.written)

    def end(self, path: str) -> Span:
        """The place behind the last character."""
        last = self.written[max(self.written.rfind("\n"), self.written.rfind("\r")) + 1 :]
        line, column = _lines(self.written + "\n"), len(last) + 1
        return Span(path, line, column, line, column)

    def parses(self) -> bool:
        """Whether it is Python, magics apart."""
        try:
            return self.plain is not None and ast.parse(self.plain) is not None
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False


@dataclass(frozen=True)
class Notebook:
    """The cells that are read, in order."""

    cells: tuple[Cell, ...]

    @cached_property
    def text(self) -> str:
        """All cells as one text of plain Python."""
        return "".join(f"{cell.plain}{_APART}" for cell in self.cells)

    @cached_property
    def _starts(self) -> list[int]:
        """The line of the text that each cell begins in."""
        starts = [1]
        for cell in self.cells:
            starts.append(starts[-1] + _lines(f"{cell.written}{_APART}"))
        return starts

    def place(self, line: int) -> tuple[Cell, int]:
        """The cell that a line of the text belongs to, and the number of its line before that."""
        index = min(bisect(self._starts, line), len(self.cells)) - 1
        return self.cells[index], self._starts[index] - 1

    def local(self, edit: Edit) -> tuple[Cell, Edit]:
        """An edit of the text as one of a cell. Raises ValueError where it spans several."""
        cell, before = self.place(edit.span.line)
        if self.place(edit.span.end_line)[0] != cell:
            raise ValueError(f"the edit spans several cells: {edit}")
        span, end = moved(edit.span, before), cell.end(edit.span.path)
        if span.line > end.line:  # new lines below the last, which has no line end
            return cell, Edit(end, "\n" + edit.text.rstrip("\r\n"))
        if span.end_line > end.line:
            span = replace(span, end_line=end.line, end_column=end.column)
        return cell, Edit(span, edit.text)

    def edited(self, edits: Iterable[Edit]) -> Notebook:
        """The notebook with edits of its text. Raises ValueError for edits that overlap."""
        ours: dict[Cell, list[Edit]] = {}
        for edit in set(edits):
            cell, local = self.local(edit)
            ours.setdefault(cell, []).append(local)
        return Notebook(
            tuple(
                replace(cell, written=apply_edits(cell.written, ours.get(cell, ())))
                for cell in self.cells
            )
        )

    def changes(self, after: Notebook) -> Iterator[tuple[Cell, Cell]]:
        """The cells that differ, before and after."""
        pairs = zip(self.cells, after.cells, strict=True)
        return ((old, new) for old, new in pairs if old != new)


def moved(span: Span, lines: int) -> Span:
    """A span so many lines further up."""
    return replace(span, line=span.line - lines, end_line=span.end_line - lines)


def _lines(text: str) -> int:
    """How many line ends there are."""
    return len(line_offsets(text)) - 1


def read(raw: str) -> Notebook:
    """The notebook in a JSON text. Raises GradlintError where there is none."""
    if not any(word in raw for word in _WORDS):
        return Notebook(())
    try:
        document = json.loads(raw)
        cells = [_cell(n, each) for n, each in enumerate(document["cells"], 1)]
        foreign = "python" not in _language(document.get("metadata", {}))
    except (ValueError, RecursionError) as error:
        raise GradlintError(f"is not a notebook: {error}", _NOT_JSON) from error
    except (AttributeError, KeyError, TypeError) as error:
        hint = "convert it: jupyter nbconvert --to notebook --inplace"
        raise GradlintError("is not a notebook of format 4: it has no cells", hint) from error
    read = [] if foreign else [cell for cell in cells if cell is not None and cell.plain]
    parsed = tuple(cell for cell in read if cell.parses())
    if read and not parsed:
        raise GradlintError("none of its cells parses", "is this a notebook of Python 3?")
    return Notebook(parsed)


def _cell(number: int, cell: dict[str, Any]) -> Cell | None:
    if cell["cell_type"] != "code":
        return None
    return Cell(number, "".join(cell["source"]))


def _language(metadata: dict[str, Any]) -> str:
    kernel, language = (metadata.get(key, {}) for key in ("kernelspec", "language_info"))
    return str(language.get("name") or kernel.get("language") or "python").lower()
