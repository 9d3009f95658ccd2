"""Text of other people in Markdown: shown as it is, and nothing else than shown."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~@&!$])")


def plain(text: str) -> str:
    """Text in which nothing is markup."""
    return _SPECIAL.sub(r"\\\1", text).replace("\\@", "@\u2060")  # nobody is mentioned


def code(text: str) -> str:
    """Text as code inside a line; a bar would end a cell of a table."""
    ticks = "`" * (_longest(text) + 1)
    space = " " if "`" in text else ""
    return f"{ticks}{space}{text}{space}{ticks}".replace("|", "\\|")


def fenced(text: str, language: str = "") -> str:
    """A block of code."""
    fence = "`" * max(3, _longest(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _longest(text: str) -> int:
    """The longest row of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)
