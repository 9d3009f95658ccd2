"""--diff and --fix: what is printed, what is written, and when neither is."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from shutil import which

import pytest

from gradlint.cli import run
from gradlint.source import Source
from gradlint.span import Edit

FIXED = "nn.Linear(32, 32), nn.ReLU(),"


def test_diff_still_exits_1_and_writes_nothing(project, gradlint, report):
    before = (project / "model.py").read_text()
    status, out, err = gradlint(".", "--diff", finds=report)
    assert status == 1
    assert (project / "model.py").read_text() == before
    assert out.startswith("--- a/model.py\n+++ b/model.py\n@@ ")
    assert "model.py:8:32: GRD101" in err
    assert err.endswith("1 fixable with --fix.\n")


TEXTS = {
    "plain": "a = 1\nb = nn.Sigmoid()\nc = 3\n",
    "no newline at the end": "a = 1\nb = nn.Sigmoid()",
    "windows": "a = 1\r\nb = nn.Sigmoid()\r\nc = 3\r\n",
    "wide": "a = '层'\nb = nn.Sigmoid()\n",
    "form feed": "a = 1\n\x0cb = nn.Sigmoid()\n",
    "latin": "# coding: latin-1\na = 'é'\nb = nn.Sigmoid()\n",
    "byte order mark": "\ufeffb = nn.Sigmoid()\nc = 3\n",
}


@pytest.mark.parametrize("tool", [tool for tool in ("git", "patch") if which(tool)] + ["--fix"])
@pytest.mark.parametrize("folder", [".", "a b"])
@pytest.mark.parametrize("kind", TEXTS)
def test_the_diff_and_the_fix_do_the_same(
    project, report, changed, sick, span, capsysbinary, monkeypatch, kind, folder, tool
):
    encoding = "latin-1" if kind == "latin" else "utf-8"
    path = os.path.normpath(f"{folder}/net.py")
    Path(folder).mkdir(exist_ok=True)
    Path(path).write_bytes(TEXTS[kind].encode(encoding))
    source = Source.read(path)
    edit = Edit(span(source.text, "nn.Sigmoid()", path), "nn.ReLU()")
    finding = replace(sick, span=edit.span, fixes=(replace(sick.fix, edits=(edit,)),))
    report = replace(changed(report, findings=(finding,)), sources={path: source})
    monkeypatch.setattr("gradlint.cli._checked", lambda *_: report)
    assert run([".", "--diff" if tool != "--fix" else tool]) == (0 if tool == "--fix" else 1)
    diff = capsysbinary.readouterr().out
    if tool == "git":
        subprocess.run(["git", "apply", "-"], input=diff, check=True, capture_output=True)
    elif tool == "patch":
        subprocess.run(["patch", "-p1", "--binary"], input=diff, check=True, capture_output=True)
    expected = TEXTS[kind].replace("nn.Sigmoid()", "nn.ReLU()")
    assert Path(path).read_bytes() == expected.encode(encoding)


def test_fix_writes_and_a_run_without_other_findings_is_0(project, gradlint, report):
    status, out, err = gradlint(".", "--fix", finds=report)
    assert (status, err) == (0, "")
    assert "fix [applied]: Replace the sigmoids with ReLU" in out
    assert "9 +             nn.Linear(32, 32), nn.ReLU()," in out
    assert out.endswith("1 model, 1 error, 1 fixed.\n")
    assert (project / "model.py").read_text().count(FIXED) == 2


def test_fix_leaves_1_where_a_finding_has_none(gradlint, report, changed, sick):
    report = changed(report, findings=(sick, replace(sick, code="GRD301", fixes=())))
    assert gradlint(".", "--fix", finds=report)[0] == 1


def test_the_same_fix_of_two_findings_is_written_once(project, gradlint, report, changed, sick):
    report = changed(report, findings=(sick, replace(sick, code="GRD301")))
    assert gradlint(".", "--fix", finds=report)[0] == 0
    assert (project / "model.py").read_text().count(FIXED) == 2


def test_of_overlapping_fixes_the_first_is_written(project, gradlint, report, changed, sick):
    other = replace(sick.fix, title="Use GELU", edits=(Edit(sick.span, "nn.GELU()"),))
    findings = (sick, replace(sick, code="GRD301", name="symmetric-init", fixes=(other,)))
    status, out, err = gradlint(".", "--fix", finds=changed(report, findings=findings))
    assert status == 2
    assert "model.py:8: error: GRD301 symmetric-init: 'Use GELU' overlaps another fix" in err
    assert out.count("[applied]") == 1
    assert (project / "model.py").read_text().count(FIXED) == 2


def test_a_file_that_changed_is_not_written(project, gradlint, report):
    (project / "model.py").write_text("changed = True\n")
    status, out, err = gradlint(".", "--fix", finds=report)
    assert status == 2
    assert "model.py: error: the file has changed since it was read" in err
    assert "[applied]" not in out
    assert (project / "model.py").read_text() == "changed = True\n"


def test_another_file_of_the_model_is_fixed_too(project, gradlint, report, changed, sick):
    (project / "blocks.py").write_text("act = nn.Sigmoid()\n")
    blocks = Source.read("blocks.py")
    edit = Edit(
        replace(sick.span, path="blocks.py", line=1, end_line=1, column=7, end_column=19), "R"
    )
    finding = replace(sick, fixes=(replace(sick.fix, edits=(*sick.fix.edits, edit)),))
    report = changed(report, findings=(finding,))
    report = replace(report, sources={**report.sources, "blocks.py": blocks})
    status, out, _ = gradlint("model.py", "--fix", finds=report)
    assert status == 0
    assert "--> blocks.py\n" in out
    assert (project / "blocks.py").read_text() == "act = R\n"
