"""The repository that a file lies in: its other files, read where something asks for them."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeVar

from gradlint.discovery.layout import MARKS
from gradlint.discovery.outline import Definition, Outline
from gradlint.errors import GradlintError
from gradlint.source import Source

SKIPPED = {"node_modules", "build", "dist", "site-packages", "venv", "env", "__pycache__"}
MOST_FILES = 500
MOST_BYTES = 10_000_000
LONGEST = 500_000  # bytes of a file that is read: more was not written by hand
T = TypeVar("T")
DEEPEST = 6  # re-exports that are followed


def repository_root(file: str | Path) -> Path:
    """The nearest folder upward that looks like a repository's root, else the file's own."""
    folder = Path(os.path.abspath(file)).parent
    beyond = {Path.home(), Path(folder.anchor)}
    for candidate in (folder, *folder.parents):
        if candidate in beyond:
            break
        if any((candidate / mark).exists() for mark in MARKS):
            return candidate
    return folder


@lru_cache(maxsize=8)
def repository_of(root: Path) -> Repository:
    """The repository with this root, read once a process."""
    return Repository(root)


class Repository:
    """The Python files below a root. They are listed, read and parsed as late as possible."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._outlines: dict[str, Outline | None] = {}

    @cached_property
    def texts(self) -> dict[str, str]:
        """The text of each file, by its absolute name."""
        found: dict[str, str] = {}
        size = 0
        for name in self._names():
            if len(found) >= MOST_FILES or size >= MOST_BYTES:
                break
            try:
                if (length := os.path.getsize(name)) <= LONGEST:
                    found[name] = Source.read(name).text
                    size += length
            except (OSError, GradlintError):
                continue
        return found

    def _names(self) -> Iterator[str]:
        """The files, those near the root first; of a folder without a mark only its own."""
        marked = any((self.root / mark).exists() for mark in MARKS)
        waiting = [str(self.root)]
        for folder in waiting:
            entries = _entries(folder)
            yield from (e.path for e in entries if e.name.endswith(".py") and e.is_file())
            if marked:
                waiting += [e.path for e in entries if _is_searched(e)]

    def relative(self, file: str) -> str:
        """How a file of the repository is named to people."""
        return Path(file).relative_to(self.root).as_posix()

    def mentioning(self, *words: str) -> Iterator[str]:
        """The files in whose text all the words occur."""
        return (name for name, text in self.texts.items() if all(w in text for w in words))

    def outline(self, file: str) -> Outline | None:
        """The definitions of a file of the repository; None where it does not parse."""
        if file not in self._outlines:
            self._outlines[file] = self._parsed(file)
        return self._outlines[file]

    def _parsed(self, file: str) -> Outline | None:
        try:
            outline = Outline(Source.read(file), self)
        except (GradlintError, RecursionError):
            return None
        return outline

    def find(self, outline: Outline, dotted: str) -> Definition | None:
        """The class or function that a dotted name stands for in a file."""
        return self._named(outline, dotted, DEEPEST, _definition)

    def table(self, outline: Outline, dotted: str) -> tuple[Outline, ast.Dict] | None:
        """The dictionary of another file that a dotted name stands for, and that file."""
        return self._named(outline, dotted, DEEPEST, _table)

    def _named(
        self, outline: Outline, dotted: str, depth: int, pick: Callable[[Outline, str], T | None]
    ) -> T | None:
        module, name = _split(dotted)
        modules = [module] if module else outline.starred
        files = (file for m in modules for file in self._files(outline.source.filename, m))
        found = (self._in(file, name, depth - 1, pick) for file in files if depth)
        return next((definition for definition in found if definition is not None), None)

    def _in(
        self, file: str, name: str, depth: int, pick: Callable[[Outline, str], T | None]
    ) -> T | None:
        """A definition of a file, its own or one that it imports itself."""
        outline = self.outline(file)
        if outline is None:
            return None
        found = pick(outline, name)
        if found is not None:
            return found
        return self._named(outline, outline.aliases.get(name, name), depth, pick)

    def _files(self, file: str, module: str) -> Iterator[str]:
        """The files that a module's dotted name may stand for, as seen from a file."""
        path = module.lstrip(".").replace(".", "/")
        folder = Path(file).parent
        level = len(module) - len(module.lstrip("."))
        bases = [folder, *folder.parents]
        for base in bases[level - 1 : level] if level else self._within(bases):
            for name in (f"{base}/{path}.py", f"{base}/{path}/__init__.py"):
                if os.path.isfile(name):
                    yield os.path.normpath(name)

    def _within(self, folders: list[Path]) -> list[Path]:
        inside = [f for f in folders if f == self.root or self.root in f.parents]
        return [*inside, self.root / "src"]


def _definition(outline: Outline, name: str) -> Definition | None:
    node = outline.definitions.get(name)
    return Definition(outline, node) if node is not None else None


def _table(outline: Outline, name: str) -> tuple[Outline, ast.Dict] | None:
    table = outline.tables.get(name)
    return (outline, table) if table is not None else None


def _split(dotted: str) -> tuple[str, str]:
    """The module and the name in it: ".net.Net" is ".net" and "Net", ".Net" is "." and "Net"."""
    module, _, name = dotted.rpartition(".")
    dots = len(dotted) - len(dotted.lstrip("."))
    return module if len(module) >= dots else "." * dots, name


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_searched(entry: os.DirEntry[str]) -> bool:
    """Whether a folder may hold the author's code: none that is hidden, built or installed."""
    if (
        entry.name.startswith(".")
        or entry.name in SKIPPED
        or not entry.is_dir(follow_symlinks=False)
    ):
        return False
    return not os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))
