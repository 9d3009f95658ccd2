"""The format for programs that read line by line: one object a line, each with its type."""

from __future__ import annotations

import json
from typing import Any

from gradlint.formats.json import document
from gradlint.formats.view import View

_TYPES = {"models": "model", "findings": "finding", "errors": "error"}


def render(view: View) -> str:
    """A line about the run, then one for each model, finding and error, in ASCII."""
    whole = document(view)
    run = {key: value for key, value in whole.items() if key not in _TYPES}
    lines = [_line("run", run)]
    for key, kind in _TYPES.items():
        lines += [_line(kind, each) for each in whole[key]]
    return "\n".join(lines)


def _line(kind: str, what: dict[str, Any]) -> str:
    return json.dumps({"type": kind, **what}, allow_nan=False)
