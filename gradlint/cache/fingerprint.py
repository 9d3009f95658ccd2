"""What the result of a job depends on, as one short text: another one, and it is measured anew."""

from __future__ import annotations

import ast
import hashlib
import inspect
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path

from gradlint.job import Job
from gradlint.rule import Rule
from gradlint.source import Source

_PACKAGE = Path(__file__).parent.parent
_KINDS = (".py", ".ipynb", ".yaml", ".yml", ".json", ".toml")  # that count in a folder
_LARGE = 2**24  # bytes; of a larger file size and time stand for its content


def fingerprint(job: Job) -> str:
    """Of the model and how it is examined, of gradlint itself and of what is installed."""
    return _digest("\0".join((*_program(), *map(_rule, job.rules), *_texts(job))))


def content(path: str) -> str:
    """Of a file what it holds, of a folder what code and data lie in it; "" where there is none."""
    try:
        if os.path.isdir(path):
            return _digest("\0".join(sorted(filter(_counts, os.listdir(path)))))
        found = os.stat(path)
        if found.st_size > _LARGE:
            return f"{found.st_size} {found.st_mtime_ns}"
        return _digest(Path(path).read_bytes())
    except OSError:
        return ""


def _counts(name: str) -> bool:
    return name.endswith(_KINDS)


def _texts(value: object) -> Iterator[str]:
    """A value and all in it, in an order that is always the same."""
    match value:
        case ast.AST():
            yield ast.dump(value, include_attributes=True)
        case Source():
            yield from (value.path, value.text)
        case Rule():
            pass
        case Mapping():
            yield from (text for item in value.items() for text in _texts(item))
        case tuple() | list():
            yield f"{len(value)}"
            yield from (text for item in value for text in _texts(item))
        case _ if is_dataclass(value):
            yield from (t for field in fields(value) for t in _texts(getattr(value, field.name)))
        case _:
            yield repr(value)


@cache
def _program() -> tuple[str, ...]:
    """The gradlint, the Python and the packages that do the work."""
    own = [_digest(path.read_bytes()) for path in sorted(_PACKAGE.rglob("*.py"))]
    folders = [folder for folder in sys.path if os.path.isdir(folder)]
    names = {name for folder in folders for name in os.listdir(folder)}
    packages = sorted(name for name in names if name.endswith((".dist-info", ".egg-info")))
    return (sys.version, platform.system(), platform.machine(), *own, *packages)


def _rule(rule: Rule) -> str:
    """A rule as it is configured, and its code, which may be of another package."""
    return "\0".join((rule.code, *_texts(vars(rule)), _code(type(rule))))


@cache
def _code(rule: type[Rule]) -> str:
    files = sorted(Path(inspect.getfile(rule)).parent.glob("*.py"))
    return "\0".join(_digest(file.read_bytes()) for file in files)


def _digest(data: str | bytes) -> str:
    raw = data.encode(errors="surrogateescape") if isinstance(data, str) else data
    return hashlib.sha256(raw).hexdigest()
