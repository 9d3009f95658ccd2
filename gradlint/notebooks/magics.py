"""What IPython reads in a cell and Python does not: magics, shell lines, questions.

They are replaced by plain Python of the same length, so that every position stays.
"""

from __future__ import annotations

import re

# Cell magics whose body is Python that runs in the notebook.
_OF_PYTHON = frozenset({"capture", "memit", "prun", "snakeviz", "time", "timeit", "wandb"})
_CELL_MAGIC = re.compile(r"\s*%%(?P<name>\w+)")
_LINE = re.compile(
    r"(?P<margin>[ \t]*)(?:"
    r"(?P<assignment>[\w., \t\[\]*]+=[ \t]*)[%!](?!=)"
    r"|[%!?]|[\w.*]+\?\??[ \t]*(?=[;#\r\n]|\Z))"
)
_TOKEN = re.compile(
    r"(?P<string>(?P<quote>'''|\"\"\"|'|\")(?:\\.|(?!(?P=quote)).)*(?:(?P=quote)|\Z))"
    r"|#[^\r\n]*"
    r"|(?P<opening>[(\[{])|(?P<closing>[)\]}])"
    r"|(?P<joined>\\)?(?P<newline>\r\n?|\n)",
    re.DOTALL,
)
_END = re.compile(r"(?P<joined>\\(?=[\r\n]))?(?:\r\n?|\n|\Z)")


def plain(cell: str) -> str | None:
    """The cell as plain Python, character below character; None for another language."""
    magic = _CELL_MAGIC.match(cell)
    if magic is not None and magic["name"] not in _OF_PYTHON:
        return None
    done, start = [], 0
    while start < len(cell):
        found = _LINE.match(cell, start)
        stop = _statement_end(cell, start) if found is None else _magic_end(cell, start)
        done.append(cell[start:stop] if found is None else _replaced(found, cell[start:stop]))
        start = stop
    return "".join(done)


def _replaced(found: re.Match[str], text: str) -> str:
    """A statement of IPython as one of Python.

    What a shell says has no value that is known: the name `_` stands for it.
    """
    keep = found["margin"] + (found["assignment"] or "")
    rest = text[len(keep) + 1 :]
    return keep + ("_" if found["assignment"] else "0") + re.sub(r"[^\r\n]", " ", rest)


def _magic_end(cell: str, start: int) -> int:
    """The end of a magic's last line; a backslash at the end of a line joins the next."""
    for end in _END.finditer(cell, start):
        if not end["joined"]:
            return end.end()
    return len(cell)


def _statement_end(cell: str, start: int) -> int:
    """The end of the line that a statement ends in; brackets and texts may hold more lines."""
    depth = 0
    for token in _TOKEN.finditer(cell, start):
        depth += bool(token["opening"]) - bool(token["closing"])
        if token["newline"] and depth <= 0 and not token["joined"]:
            return token.end()
    return len(cell)
