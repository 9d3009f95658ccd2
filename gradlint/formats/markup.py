"""Text of other people in Markdown: shown as it is, on one line, and nothing else than shown."""

from __future__ import annotations

import re

from gradlint.formats.view import one_line

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#~&!$])")


def plain(text: str) -> str:
    """Text in which nothing is markup, a bar ends no cell and nobody is mentioned."""
    escaped = _SPECIAL.sub(r"\\\1", one_line(text))
    return escaped.replace("|", "&#124;").replace("@", "@\u2060")


def code(text: str) -> str:
    """Text as code inside a line."""
    shown = one_line(text)
    return f"<code>{plain(text)}</code>" if not shown or set(shown) & set("`|") else f"`{shown}`"


def fenced(text: str, language: str = "") -> str:
    """A block of code."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"
