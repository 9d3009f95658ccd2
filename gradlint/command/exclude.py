"""Which files and folders a search leaves out: what is excluded, and what git ignores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gradlint import checkout
from gradlint.command.patterns import inside, verdict

DEFAULT = (
    ".*/",
    "__pycache__/",
    "__pypackages__/",
    "build/",
    "dist/",
    "node_modules/",
    "site-packages/",
)
_ENVIRONMENT = ("pyvenv.cfg", "conda-meta")  # marks of a virtual environment


@dataclass(frozen=True)
class Exclusion:
    """What to leave out: patterns, each group with the folder that it is relative to.

    What the user names is checked all the same, unless `force` is set.
    """

    groups: tuple[tuple[Path, tuple[str, ...]], ...] = ()
    gitignore: bool = True
    force: bool = False

    def refuses(self, path: str) -> bool:
        """Whether a path that the user named is left out."""
        slash = "/" if os.path.isdir(path) else ""
        return self.force and any(verdict(p, path + slash, root) for root, p in self.groups)

    def below(self, folder: str) -> Callable[[str], bool]:
        """Whether a path in that folder is left out; folders end with a slash.

        Patterns that leave the folder itself out, and patterns from elsewhere, are read as if
        it were the root.
        """
        top, named = Path(folder), f"{folder}/"
        groups = [(top if verdict(p, named, root) else root, p) for root, p in self.groups]
        outermost = (checkout.top(top) or top) if self.gitignore else None
        if outermost is not None and _ignored(named, outermost):
            outermost = top

        def excluded(path: str) -> bool:
            for root, patterns in groups:
                if verdict(patterns, path, top if inside(path, root) is None else root):
                    return True
            if path.endswith("/") and any(os.path.exists(path + mark) for mark in _ENVIRONMENT):
                return True
            return outermost is not None and _ignored(path, outermost)

        return excluded


def _ignored(path: str, outermost: Path) -> bool:
    """Whether git ignores a path: of several files that speak of it the innermost is right."""
    for folder in _folders(path, os.path.abspath(outermost)):
        said = verdict(_gitignore(folder), path, folder)
        if said is not None:
            return said
    return False


def _folders(path: str, outermost: str) -> Iterator[str]:
    """The folders around a path, inmost first."""
    folder = os.path.dirname(os.path.abspath(path))
    while inside(folder, outermost) is not None:
        yield folder
        if folder == outermost:
            return
        folder = os.path.dirname(folder)


@cache
def _gitignore(folder: str) -> tuple[str, ...]:
    lines: list[str] = []
    for name in (".git/info/exclude", ".gitignore"):
        try:
            text = Path(folder, name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        lines += text.splitlines()
    return tuple(lines)
