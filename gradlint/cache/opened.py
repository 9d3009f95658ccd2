"""What a child reads of the user's files while it examines a model: a result depends on them."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

_EVENTS = frozenset({"open", "os.listdir", "os.scandir"})
_SYSTEM = ("/proc/", "/sys/", "/dev/")
_INSTALLED = ("site-packages", "dist-packages")


class Opened:
    """Files and folders that this process opens from now on; Python tells of each of them."""

    _deaf: ClassVar[bool] = False

    def __init__(self) -> None:
        self._paths: set[str] = set()
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[object, ...]) -> None:
        if event not in _EVENTS or Opened._deaf:
            return
        if isinstance(path := arguments[0], str | bytes | os.PathLike):
            self._paths.add(os.path.abspath(os.fsdecode(path)))

    @staticmethod
    @contextlib.contextmanager
    def asked_before() -> Iterator[None]:
        """For what the parent asked as well: its answer is a part of the fingerprint."""
        Opened._deaf = True
        try:
            yield
        finally:
            Opened._deaf = False

    @property
    def files(self) -> tuple[str, ...]:
        """Those that neither Python nor an installed package brought, and that still are there."""
        outside = _outside()
        paths = (path for path in self._paths.copy() if not path.startswith(outside))
        read = {_written(path) for path in paths if not _is_installed(path)}
        return tuple(sorted(path for path in read if os.path.exists(path)))


def _written(path: str) -> str:
    """What somebody wrote: of a compiled file its source."""
    if not path.endswith(".pyc"):
        return path
    try:
        return importlib.util.source_from_cache(path)
    except ValueError:
        return path


def _outside() -> tuple[str, ...]:
    """How the files of Python, of gradlint, of the scratch folder and of the system begin."""
    python = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    folders = (*python, _OWN, tempfile.gettempdir())
    return (*(f"{folder}{os.sep}" for folder in folders), *_SYSTEM)


def _is_installed(path: str) -> bool:
    return any(part in _INSTALLED for part in Path(path).parts)


_OWN = str(Path(__file__).parent.parent)
