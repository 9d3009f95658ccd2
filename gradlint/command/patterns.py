"""Patterns of paths, written and read as in a .gitignore file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gradlint.errors import GradlintError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def check_pattern(pattern: str, where: str) -> None:
    """Raise GradlintError for a pattern that means nothing."""
    if not pattern.strip() or not _spec((pattern,)).patterns:
        raise GradlintError(
            f"{where}: '{pattern}' is no pattern", 'write it as in .gitignore: "old/"'
        )


def matched(patterns: tuple[str, ...], path: str, root: Path) -> bool:
    """Whether the patterns mean a path; folders end with a slash. `root` is where they are from."""
    return bool(verdict(patterns, path, root))


def verdict(patterns: Iterable[str], path: str, root: Path) -> bool | None:
    """The same; None where no pattern says anything, False where the last that does says not."""
    patterns = tuple(patterns)
    if not patterns or not is_inside(path, root):
        return None
    name = Path(os.path.relpath(path, root)).as_posix()
    slash = "/" if path.endswith("/") else ""
    return None if name == "." else _spec(patterns).check_file(name + slash).include


def is_inside(path: str, root: Path) -> bool:
    """Whether a path lies in a folder."""
    return Path(os.path.abspath(path)).is_relative_to(os.path.abspath(root))


@cache
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec([])
    for pattern in patterns:
        try:
            spec += GitIgnoreSpec.from_lines([pattern])
        except ValueError:
            continue  # git passes over what it cannot read
    return spec
