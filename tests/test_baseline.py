"""The baseline: what is accepted, what is new, and what no longer occurs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gradlint.finding import Report, Status
from gradlint.rule import Severity, State

FILE = ".gradlint-baseline.json"


def accepted(project, file=FILE):
    return json.loads((project / file).read_text())["findings"]


@pytest.fixture
def written(project, gradlint, report):
    """A baseline with the one finding of model.py."""
    status, out, err = gradlint("model.py", "--write-baseline", finds=report)
    assert (status, err) == (0, f"{FILE}: 1 finding accepted\n")
    assert out == "1 model, no findings, 1 suppressed.\n"
    return report


def test_the_file_is_what_people_read(project, written):
    assert (project / FILE).read_text() == (
        "{\n"
        '  "version": 1,\n'
        '  "findings": [\n'
        "    {\n"
        '      "path": "model.py",\n'
        '      "model": "Net",\n'
        '      "rule": "saturating-stack",\n'
        '      "target": "Net.body.1",\n'
        '      "count": 1\n'
        "    }\n"
        "  ]\n"
        "}\n"
    )


def test_writing_it_again_changes_nothing(project, gradlint, written):
    before = (project / FILE).read_bytes()
    gradlint("model.py", "--write-baseline", finds=written)
    assert (project / FILE).read_bytes() == before


def test_what_is_accepted_fails_nothing_and_what_is_new_does(gradlint, written, changed, sick):
    assert gradlint("model.py", finds=written)[:2] == (0, "1 model, no findings, 1 suppressed.\n")
    new = replace(sick, code="GRD301", name="symmetric-init")
    status, out, _ = gradlint("model.py", finds=changed(written, findings=(sick, new)))
    assert status == 1
    assert "GRD301" in out
    assert "GRD101 saturating-stack  2" not in out


@pytest.mark.parametrize(
    "moved",
    [
        {"label": "first of 3", "message": "3 saturating activations in a row"},
        {"target": "Net.layers.7"},
        {"signature": "other"},
        {"severity": Severity.WARNING},
    ],
)
def test_an_entry_survives_what_does_not_change_the_disease(
    gradlint, written, changed, sick, moved
):
    finding = replace(sick, span=replace(sick.span, line=9, end_line=9), **moved)
    assert gradlint("model.py", finds=changed(written, findings=(finding,)))[0] == 0


@pytest.mark.parametrize(
    "other", [{"path": "other.py"}, {"target": "Other"}, {"rule": "tiny-init"}]
)
def test_another_file_model_or_rule_is_new(gradlint, written, changed, sick, other):
    finding = replace(sick, name=other.pop("rule", sick.name))
    assert gradlint("model.py", finds=changed(written, findings=(finding,), **other))[0] == 1


def test_equal_entries_are_counted(project, gradlint, report, changed, sick):
    twice = changed(report, findings=(sick, replace(sick, span=replace(sick.span, line=9))))
    gradlint("model.py", "--write-baseline", finds=twice)
    assert accepted(project)[0]["count"] == 2
    third = replace(sick, span=replace(sick.span, line=7))
    status, out, _ = gradlint("model.py", finds=changed(twice, findings=(sick, sick, third)))
    assert status == 1
    assert "1 error" in out
    assert "2 suppressed" in out


def test_an_entry_of_the_very_layer_is_taken_first(gradlint, report, changed, sick):
    gradlint("model.py", "--write-baseline", finds=report)
    other = replace(sick, target="Net.body.0", span=replace(sick.span, line=2))
    out = gradlint("model.py", "--format", "json", finds=changed(report, findings=(other, sick)))[1]
    shown = {each["target"]: each["suppressed"] for each in json.loads(out)["findings"]}
    assert shown["Net.body.0"] is None
    assert shown["Net.body.1"] == {"kind": "baseline", "reason": ""}


GONE = f"{FILE}: 1 of 1 accepted findings no longer occur: run gradlint --write-baseline\n"


def test_what_no_longer_occurs_is_told_and_pruned(project, gradlint, written, changed):
    healed = changed(written, findings=())
    assert gradlint("model.py", finds=healed) == (0, "1 model, no findings.\n", GONE)
    gradlint("model.py", "--write-baseline", finds=healed)
    assert accepted(project) == []
    assert gradlint("model.py", finds=healed)[2] == ""


def test_a_finding_that_is_only_in_doubt_still_occurs(gradlint, written, changed, sick):
    doubtful = changed(written, findings=(replace(sick, state=State.UNPROVEN),))
    assert gradlint("model.py", finds=doubtful)[2] == ""
    cleared = changed(written, findings=(replace(sick, state=State.CLEARED),))
    assert gradlint("model.py", finds=cleared)[2] == GONE


def test_an_entry_of_a_run_without_probe_still_occurs_where_another_rule_leads(
    gradlint, report, changed, sick
):
    related = replace(sick.related[0], code="GRD201")
    other = replace(sick, code="GRD201", name="unnormalized-depth", state=State.SUSPECTED)
    suspected = changed(report, findings=(replace(sick, state=State.SUSPECTED), other))
    gradlint("model.py", "--fail-on", "suspected", "--write-baseline", finds=suspected)
    led = changed(report, findings=(replace(sick, related=(related,)),))
    assert gradlint("model.py", finds=led)[2] == ""
    alone = changed(report, findings=(replace(sick, related=()),))
    assert gradlint("model.py", finds=alone)[2] == GONE.replace("1 of 1", "1 of 2")


@pytest.mark.parametrize(
    "change",
    [
        {"status": Status.NOT_BUILT, "reason": "no"},
        {"status": Status.TRACED, "reason": "no"},
        {"path": "other.py"},
    ],
)
@pytest.mark.parametrize("option", [(), ("--write-baseline",)])
def test_what_was_not_measured_is_not_gone(project, gradlint, written, changed, change, option):
    path = change.get("path", "model.py")
    report = changed(written, findings=(), **change)
    (project / path).touch()
    assert "no longer" not in gradlint(path, *option, finds=report)[2]
    assert len(accepted(project)) == 1


def test_a_model_or_a_file_that_is_not_there_any_more_is_gone(project, gradlint, written, changed):
    renamed = changed(written, findings=(), target="Renamed")
    assert gradlint("model.py", finds=renamed)[2] == GONE
    assert gradlint("model.py:Renamed", finds=renamed)[2] == ""
    (project / "other.py").touch()
    (project / "model.py").unlink()
    assert gradlint("other.py", finds=replace(renamed, sources={}))[2] == GONE


def test_a_rule_that_is_not_in_force_keeps_its_entries(gradlint, written, changed):
    healed = changed(written, findings=())
    assert gradlint("model.py", "--ignore", "GRD1", finds=healed)[2] == ""


def test_what_a_comment_suppresses_is_not_accepted_too(project, gradlint, report):
    text = (
        (project / "model.py")
        .read_text()
        .replace("nn.Sigmoid(),", "nn.Sigmoid(),  # gradlint: ignore[GRD101]", 1)
    )
    (project / "model.py").write_text(text)
    source = replace(report.sources["model.py"], text=text)
    gradlint("model.py", "--write-baseline", finds=replace(report, sources={"model.py": source}))
    assert accepted(project) == []


def test_comments_are_mended_and_not_accepted(project, gradlint, report, changed):
    text = "x = 1  # gradlint: ignore\n"
    (project / "model.py").write_text(text)
    source = replace(report.sources["model.py"], text=text)
    report = replace(changed(report, findings=()), sources={"model.py": source})
    gradlint("model.py", "--write-baseline", finds=report)
    assert accepted(project) == []


def test_suspicions_are_accepted_where_they_fail(project, gradlint, report, changed, sick):
    suspected = changed(report, findings=(replace(sick, state=State.SUSPECTED),))
    gradlint("model.py", "--write-baseline", finds=suspected)
    assert accepted(project) == []
    gradlint("model.py", "--write-baseline", "--fail-on", "suspected", finds=suspected)
    assert len(accepted(project)) == 1


def test_the_file_may_be_named_in_the_configuration_or_the_command(project, gradlint, report):
    (project / "ci").mkdir()
    (project / "gradlint.toml").write_text('baseline = "ci/known.json"\n')
    assert gradlint("model.py", "--write-baseline", finds=report)[0] == 0
    assert accepted(project, "ci/known.json")[0]["path"] == "../model.py"
    assert gradlint("model.py", finds=report)[0] == 0
    assert gradlint("model.py", "--no-baseline", finds=report)[0] == 1
    assert gradlint("model.py", "--isolated", finds=report)[0] == 1
    assert gradlint("model.py", "--isolated", "--baseline", "ci/known.json", finds=report)[0] == 0


def test_it_is_the_same_from_another_folder(project, gradlint, written, changed, monkeypatch):
    (project / "gradlint.toml").touch()
    (project / "sub").mkdir()
    monkeypatch.chdir(project / "sub")
    assert gradlint("../model.py", finds=changed(written, path=str(project / "model.py")))[0] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no baseline of gradlint"),
        ("[]", "is no baseline of gradlint"),
        ("{}", "is no baseline of gradlint"),
        ('{"version": 2}', "is a baseline of version 2, and 1 is read"),
        ('{"version": 1}', "is no baseline of gradlint"),
        ('{"version": 1, "findings": [{"path": "a.py"}]}', "is no baseline of gradlint"),
        ('{"version": 1, "findings": [1]}', "is no baseline of gradlint"),
    ],
)
@pytest.mark.parametrize("option", [(), ("--write-baseline",)])
def test_a_file_that_is_none_is_2_in_one_line(project, gradlint, report, text, said, option):
    (project / FILE).write_text(text)
    status, out, err = gradlint("model.py", *option, finds=report)
    assert (status, out) == (2, "")
    assert f"gradlint: error: {FILE}: {said}\n  hint: " in err
    assert (project / FILE).read_text() == text


def test_a_named_file_that_is_missing_is_2(gradlint, report):
    status, _, err = gradlint("model.py", "--baseline", "gone.json", finds=report)
    assert status == 2
    assert "gone.json: cannot read: No such file or directory" in err


def test_a_file_that_cannot_be_written_is_2(gradlint, report):
    args = ("model.py", "--write-baseline", "--baseline", "missing/known.json")
    status, _, err = gradlint(*args, finds=report)
    assert status == 2
    assert "cannot write missing/known.json: No such file or directory" in err


def test_an_empty_project_has_an_empty_baseline(project, gradlint):
    assert gradlint("model.py", "--write-baseline", finds=Report((), (), "", 1))[0] == 0
    assert accepted(project) == []


def test_no_baseline_excludes_writing_one(gradlint):
    assert gradlint("model.py", "--no-baseline", "--write-baseline")[0] == 2


def test_moved_and_reformatted_code_keeps_its_names(project, report, sick):
    """The real thing: the same model, written otherwise, is found as the same finding."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    from gradlint.discovery.targets import discover
    from gradlint.job import Job
    from gradlint.registry import rules
    from gradlint.source import Source
    from gradlint.worker import reports

    def found(text):
        (project / "net.py").write_text(text)
        source = Source.read("net.py")
        (target,) = discover(source)
        *_, report = reports(Job(source, target, rules(), 0, "cpu", False, 60, 8))
        (finding,) = [each for each in report.findings if each.state is State.CONFIRMED]
        return finding

    before = found(SICK)
    after = found(
        SICK.replace("class", "# moved\n\n\nclass")
        .replace("        x = x + 0", "        # so\n        x = x + 0")
        .replace(
            "torch.sigmoid(layer(x))", "torch.sigmoid(\n                layer(x)\n            )"
        )
    )
    assert before.span != after.span
    assert (before.signature, before.target) == (after.signature, after.target)


SICK = """\
import torch
import torch.nn as nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(32, 32) for _ in range(12)])

    def forward(self, x):
        x = x + 0
        for layer in self.layers:
            x = torch.sigmoid(layer(x))
        return x
"""
