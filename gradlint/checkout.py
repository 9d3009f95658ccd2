"""The git repository around a file, and how its files are named in it."""

from __future__ import annotations

import os
from pathlib import Path


def top(path: str | Path) -> Path | None:
    """The root of the repository that a folder or a file lies in."""
    absolute = Path(os.path.abspath(path))
    around = (absolute, *absolute.parents)
    return next((folder for folder in around if (folder / ".git").exists()), None)


def in_checkout(path: str) -> str:
    """The path from the repository's root, or as it is where there is no repository."""
    root = top(path)
    named = Path(os.path.abspath(path)).relative_to(root) if root else Path(path)
    return named.as_posix()
