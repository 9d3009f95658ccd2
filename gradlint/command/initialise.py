"""`gradlint init`: the targets of a report as entries of the configuration, to be filled in."""

from __future__ import annotations

import ast
import math
import os
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradlint.command.config import Config, Request
from gradlint.command.paths import relative
from gradlint.command.toml import SHARED, key, written
from gradlint.errors import GradlintError
from gradlint.finding import ModelReport, Status
from gradlint.formats.view import one_line
from gradlint.target import Argument
from gradlint.writing import write_whole

_UNFED = (Status.TRACED, Status.NOT_PROBED)


@dataclass(frozen=True)
class Entry:
    """One entry of the targets, and what of it is left to fill in."""

    model: str
    lines: tuple[str, ...]
    open: tuple[str, ...]


def wanted(
    models: Iterable[ModelReport], known: Sequence[Request], every: bool
) -> list[ModelReport]:
    """The models that need an entry and have none, each once."""
    has = {(request.path, name) for request in known for name in request.names}
    found = {
        (model.path, model.target): model
        for model in models
        if (every or model.status is not Status.PROBED) and _has_name(model)
    }
    return [model for key, model in found.items() if key not in has]


def _has_name(model: ModelReport) -> bool:
    return all(part.isidentifier() for part in model.target.split("."))


def home(found: Config) -> Path:
    """The file to write: that of the configuration, or the nearest pyproject.toml upward."""
    here = Path.cwd()
    paths = [folder / SHARED for folder in (here, *here.parents)]
    return found.path or next((path for path in paths if path.is_file()), paths[0])


def entry(model: ModelReport, file: Path) -> Entry:
    """What is known of a model as text for a file; the rest as comments."""
    name = f"{Path(os.path.relpath(model.path, file.parent)).as_posix()}:{model.target}"
    table = "tool.gradlint.targets" if file.name == SHARED else "targets"
    lines = [f"[[{table}]]", f"model = {written(name)}"]
    missing = list(model.unknown)
    if model.input_spec:
        lines.append(f"input = {written(model.input_spec)}")
    elif model.status in _UNFED:
        why = one_line(f"{model.reason}; {model.hint}")
        lines.append(f'# input = "8x3x32x32"  # {why}')
        missing.append("input")
    lines += map(_argument, model.arguments)
    lines += (f"# init.{key(unknown)} =" for unknown in model.unknown)
    return Entry(name, tuple(lines), tuple(missing))


def _argument(argument: Argument) -> str:
    text, origin = toml(argument.value), one_line(argument.origin)
    if text is None:
        return f"# init.{key(argument.name)} = {one_line(argument.value)}  # from {origin}"
    return f"init.{key(argument.name)} = {text}  # from {origin}"


def toml(value: str) -> str | None:
    """A Python literal as TOML writes it; None for anything else."""
    try:
        found = ast.literal_eval(value)
        return written(found) if _is_plain(found) else None
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _is_plain(value: object) -> bool:
    """Whether TOML can hold a value."""
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_plain(each) for name, each in value.items())
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int | str)


def write(path: Path, entries: Sequence[Entry]) -> None:
    """Append the entries; what is there stays. Raises GradlintError where that cannot be done."""
    try:
        before = path.read_bytes() if path.exists() else b""
        after = before + _appended(before, entries)
        tomllib.loads(after.decode())
        write_whole(path, after)
    except OSError as error:
        raise GradlintError(
            f"{relative(path)}: cannot write: {error.strerror}", "check the file's permissions"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GradlintError(
            f"{relative(path)}: nothing can be added: {error}", "add the entries by hand"
        ) from error


def _appended(before: bytes, entries: Sequence[Entry]) -> bytes:
    newline = "\r\n" if b"\r\n" in before else "\n"
    text = newline.join(line for each in entries for line in ("", *each.lines)) + newline
    if not before:
        return text.lstrip("\r\n").encode()
    return (text if before.endswith(b"\n") else newline + text).encode()
