"""Rules as other programs show them: their documentation in plain text, Markdown and JSON."""

from __future__ import annotations

import difflib
import inspect
import json
import re
from collections.abc import Iterator, Sequence
from textwrap import dedent
from typing import Any

from gradlint.command.documentation import configuration, page, table, without_marks
from gradlint.formats.markup import code, fenced, plain
from gradlint.formats.view import RuleText
from gradlint.registry import thresholds
from gradlint.rule import Bad, Documented, Good

LONGEST = 1024  # of what GitHub shows as a description
_SECTION = re.compile(r"^(\w[\w ]*):\n((?: {4}.*(?:\n|$)|\n)+)", re.MULTILINE)


def told(rule: Documented, format: str) -> str:
    """The page of a rule as text, markdown or json."""
    if format == "json":
        return json.dumps(document(rule), indent=2)
    return markdown(rule) if format == "markdown" else page(rule)


def listed(rules: Sequence[Documented], format: str) -> str:
    """All rules as text, markdown or json."""
    if format == "json":
        return json.dumps([document(rule) for rule in rules], indent=2)
    if format == "text":
        return table(rules)
    rows = [
        f"| {rule.code} | {code(rule.name)} | {rule.severity} | {plain(rule.summary)} |"
        for rule in rules
    ]
    return "\n".join(["| code | name | level | what |", "| --- | --- | --- | --- |", *rows])


def document(rule: Documented) -> dict[str, Any]:
    """A rule as JSON has it."""
    text = _documentation(rule)
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "summary": rule.summary,
        "reason": _SECTION.split(text, 1)[0].strip(),
        "sections": {found[1]: dedent(found[2]).strip() for found in _SECTION.finditer(text)},
        "thresholds": {key.replace("_", "-"): each for key, each in thresholds(rule).items()},
        "examples": [_example_document(example) for example in rule.examples],
    }


def explained(rule: Documented) -> RuleText:
    """What SARIF holds of a rule."""
    return RuleText(
        rule.code,
        rule.name,
        rule.severity,
        rule.summary,
        reason=" ".join(_SECTION.split(_documentation(rule), 1)[0].split())[:LONGEST],
        text=page(rule),
        markdown=markdown(rule),
    )


def markdown(rule: Documented) -> str:
    """The page of a rule in Markdown, with the change of each example as a diff."""
    parts = [
        f"# {rule.code} {rule.name} ({rule.severity})",
        _SECTION.sub(_section, _documentation(rule)).strip(),
        f"## Configuration\n\n{fenced(configuration(rule), 'toml')}",
        *(part for example in rule.examples for part in _example(example)),
    ]
    return "\n\n".join(parts)


def _documentation(rule: Documented) -> str:
    return inspect.cleandoc(type(rule).__doc__ or rule.summary)


def _section(found: re.Match[str]) -> str:
    return f"## {found[1]}\n\n{dedent(found[2]).strip()}\n\n"


def _example(example: Good | Bad) -> Iterator[str]:
    fed = f", fed with `{example.input}`" if example.input else ""
    code = without_marks(dedent(example.code).strip())
    if isinstance(example, Bad):
        fixed = dedent(example.fixed).strip()
        lines = list(difflib.ndiff(code.split("\n"), fixed.split("\n")))
        changed = "\n".join(line.rstrip() for line in lines if not line.startswith("?"))
        yield f"## Confirmed{fed}, and what heals it\n\n{fenced(changed, 'diff')}"
    else:
        title = "Suspected, and cleared by measuring" if example.matches else "Healthy"
        yield f"## {title}{fed}\n\n{fenced(code, 'python')}"


def _example_document(example: Good | Bad) -> dict[str, Any]:
    common = {"code": without_marks(dedent(example.code)), "input": example.input}
    if isinstance(example, Bad):
        return {"kind": "confirmed", **common, "fixed": dedent(example.fixed)}
    return {"kind": "cleared" if example.matches else "healthy", **common}
