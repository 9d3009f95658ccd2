"""How often each rule spoke, and what became of its suspicions."""

from __future__ import annotations

from collections import Counter

from gradlint.formats.view import View
from gradlint.rule import State


def render(view: View) -> str:
    """A table of all findings, those that are not shown included."""
    found = list(view.report.findings)
    counts = Counter((each.code, each.name, each.state) for each in found)
    rules = sorted({(each.code, each.name) for each in found})
    names = {rule: " ".join(rule) for rule in rules}
    margin = max(map(len, names.values()), default=0)
    head = " " * margin + "".join(f"  {state:>9}" for state in State)
    rows = [
        f"{names[rule]:{margin}}" + "".join(f"  {counts[*rule, state]:>9}" for state in State)
        for rule in rules
    ]
    return "\n".join([head, *rows]) if rows else "No suspicions."
