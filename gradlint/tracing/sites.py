"""Which expression of the user's source is running: from Python frames to spans."""

from __future__ import annotations

import itertools
import os
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path
from types import CodeType, FrameType

import torch

import gradlint
from gradlint.errors import GradlintError
from gradlint.source import Source
from gradlint.span import Span

_OURS = str(Path(gradlint.__file__).resolve().parent)
_TORCH = str(Path(torch.__file__).resolve().parent)
_FOREIGN = (
    _OURS,
    _TORCH,
    sysconfig.get_path("stdlib"),
    sysconfig.get_path("purelib"),
    sysconfig.get_path("platlib"),
    "<",
)


class Sites:
    """The user's files, and the way from a running frame to an expression in them.

    The file that is checked is the user's even where it is an installed package;
    of other files those beside it or below it are.
    """

    def __init__(self, source: Source) -> None:
        self.checked = source
        self._path = source.path  # from where the user is, which is not where the child works
        self._folder = os.path.dirname(source.filename)
        self.sources: dict[str, Source] = {source.path: source}
        self._of_file: dict[str, Source | None] = {source.filename: source}
        self._places: dict[tuple[CodeType, int], Span | None] = {}

    def here(self, module: object = None) -> tuple[Span, ...]:
        """The user's expressions that are running now, innermost first.

        Constructors of `module` itself are passed over: what counts is who called them.
        """
        spans = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and module is not None and _constructs(frame, module):
            frame = frame.f_back
        while frame is not None:
            if span := self._place(frame):
                spans.append(span)
            frame = frame.f_back
        return tuple(spans)

    def _place(self, frame: FrameType) -> Span | None:
        key = (frame.f_code, frame.f_lasti)
        if key not in self._places:
            self._places[key] = self._locate(frame)
        return self._places[key]

    def _locate(self, frame: FrameType) -> Span | None:
        source = self._source(frame.f_code.co_filename)
        if source is None:
            return None
        positions = frame.f_code.co_positions()
        line, end_line, column, end_column = next(
            itertools.islice(positions, frame.f_lasti // 2, None), (None,) * 4
        )
        if line is None or end_line is None or column is None or end_column is None:
            return None
        return source.place(line, column, end_line, end_column)

    def _source(self, filename: str) -> Source | None:
        if filename not in self._of_file:
            self._of_file[filename] = self._read(filename)
        return self._of_file[filename]

    def _read(self, filename: str) -> Source | None:
        inside = os.path.abspath(filename).startswith(self._folder + os.sep)
        if filename.startswith(_FOREIGN) or not inside:
            return None
        try:
            found = Source.read(filename)
        except GradlintError:
            return None
        beside = os.path.relpath(filename, self._folder)
        path = os.path.normpath(os.path.join(os.path.dirname(self._path), beside))
        source = replace(found, path=Path(path).as_posix())
        self.sources[source.path] = source
        return source


def _constructs(frame: FrameType, module: object) -> bool:
    """Whether the frame is a method of `module`, or our own wrapper of its constructor."""
    code = frame.f_code
    if ours(frame):
        return True
    if code.co_argcount == 0:
        return False
    return frame.f_locals.get(code.co_varnames[0]) is module


def ours(frame: FrameType) -> bool:
    """Whether the frame runs code of gradlint."""
    return frame.f_code.co_filename.startswith(_OURS)


def in_torch(frame: FrameType) -> bool:
    """Whether the frame runs code of torch itself."""
    return frame.f_code.co_filename.startswith(_TORCH)
