"""From what the user names to files: folders are searched, `file.py:Net` is taken apart."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from gradlint.errors import GradlintError

SUFFIXES = (".py", ".ipynb")
SKIPPED = frozenset({"node_modules", "__pycache__", "build", "site-packages"})
_SPEC = re.compile(r"(?P<path>.+\.(?:py|ipynb)):(?P<name>[^:/\\]*)", re.DOTALL)


def split_spec(spec: str) -> tuple[str, str]:
    """The path and the name in `file.py:Net`; the name is empty where only a path is given."""
    found = None if os.path.exists(spec) else _SPEC.fullmatch(spec)
    if found is None:
        return spec, ""
    name = found["name"].removesuffix("()")
    if not all(part.isidentifier() for part in name.split(".")):
        raise GradlintError(f"{spec}: '{name}' is not the name of a model", "write file.py:Net")
    return found["path"], name


def relative(path: str | Path) -> str:
    """The path as reports show it: from the working directory, where it lies in it."""
    absolute = Path(os.path.abspath(path))
    here = Path.cwd()
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else absolute).as_posix()


def python_files(path: str, on_error: Callable[[OSError], object]) -> Iterator[str]:
    """The file itself, or the Python files and notebooks in a folder and below, by name."""
    if not os.path.isdir(path):
        yield relative(path)
        return
    for folder, folders, files in os.walk(path, onerror=on_error):
        folders[:] = sorted(name for name in folders if _is_searched(folder, name))
        for name in sorted(files):
            if name.endswith(SUFFIXES):
                yield relative(os.path.join(folder, name))


def _is_searched(folder: str, name: str) -> bool:
    if name.startswith(".") or name in SKIPPED:
        return False
    inside = os.path.join(folder, name)
    return not any(
        os.path.exists(os.path.join(inside, mark)) for mark in ("pyvenv.cfg", "conda-meta")
    )


def refusal(path: str) -> GradlintError | None:
    """Why a path that the user named cannot be checked."""
    if path == "-":
        return GradlintError("the standard input cannot be checked", "save it to a file")
    if not os.path.exists(path):
        return GradlintError("no such file or directory", "check the path")
    if path.endswith(".pyc"):
        return GradlintError("not a Python source file", "name the .py that it was made from")
    return None
