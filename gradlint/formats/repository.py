"""Paths as a code host names them: from the root of the repository."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote


def in_repository(path: str) -> str:
    """The path from the repository's root, or as it is where there is no repository."""
    absolute = Path(os.path.abspath(path))
    root = next((folder for folder in absolute.parents if (folder / ".git").exists()), None)
    return absolute.relative_to(root).as_posix() if root else Path(path).as_posix()


def uri(path: str) -> str:
    """The path as a URI: relative, or with its scheme where it leads out of the root."""
    named = in_repository(path)
    if Path(named).is_absolute():
        return Path(named).as_uri()
    return quote(named, errors="surrogateescape")
