"""From the command line and the configured targets to requests, one a file and input."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gradlint.command.config import Request
from gradlint.command.exclude import Exclusion
from gradlint.command.paths import python_files, refusal, relative, split_spec
from gradlint.finding import Problem


def collect(
    paths: Sequence[str], targets: Sequence[Request], input: str | None, exclusion: Exclusion
) -> tuple[tuple[Request, ...], tuple[Problem, ...]]:
    """What to check: the paths, or else the configured targets, or else this folder.

    A target's file, named without a model, stands for the targets in it.
    """
    problems: list[Problem] = []
    wanted: list[Request] = []
    for path, name in map(split_spec, paths or (() if targets else (".",))):
        for file in _files(path, exclusion, problems):
            wanted += _wanted(file, name, targets)
    if not paths:
        wanted += [target for target in targets if list(_files(target.path, exclusion, problems))]
    return tuple(_merged(wanted, input)), tuple(problems)


def _files(path: str, exclusion: Exclusion, problems: list[Problem]) -> Iterator[str]:
    error = refusal(path)
    if error is not None:
        problems.append(Problem(relative(path) if path != "-" else path, error.message, error.hint))
        return

    def unreadable(error: OSError) -> None:
        message = f"cannot read: {error.strerror}"
        problems.append(Problem(relative(error.filename), message, "check its permissions"))

    yield from python_files(path, exclusion, unreadable)


def _wanted(file: str, name: str, targets: Iterable[Request]) -> list[Request]:
    ours = [target for target in targets if target.path == file]
    if not name:
        return ours or [Request(file)]
    named = [replace(target, path=file, names=(name,)) for target in ours if name in target.names]
    return named or [Request(file, (name,))]


def _merged(wanted: Iterable[Request], input: str | None) -> Iterator[Request]:
    """Each file once, or once an input and arguments; its named models instead of all."""
    merged: dict[tuple[str, str | None, str], Request] = {}
    paths: dict[str, str] = {}  # by the file that links lead to
    for request in wanted:
        path = paths.setdefault(os.path.realpath(request.path), request.path)
        key = (path, input or request.input, repr(request.init))
        known = merged.setdefault(key, Request(path, (), key[1], request.init))
        names = tuple(dict.fromkeys([*known.names, *request.names]))
        merged[key] = replace(known, names=names)
    return iter(merged.values())
