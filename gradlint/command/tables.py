"""Lists and tables of a configuration file, with every entry checked."""

from __future__ import annotations

from typing import Any

from gradlint.command.patterns import check_pattern
from gradlint.command.validation import check_type

_PATTERNS = ("exclude", "extend-exclude")


def texts(table: dict[str, Any], key: str) -> tuple[str, ...]:
    """A list of words or of patterns."""
    for value in table[key]:
        check_type(value, (str,), f"each entry of [tool.gradlint] {key}")
        if key in _PATTERNS:
            check_pattern(value, f"[tool.gradlint] {key}")
    return tuple(table[key])


def per_file(table: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Words by pattern."""
    where = "[tool.gradlint.per-file-ignores]"
    for pattern, words in table.items():
        check_pattern(pattern, where)
        check_type(words, (list,), f"{where} '{pattern}'")
        for word in words:
            check_type(word, (str,), f"each entry of {where} '{pattern}'")
    return {pattern: tuple(words) for pattern, words in table.items()}
