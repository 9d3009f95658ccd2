"""Every rule is proven by its own examples; nothing here is written for one rule."""

from __future__ import annotations

import pytest
import torch

from gradlint.discovery.targets import discover
from gradlint.finding import Finding, Status
from gradlint.job import Job
from gradlint.registry import rules
from gradlint.rule import Bad, Good, Rule, State
from gradlint.source import Source
from gradlint.span import Span
from gradlint.worker import reports

SECTIONS = ("References:", "Fix safety:", "Known limits:")
GOOD = [
    pytest.param(rule, example, id=f"{rule.name}-{number}")
    for rule in rules()
    for number, example in enumerate(rule.examples)
    if isinstance(example, Good)
]
BAD = [
    pytest.param(rule, example, id=f"{rule.name}-{number}")
    for rule in rules()
    for number, example in enumerate(rule.examples)
    if isinstance(example, Bad)
]


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def examined(path, code: str, *, search_fixes: bool = False) -> tuple[Source, tuple[Finding, ...]]:
    """The findings of the one model in `code`, written to `path`."""
    path.write_text(code, encoding="utf-8")
    source = Source.read(str(path))
    (target,) = discover(source)
    job = Job(source, target, rules(), 0, "cpu", search_fixes, 60, 8)
    *_, report = reports(job)
    assert report.status is Status.PROBED, report.reason
    return source, report.findings


def marked(path, code: str) -> tuple[str, Span]:
    """Code without its marks, and the span between them."""
    before, inside, after = (
        code.partition("«")[0],
        code.partition("«")[2].partition("»")[0],
        code.partition("»")[2],
    )
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    last = inside.rpartition("\n")[2]
    end = column + len(inside) if "\n" not in inside else len(last) + 1
    span = Span(str(path), line, column, line + inside.count("\n"), end)
    return before + inside + after, span


@pytest.mark.parametrize(("rule", "example"), GOOD)
def test_a_good_example_is_not_confirmed(rule: Rule, example: Good, tmp_path):
    _, findings = examined(tmp_path / "model.py", example.code)

    assert [f.code for f in findings if f.state is State.CONFIRMED] == []
    ours = [f.state for f in findings if f.code == rule.code]
    if example.matches:
        assert ours == [State.CLEARED]


@pytest.mark.parametrize(("rule", "example"), BAD)
def test_a_bad_example_is_confirmed_at_the_mark_and_healed_by_the_offer(
    rule: Rule, example: Bad, tmp_path
):
    code, span = marked(tmp_path / "model.py", example.code)

    source, findings = examined(tmp_path / "model.py", code, search_fixes=True)

    (confirmed,) = [f for f in findings if f.state is State.CONFIRMED]
    assert (rule.code, span) == (confirmed.code, confirmed.span)
    assert confirmed.fix is not None
    fixed = source.edited(confirmed.fix.edits).text
    assert example.fixed == fixed
    _, findings = examined(tmp_path / "fixed.py", fixed)
    assert [f.code for f in findings if f.state is State.CONFIRMED] == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_a_rule_is_documented_and_shows_all_three_kinds_of_example(rule: Rule):
    documentation = type(rule).__doc__ or ""

    assert [section for section in SECTIONS if section not in documentation] == []
    assert any(isinstance(example, Bad) for example in rule.examples)
    assert any(isinstance(example, Good) for example in rule.examples)
    assert any(isinstance(example, Good) and example.matches for example in rule.examples)


def test_codes_and_names_are_unique():
    words = [word for rule in rules() for word in (rule.code, rule.name)]

    assert len(words) == len(set(words))
