"""Where a file stands in its repository: its package, and the folders that it imports from."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gradlint.source import Source

MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt")
SOURCES = ("src", "lib", "code", "python")
_HIGHEST = 4  # so many folders above a file may belong to it where nothing marks a repository


@dataclass(frozen=True)
class Layout:
    """The surroundings of one file."""

    package: tuple[str, ...]  # the folders that are packages around it, outermost first
    above: tuple[Path, ...]  # the folders around it up to the repository root, nearest first

    @property
    def folders(self) -> list[str]:
        """Where imports are looked up first: a script's folder, or the one that has the package."""
        folder, root = self.above[0], self.above[-1]
        outer = folder.parents[len(self.package) - 1] if self.package else folder
        return list(dict.fromkeys(str(path) for path in (outer, root, root / "src", folder)))

    @property
    def further(self) -> list[Path]:
        """Where they are looked up after that, nearest first."""
        return [path / name for path in self.above for name in ("", *SOURCES)]


def layout(source: Source) -> Layout:
    """The surroundings of a file, by what lies around it and by its own relative imports."""
    folder = Path(source.filename).parent
    package = tuple(_package(source, folder))
    above = list(_above(folder))
    for outer in folder.parents[: len(package)]:
        above += [outer] if outer not in above else []
    return Layout(package, tuple(above))


def _package(source: Source, folder: Path) -> list[str]:
    levels = [n.level for n in ast.walk(source.tree) if isinstance(n, ast.ImportFrom)]
    parts: list[str] = []
    while folder.name and (
        len(parts) < max(levels, default=0) or (folder / "__init__.py").exists()
    ):
        parts.insert(0, folder.name)
        folder = folder.parent
    return parts


def _above(folder: Path) -> Iterator[Path]:
    """The folder and those above it, up to the one that is marked as a repository."""
    around = [path for path in (folder, *folder.parents) if path not in (Path.home(), Path("/"))]
    marks = [[mark for mark in MARKS if (path / mark).exists()] for path in around]
    versioned = [n for n, found in enumerate(marks) if ".git" in found]
    marked = [n for n, found in enumerate(marks) if found]
    highest = [*versioned, *marked, _HIGHEST][0]
    yield from around[: highest + 1] or [folder]
