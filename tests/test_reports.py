"""What other programs read: snapshots, what their readers demand, and text that wants to escape."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradlint.checkout import in_checkout
from gradlint.finding import Evidence, Problem, Related, Status, Suppression
from gradlint.formats import github, gitlab, json_lines, junit, markdown, sarif, statistics
from gradlint.formats.addresses import uri
from gradlint.formats.markup import code, fenced, plain
from gradlint.formats.view import View, fingerprints, split_place
from gradlint.rule import Severity, State
from gradlint.source import Source
from gradlint.span import Edit

ALL = frozenset(State)
NASTY = "50% of `a|b`,\n::error::x: <i>σ</i> \x1b[31m\x00 \ud800 ``` @you"
FORMATS = {
    "lines.jsonl": json_lines,
    "github.txt": github,
    "gitlab.json": gitlab,
    "junit.xml": junit,
    "report.md": markdown,
}


@pytest.fixture
def mixed(report, sick, unbuilt):
    """An error, a warning, a suspicion, a model that was not built, and a file that is missing."""
    warning = replace(sick, severity=Severity.WARNING, signature="77aa", fixes=())
    place = replace(sick.span, line=7, column=21, end_line=10, end_column=10)
    doubt = replace(sick, state=State.UNPROVEN, span=place, evidence=None, fixes=(), related=())
    model = replace(report.models[0], findings=(sick, warning, doubt))
    problem = Problem("other.py:3", "cannot import (ModuleNotFoundError: timm)", "install timm")
    return replace(report, models=(model, unbuilt), problems=(problem,))


@pytest.fixture
def hostile(report, sick, unbuilt):
    """Every text of a report holds what some format cannot stand."""
    evidence = replace(sick.evidence, sentence=NASTY)
    sick = replace(
        sick,
        message=NASTY,
        target=NASTY,
        label=NASTY,
        related=(Related(sick.span, NASTY),),
        evidence=evidence,
        fixes=tuple(replace(fix, title=NASTY, why_not=NASTY) for fix in sick.fixes),
    )
    model = replace(report.models[0], target=NASTY, inputs=NASTY, findings=(sick,))
    unbuilt = replace(unbuilt, target=NASTY, reason=NASTY, hint=NASTY)
    return replace(report, models=(model, unbuilt), problems=(Problem(NASTY, NASTY, NASTY),))


@pytest.mark.parametrize("name", FORMATS)
def test_what_it_looks_like(mixed, snapshot, name):
    snapshot(name, FORMATS[name].render(View(mixed, ALL)) + "\n")


@pytest.mark.parametrize("name", FORMATS)
def test_twice_the_same(mixed, name):
    assert FORMATS[name].render(View(mixed, ALL)) == FORMATS[name].render(View(mixed, ALL))


def test_every_line_of_json_says_what_it_is(mixed):
    lines = [json.loads(line) for line in json_lines.render(View(mixed, ALL)).splitlines()]
    kinds = ["run", "model", "model", "finding", "finding", "finding", "error"]
    assert [line["type"] for line in lines] == kinds


# -- gitlab


def test_gitlab_finds_nothing_in_an_empty_list(report):
    assert gitlab.render(View(replace(report, models=()))) == "[]"


def test_gitlab_is_told_each_finding_apart_and_no_lines(report, sick):
    moved = replace(sick, span=replace(sick.span, line=9, end_line=9))
    model = replace(report.models[0], findings=(sick, moved, replace(sick, signature="77aa")))
    found = json.loads(gitlab.render(View(replace(report, models=(model,)))))
    assert sorted(each["fingerprint"] for each in found) == ["5f2c:1", "5f2c:2", "77aa:1"]


def test_a_fingerprint_stays_where_lines_move(sick):
    moved = replace(sick, span=replace(sick.span, line=99, end_line=99))
    assert fingerprints([sick]) == fingerprints([moved])


@pytest.mark.parametrize(
    ("severity", "state", "failing", "shown"),
    [
        (Severity.ERROR, State.CONFIRMED, {State.CONFIRMED}, "major"),
        (Severity.WARNING, State.CONFIRMED, {State.CONFIRMED}, "minor"),
        (Severity.ERROR, State.SUSPECTED, {State.CONFIRMED}, "info"),
        (Severity.ERROR, State.SUSPECTED, {State.SUSPECTED}, "major"),
    ],
)
def test_what_fails_the_run_is_major(report, changed, sick, severity, state, failing, shown):
    found = changed(report, findings=(replace(sick, severity=severity, state=state),))
    view = View(found, ALL, failing=frozenset(failing))
    assert json.loads(gitlab.render(view))[0]["severity"] == shown


# -- github

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def commands(text):
    """The annotations as a runner reads them."""
    for line in text.splitlines():
        if found := COMMAND.fullmatch(line):
            yield found[1], dict(pair.split("=", 1) for pair in found[2].split(",")), found[3]


def test_columns_are_left_out_where_a_place_has_several_lines(report, changed, sick):
    long = changed(report, findings=(replace(sick, span=replace(sick.span, end_line=9)),))
    assert "endLine=9,title=" in github.render(View(long))


def many(report, sick, **numbers):
    """A report with so many findings of each kind."""
    kinds = {
        "error": {},
        "warning": {"severity": Severity.WARNING},
        "notice": {"state": State.SUSPECTED},
    }
    findings = [
        replace(sick, signature=f"{kind}{n}", **kinds[kind])
        for kind, number in numbers.items()
        for n in range(number)
    ]
    return View(replace(report, models=(replace(report.models[0], findings=tuple(findings)),)), ALL)


def test_ten_of_a_kind_are_all_shown_and_nothing_is_said(report, sick):
    text = github.render(many(report, sick, error=10, warning=10, notice=10))
    assert len(list(commands(text))) == len(text.splitlines()) == 30


def test_what_github_would_not_show_is_counted_and_left_in_the_log(report, sick):
    text = github.render(many(report, sick, error=12, warning=10, notice=11))
    found = list(commands(text))
    assert [sum(each[0] == kind for each in found) for kind in ("error", "warning", "notice")] == [
        10,
        10,
        10,
    ]
    assert found[0][2] == (
        "10 of 12 errors and 9 of 11 notices are shown: "
        "GitHub shows no more of a step. The log has the rest."
    )
    rest = text.splitlines()[len(found) :]
    assert len(rest) == 4
    assert all(line.startswith("model.py:8:32: GRD101 saturating-stack: ") for line in rest)


# -- junit


def test_junit_counts_its_cases(mixed):
    root = ElementTree.fromstring(junit.render(View(mixed, ALL)))
    counted = ("tests", "failures", "errors", "skipped")
    assert [int(root.get(key)) for key in counted] == [3, 1, 1, 1]
    for key in counted:
        assert sum(int(suite.get(key)) for suite in root) == int(root.get(key))


def test_a_named_model_that_was_not_done_is_one_error(report, unbuilt):
    named = replace(unbuilt, named=True)
    problem = Problem("model.py:4", "Big was not built", "")
    found = replace(report, models=(named,), problems=(problem,))
    root = ElementTree.fromstring(junit.render(View(found)))
    assert [case.find("error") is not None for case in root.iter("testcase")] == [True]


def test_a_model_that_was_to_be_read_only_is_a_passed_case(report, changed):
    read = changed(report, status=Status.TRACED, named=True, inputs="", findings=())
    root = ElementTree.fromstring(junit.render(View(read)))
    assert (root.get("tests"), root.get("skipped"), root.get("errors")) == ("1", "0", "0")


# -- what was fixed, and what is not shown


@pytest.mark.parametrize("format", [github, gitlab])
def test_what_was_fixed_is_not_reported(report, sick, format):
    view = View(report, applied=frozenset({sick.fix}))
    assert format.render(view) in ("", "[]")


def test_a_fixed_model_is_a_passed_case(report, sick):
    root = ElementTree.fromstring(junit.render(View(report, applied=frozenset({sick.fix}))))
    assert (root.get("tests"), root.get("failures")) == ("1", "0")


@pytest.mark.parametrize("name", FORMATS)
def test_suspicions_are_shown_on_demand_only(report, changed, sick, name):
    doubt = changed(report, findings=(replace(sick, state=State.SUSPECTED, fixes=()),))
    assert "GRD101" not in FORMATS[name].render(View(doubt))


@pytest.mark.parametrize("format", [github, gitlab, junit, markdown])
def test_what_is_suppressed_is_not_reported(report, changed, sick, format):
    accepted = replace(sick, suppressed=Suppression("in-source", "on purpose"))
    assert "GRD101" not in format.render(View(changed(report, findings=(accepted,))))


@pytest.mark.parametrize("format", [github, sarif, markdown])
def test_a_fix_of_a_comment_is_not_said_to_be_measured(report, changed, sick, format):
    comment = replace(sick, code="GRD901", target="", evidence=None, related=())
    text = format.render(View(changed(report, findings=(comment,))))
    assert "Safe fix: Replace the sigmoids with ReLU" in text
    assert "erified" not in text
    assert "not measured" not in text


# -- text that wants to escape


def test_github_reads_each_annotation_whole(hostile):
    text = github.render(View(hostile))
    assert len(list(commands(text))) == len(text.splitlines()) == 2
    for _, properties, message in commands(text):
        assert set(properties) <= {"file", "line", "endLine", "col", "endColumn", "title"}
        assert "50%25 of" in message
        assert "\x1b" not in message


@pytest.mark.parametrize("name", ["lines.jsonl", "gitlab.json"])
def test_json_is_ascii_and_parses(hostile, name):
    text = FORMATS[name].render(View(hostile))
    assert text.isascii()
    for each in [text] if name.endswith(".json") else text.splitlines():
        json.loads(each)


def test_xml_parses_whatever_it_holds(hostile):
    text = junit.render(View(hostile))
    assert text.isascii()
    names = [case.get("name") for case in ElementTree.fromstring(text).iter("testcase")]
    assert "50% of `a|b`,\n::error::x: <i>σ</i> \ufffd[31m\ufffd \ufffd ``` @you" in names


def test_a_cell_of_a_table_stays_a_cell(hostile):
    lines = markdown.render(View(hostile)).splitlines()
    (row,) = [line for line in lines if "**error**" in line]
    assert row.count("|") == 7


def test_markdown_holds_no_markup_of_others(hostile):
    text = markdown.render(View(hostile))
    assert "<i>" not in re.sub(r"(`+).*?\1", "", text, flags=re.S)
    assert text.count("<details>") == text.count("</details>") == 1


@given(st.text())
def test_a_block_of_code_is_closed_by_its_own_ticks(text):
    block = fenced(text)
    ticks = re.match("`+", block)[0]
    assert ticks not in re.findall("`+", block[len(ticks) : -len(ticks)])


@given(st.text())
def test_code_and_text_stay_in_their_cell(text):
    for shown in (code(text), plain(text)):
        assert "|" not in shown
        assert len(shown.splitlines()) <= 1


@given(st.text())
def test_nobody_is_mentioned(text):
    assert not re.search(r"@\w", plain(text))


def test_a_comment_is_not_too_long_for_github(report, sick):
    text = markdown.render(many(report, sick, error=300))
    assert len(text) < 65_536
    assert "| | and 200 more | | | | |" in text
    assert re.search(r"The details of \d+ findings are left out", text)


# -- places


def test_paths_are_those_of_the_repository(tmp_path, monkeypatch):
    (tmp_path / "sub" / "a b").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    assert in_checkout("net.py") == "sub/net.py"
    assert uri("a b/nét.py") == "sub/a%20b/n%C3%A9t.py"


def test_paths_without_a_repository_stay_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert in_checkout("sub/net.py") == "sub/net.py"
    assert uri("/elsewhere/a b.py") == "file:///elsewhere/a%20b.py"


def test_a_name_that_is_no_text_is_written_as_its_bytes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert uri(os.fsdecode(b"n\xff.py")) == "n%FF.py"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("net.py", ("net.py", None)),
        ("net.py:12", ("net.py", 12)),
        ("net.ipynb:cell 3:12", ("net.ipynb", None)),
        ("C:/net.py:12", ("C:/net.py", 12)),
        ("", ("", None)),
    ],
)
def test_the_place_of_a_problem(text, parts):
    assert split_place(text) == parts


def test_statistics_count_what_is_hidden_too(report, sick, snapshot):
    other = replace(sick, code="GRD304", name="default-init-in-depth", evidence=None)
    findings = (
        sick,
        sick,
        replace(sick, state=State.CLEARED),
        replace(other, state=State.UNPROVEN),
    )
    model = replace(report.models[0], findings=findings)
    snapshot("statistics.txt", statistics.render(View(replace(report, models=(model,)))) + "\n")


def test_statistics_of_nothing(report, changed):
    assert statistics.render(View(changed(report, findings=()))) == "No suspicions."


def test_an_infinite_measurement_is_written(report, changed, sick):
    endless = Evidence("scale", float("inf"), 3.0, 3, "the output is not finite")
    found = View(changed(report, findings=(replace(sick, evidence=endless),)))
    assert "| infinite (limit 3.0) |" in markdown.render(found)
    assert '"GRD101.scale" value="infinite"' in junit.render(found)


@pytest.fixture
def in_notebook(project, report, changed, sick, span):
    """The finding in the second cell of a notebook."""
    cells = ["import torch.nn as nn\n", "x = 1\nnet = nn.Sequential(nn.Sigmoid())\n"]
    document = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    (project / "net.ipynb").write_text(json.dumps(document))
    source = Source.read("net.ipynb")
    where = span(source.text, "nn.Sigmoid()", "net.ipynb")
    fix = replace(sick.fix, edits=(Edit(where, "nn.ReLU()"),))
    finding = replace(sick, span=where, related=(), fixes=(fix,))
    found = changed(report, path="net.ipynb", span=where, findings=(finding,))
    return View(replace(found, sources={"net.ipynb": source}))


def test_code_hosts_are_pointed_to_the_beginning_of_a_notebook(in_notebook):
    assert next(commands(github.render(in_notebook)))[1]["line"] == "1"
    (found,) = json.loads(gitlab.render(in_notebook))
    assert found["location"]["positions"]["begin"] == {"line": 1, "column": 1}
    assert "cell 2, line 2: 2 saturating" in found["description"]
    (result,) = json.loads(sarif.render(in_notebook))["runs"][0]["results"]
    assert result["message"]["text"].startswith("cell 2, line 2: ")
    assert "fixes" not in result
    assert "+net = nn.Sequential(nn.ReLU())" in result["message"]["markdown"]


def test_people_are_told_the_cell(in_notebook):
    assert "`net.ipynb:cell 2:2:21`" in markdown.render(in_notebook)
    assert "+++ b/net.ipynb:cell 2" in markdown.render(in_notebook)
    case = ElementTree.fromstring(junit.render(in_notebook)).find(".//testcase")
    assert (case.get("file"), case.get("line")) == ("net.ipynb", None)
