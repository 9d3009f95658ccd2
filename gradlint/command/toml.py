"""The file that configures a run: which one it is, the table in it, and how values are written."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from gradlint.command.paths import relative
from gradlint.errors import GradlintError

OWN, SHARED = "gradlint.toml", "pyproject.toml"
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def nearest(start: Path) -> tuple[Path, dict[str, Any]] | None:
    """The nearest configuration in a folder or above it; of two in one folder gradlint.toml."""
    for folder in (start, *start.parents):
        for name in (OWN, SHARED):
            path = folder / name
            table = read(path) if path.is_file() else None
            if table is not None:
                return path, table
    return None


def read(path: Path) -> dict[str, Any] | None:
    """The table of gradlint in a file: [tool.gradlint] in pyproject.toml, else the whole file."""
    document = _document(path)
    if path.name != SHARED and "tool" in document:
        message = f"{relative(path)}: is not pyproject.toml, and has a table 'tool'"
        raise GradlintError(message, "its keys stand at the top: seed = 1, without [tool.gradlint]")
    if path.name != SHARED:
        return document
    tool = document.get("tool", {})
    table = tool.get("gradlint") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        message = f"{relative(path)}: tool.gradlint must be a table"
        raise GradlintError(message, "write [tool.gradlint]")
    return table


def _document(path: Path) -> dict[str, Any]:
    name = relative(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GradlintError(f"{name}: cannot read: {error.strerror}", "check --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GradlintError(
            f"{name}: is not TOML: {error}", "mend it, or use --isolated"
        ) from error


def located(path: Path, error: GradlintError) -> GradlintError:
    """A mistake in the table with its file, and the keys as that file spells them."""
    message = error.message
    if path.name != SHARED:
        message = message.replace("[tool.gradlint] has an ", "").replace("[tool.gradlint] ", "")
        message = message.replace("[tool.gradlint.", "[")
    return GradlintError(f"{relative(path)}: {message}", error.hint)


def written(value: object) -> str:
    """A value as it is written in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{key(name)} = {written(each)}" for name, each in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return str(value)


def key(name: str) -> str:
    """A key as it is written in TOML."""
    return name if _BARE.fullmatch(name) else written(name)
