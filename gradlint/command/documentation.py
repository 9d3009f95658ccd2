"""What `gradlint rule` prints: the table of rules, and the page of one."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from textwrap import dedent, indent

from gradlint.command.toml import written
from gradlint.registry import thresholds
from gradlint.rule import Bad, Documented, Good


def table(rules: Sequence[Documented]) -> str:
    """One line a rule."""
    if not rules:
        return "No rules."
    name = max(len(rule.name) for rule in rules)
    level = max(len(rule.severity) for rule in rules)
    return "\n".join(
        f"{rule.code}  {rule.name:{name}}  {rule.severity:{level}}  {rule.summary}"
        for rule in rules
    )


def page(rule: Documented) -> str:
    """The docstring of a rule, what can be configured of it, and its examples."""
    parts = [
        f"{rule.code} {rule.name} ({rule.severity})",
        inspect.cleandoc(type(rule).__doc__ or rule.summary),
        _block("Configuration, with its defaults:", configuration(rule)),
        *(part for example in rule.examples for part in _example(example)),
    ]
    return "\n\n".join(parts)


def configuration(rule: Documented) -> str:
    """What can be configured of a rule, with the defaults."""
    defaults = {"severity": str(rule.severity), **thresholds(rule)}
    lines = [f"{key.replace('_', '-')} = {written(value)}" for key, value in defaults.items()]
    return "\n".join([f"[tool.gradlint.rules.{rule.name}]", *lines])


def without_marks(code: str) -> str:
    """The code of an example as it is written."""
    return code.replace("«", "").replace("»", "")


def _example(example: Good | Bad) -> Iterator[str]:
    fed = f", fed with {example.input}" if example.input else ""
    if isinstance(example, Bad):
        yield _block(f"Confirmed{fed}:", _pointed(example.code))
        yield _block("Write instead:", example.fixed)
    elif example.matches:
        yield _block(f"Suspected, and cleared by measuring{fed}:", example.code)
    else:
        yield _block(f"Healthy{fed}:", example.code)


def _block(title: str, code: str) -> str:
    return f"{title}\n\n{indent(dedent(code).strip(), '    ')}"


def _pointed(code: str) -> str:
    """The code with carets under the expression between the marks «»."""
    lines: list[str] = []
    for line in dedent(code).splitlines():
        plain = without_marks(line)
        lines.append(plain)
        if "«" in line:
            start = line.index("«")
            stop = line.index("»") - 1 if "»" in line else len(plain)
            lines.append(" " * start + "^" * (stop - start))
    return "\n".join(lines)
