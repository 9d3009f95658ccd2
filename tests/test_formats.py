"""What people and programs read."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import click
import pytest

from gradlint.finding import Related, Report
from gradlint.formats import concise, full
from gradlint.formats import json as json_format
from gradlint.formats.excerpt import changes, excerpt
from gradlint.formats.view import DOUBTFUL, View, decimal, footer
from gradlint.rule import Severity, State
from gradlint.source import Source
from gradlint.span import Span

ALL = frozenset(State)


def with_findings(report, *findings):
    return replace(report, models=(replace(report.models[0], findings=findings),))


def test_full(report, unbuilt, snapshot):
    view = View(replace(report, models=(*report.models, unbuilt)))
    snapshot("full.txt", click.unstyle(full.render(view)) + "\n")


def test_full_says_what_was_applied(report, sick, snapshot):
    view = View(report, applied=frozenset({sick.fix}))
    snapshot("full-applied.txt", click.unstyle(full.render(view)) + "\n")


def test_full_of_a_suspicion(report, sick, snapshot):
    suspicion = replace(sick, state=State.SUSPECTED, evidence=None, fixes=(), related=())
    view = View(with_findings(report, suspicion), ALL, verbose=True)
    snapshot("full-suspected.txt", click.unstyle(full.render(view)) + "\n")


def test_concise(report, sick, snapshot):
    warning = replace(sick, severity=Severity.WARNING, state=State.UNPROVEN, fixes=())
    view = View(with_findings(report, sick, warning), ALL)
    snapshot("concise.txt", click.unstyle(concise.render(view)) + "\n")


def test_json(report, unbuilt, snapshot):
    view = View(replace(report, models=(*report.models, unbuilt)))
    snapshot("report.json", json_format.render(view) + "\n")


def test_json_writes_infinities_as_text(report, sick):
    evidence = replace(sick.evidence, measured=math.inf, limit=-math.inf)
    fix = replace(sick.fix, trial_after=math.nan)
    sick = replace(sick, evidence=evidence, fixes=(fix,))
    found = json.loads(json_format.render(View(with_findings(report, sick))))["findings"][0]
    assert found["evidence"]["measured"] == "inf"
    assert found["evidence"]["limit"] == "-inf"
    assert found["fixes"][0]["trial_after"] == "nan"


def test_json_is_ascii(report, sick):
    found = with_findings(report, replace(sick, message="σ im Stapel \ud800"))
    assert json_format.render(View(found)).isascii()


def test_findings_are_sorted_by_place(report, sick):
    later = replace(sick, span=replace(sick.span, line=9, end_line=9))
    view = View(with_findings(report, later, sick))
    assert [finding.span.line for _, finding in view.findings] == [8, 9]


@pytest.mark.parametrize("state", sorted(DOUBTFUL))
def test_hidden_suspicions_are_counted(report, sick, state):
    view = View(with_findings(report, replace(sick, state=state, fixes=())))
    assert footer(view) == "1 model, no findings, 1 suspected (shown with --suspected)."


def test_the_footer_counts_each_kind(report, sick, unbuilt):
    warning = replace(sick, severity=Severity.WARNING, fixes=())
    report = with_findings(report, sick, sick, warning)
    view = View(replace(report, models=(*report.models, unbuilt)))
    assert footer(view) == "2 models, 2 errors, 1 warning, 2 fixable with --fix, 1 not measured."


@pytest.mark.parametrize(
    ("files", "said"),
    [(0, "No models in 0 files."), (1, "No models in 1 file."), (7, "No models in 7 files.")],
)
def test_nothing_to_check_is_said(files, said):
    assert full.render(View(Report((), (), "", files))) == said


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (9.14, 1, "9.1"),
        (-0.01, 1, "0.0"),
        (0.318, 2, "0.32"),
        (math.inf, 1, "infinite"),
        (-math.inf, 1, "minus infinite"),
        (math.nan, 1, "not a number"),
    ],
)
def test_numbers(value, places, shown):
    assert decimal(value, places) == shown


def carets(text, part="nn.Tanh()"):
    """The line under a shown line."""
    column = text.index(part) + 1
    span = Span("a.py", 1, column, 1, column + len(part))
    return click.unstyle(excerpt(Source("a.py", text), span, "", 1)[2])


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("x = nn.Tanh()", 4),
        ('x = {"层": nn.Tanh()}', 11),
        ('x = {"e\u0301": nn.Tanh()}', 10),
        ('"σ"; nn.Tanh()', 5),
        ("x = " + "1 + " * 200 + "nn.Tanh()", 804),
    ],
)
def test_carets_line_up(text, columns):
    assert carets(text) == "  | " + " " * columns + "^" * 9


def test_carets_are_as_wide_as_what_they_mark():
    assert carets('f("层层")', '"层层"') == "  |   ^^^^^^"


def test_carets_line_up_behind_tabs():
    assert carets("\tx = nn.Tanh()") == "  | \t    ^^^^^^^^^"


def test_an_expression_of_several_lines_is_marked_in_its_first():
    source = Source("a.py", "x = f(\n    1,\n)\n")
    lines = excerpt(source, Span("a.py", 1, 5, 3, 2), "here", 1)
    assert click.unstyle(lines[2]) == "  |     ^^ here (to line 3)"


def test_source_cannot_control_the_terminal():
    source = Source("a.py", "x = '\x1b[2J'\n")
    lines = excerpt(source, Span("a.py", 1, 1, 1, 2), "", 1)
    assert "\x1b[2J" not in "\n".join(map(click.unstyle, lines))
    assert "'\ufffd[2J'" in lines[1]


def test_changes_apart_are_shown_apart():
    before = "".join(f"{n}\n" for n in range(1, 12))
    after = before.replace("2\n", "two\n", 1).replace("10\n", "10\nx\n")
    shown = [click.unstyle(line) for line in changes(before, after, 2)]
    assert shown == ["   |", "   - 2", " 2 + two", "  ...", "11 + x", "   |"]


def test_many_places_are_cut_short(report, sick):
    related = tuple(Related(sick.span, f"layer {n}") for n in range(9))
    report = with_findings(report, replace(sick, related=related))
    assert "also: 5 more places (shown with --verbose)" in full.render(View(report))
    assert "layer 8" in full.render(View(report, verbose=True))


def test_messages_from_the_model_stay_on_one_line(report, unbuilt):
    unbuilt = replace(unbuilt, reason="ValueError: bad\n  shape\x1b[31m")
    text = full.render(View(replace(report, models=(unbuilt,))))
    assert "Big was not built: ValueError: bad shape [31m" in click.unstyle(text)


def test_a_probed_model_whose_fixes_were_not_searched_is_noted(report):
    model = replace(report.models[0], reason="the search for fixes ran out of time")
    text = full.render(View(replace(report, models=(model,))))
    assert "model.py:4: note: Net: the search for fixes ran out of time" in text
