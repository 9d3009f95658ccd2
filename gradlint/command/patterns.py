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


def verdict(patterns: Iterable[str], path: str, root: str | Path) -> bool | None:
    """The same; None where no pattern says anything, False where the last that does says not."""
    patterns = tuple(patterns)
    name = inside(path, root) if patterns else None
    if not name:
        return None
    slash = "/" if path.endswith("/") else ""
    return _spec(patterns).check_file(name + slash).include


def inside(path: str, root: str | Path) -> str | None:
    """The path from a folder, with slashes; None where it does not lie in it."""
    absolute, base = os.path.abspath(path), os.path.join(os.path.abspath(root), "")
    if os.path.join(absolute, "") == base:
        return ""
    return absolute[len(base) :].replace(os.sep, "/") if absolute.startswith(base) else None


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
