"""Configuration files of a repository, read as plain data; nothing in them is run."""

from __future__ import annotations

import importlib
import json
import math
import os
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from gradlint.discovery.repository import repository_root

LARGEST = 100_000  # bytes of a file
MOST = 5_000  # values of a file, each use of a YAML alias counted
DEEPEST = 30


@dataclass(frozen=True)
class Known:
    """A value that is known without running anything, and the data file that says it."""

    value: Any
    file: str = ""
    wrapped: bool = False  # what holds it answers attributes: OmegaConf

    @property
    def is_whole(self) -> bool:
        """Whether the value is what the script has: no part of it is wrapped."""
        return not self.wrapped or not isinstance(self.value, dict | list)


@lru_cache(maxsize=64)
def read(name: str, kind: str, script: str) -> Known | None:
    """The data of a file inside the repository of a script, named from its folder or the root."""
    root = Path(os.path.realpath(repository_root(script)))
    for folder in (Path(script).parent, root):
        path = Path(os.path.realpath(folder / name))
        if root in path.parents and path.is_file():
            return _parsed(path, kind, path.relative_to(root).as_posix())
    return None


def _parsed(path: Path, kind: str, told: str) -> Known | None:
    try:
        if path.stat().st_size > LARGEST:
            return None
        value = _PARSERS[kind](path.read_text(encoding="utf-8"))
    except (ImportError, OSError, ValueError, RecursionError):
        return None
    return Known(value, told) if _is_plain(value) else None


def _yaml(text: str) -> Any:
    yaml = importlib.import_module("yaml")

    class Loader(yaml.SafeLoader):  # type: ignore[name-defined, misc]
        def flatten_mapping(self, node: Any) -> None:
            super().flatten_mapping(node)
            if len(node.value) > MOST:  # merged mappings of merged mappings
                raise ValueError("too many keys")

    try:
        return yaml.load(text, Loader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


_PARSERS: dict[str, Callable[[str], Any]] = {
    "yaml": _yaml,
    "json": json.loads,
    "toml": tomllib.loads,
}


def _is_plain(value: object) -> bool:
    """Whether data can be written as a literal of a bearable size."""
    values = _values(value, DEEPEST)
    return all(plain for _, plain in zip(range(MOST + 1), values, strict=False)) and not any(
        True for _ in values
    )


def _values(value: object, depth: int) -> Iterator[bool]:
    """For each value inside, whether it is plain."""
    if isinstance(value, dict | list) and depth:
        for inner in value if isinstance(value, list) else (*value.keys(), *value.values()):
            yield from _values(inner, depth - 1)
    elif isinstance(value, float):
        yield math.isfinite(value)
    else:
        yield value is None or isinstance(value, str | int)
