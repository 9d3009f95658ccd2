"""Sources put into a notebook's JSON: every other byte of it stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gradlint.errors import GradlintError

_SPACE = re.compile(r"[ \t\r\n]*")
_LINE = re.compile(r"(?:[^\\]|\\[^n])*?(?:\\n|\Z)", re.DOTALL)  # of a text as JSON has it
_decode = json.JSONDecoder().raw_decode


def spliced(raw: str, sources: Mapping[int, str]) -> str:
    """The JSON text with other sources for these cells, by their numbers from 1.

    Raises GradlintError where anything else would change.
    """
    plain = raw.isascii()
    done, last = [], 0
    for number, (start, stop) in enumerate(_sources(raw), 1):
        if number in sources:
            done += [raw[last:start], _value(raw[start:stop], sources[number], plain)]
            last = stop
    text = "".join([*done, raw[last:]])
    expected = json.loads(raw)
    for number, source in sources.items():
        expected["cells"][number - 1]["source"] = source
    if _joined(json.loads(text)) != _joined(expected):
        raise GradlintError("cannot edit this notebook", "apply the fix with --diff, by hand")
    return text


def _joined(notebook: dict[str, Any]) -> dict[str, Any]:
    """The same notebook with every source as one text."""
    cells = [{**cell, "source": "".join(cell.get("source", ""))} for cell in notebook["cells"]]
    return {**notebook, "cells": cells}


def _sources(raw: str) -> Iterator[tuple[int, int]]:
    """Where the sources stand, cell by cell."""
    for key, start, _ in _members(raw, _skip(raw, 0)):
        if key == "cells":
            for cell in _elements(raw, start):
                places = {key: (start, stop) for key, start, stop in _members(raw, cell)}
                yield places.get("source", (cell, cell))


def _members(raw: str, start: int) -> Iterator[tuple[str, int, int]]:
    """The keys of the object that begins here, each with the place of its value."""
    index = _skip(raw, start + 1)
    while raw[index] == '"':
        key, index = _decode(raw, index)
        begin = _skip(raw, _skip(raw, index) + 1)
        _, stop = _decode(raw, begin)
        yield key, begin, stop
        index = _next(raw, stop)


def _elements(raw: str, start: int) -> Iterator[int]:
    """Where the elements of the array that begins here begin."""
    index = _skip(raw, start + 1)
    while raw[index] != "]":
        yield index
        index = _next(raw, _decode(raw, index)[1])


def _next(raw: str, stop: int) -> int:
    """The next element or member, or the bracket that closes."""
    index = _skip(raw, stop)
    return _skip(raw, index + 1) if raw[index] == "," else index


def _skip(raw: str, index: int) -> int:
    found = _SPACE.match(raw, index)
    return found.end() if found else index


def _value(old: str, source: str, plain: bool) -> str:
    """A source in the style of the old one: one text, or a list of lines."""
    lines = source.splitlines(keepends=True)
    if old.startswith('"'):
        pieces = [piece for piece in _LINE.findall(old[1:-1]) if piece]
        return '"' + "".join(_kept(pieces, lines, plain)) + '"'
    places = [(index, _decode(old, index)[1]) for index in _elements(old, 0)]
    if not places:
        return json.dumps(lines, ensure_ascii=plain)
    first, last = places[0][0], places[-1][1]
    between = old[places[0][1] : places[1][0]] if len(places) > 1 else "," + (old[1:first] or " ")
    pieces = _kept([old[start + 1 : stop - 1] for start, stop in places], lines, plain)
    return old[:first] + between.join(f'"{piece}"' for piece in pieces) + old[last:]


def _kept(old: list[str], lines: list[str], plain: bool) -> list[str]:
    """The lines as JSON writes them; those that stay at the top and the bottom as they were."""
    known = [json.loads(f'"{piece}"') for piece in old]
    top = _same(known, lines)
    bottom = _same(known[top:][::-1], lines[top:][::-1])
    fresh = lines[top : len(lines) - bottom]
    written = [json.dumps(line, ensure_ascii=plain)[1:-1] for line in fresh]
    return [*old[:top], *written, *old[len(old) - bottom :]]


def _same(first: list[str], second: list[str]) -> int:
    """How many lines two texts begin with alike."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((n for n, (one, two) in pairs if one != two), min(len(first), len(second)))
