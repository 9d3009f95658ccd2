"""The command: what it asks for, what goes to which stream, and its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from gradlint.errors import GradlintError
from gradlint.finding import Problem, Report, Status
from gradlint.rule import Severity, State


def test_a_path_alone_is_checked(project, gradlint):
    gradlint("model.py")
    assert [(request.path, request.names) for request in gradlint.requests] == [("model.py", ())]


def test_a_named_model_with_its_input(project, gradlint):
    gradlint("model.py:Net", "--input", "8x32")
    (request,) = gradlint.requests
    assert (request.path, request.names, request.input) == ("model.py", ("Net",), "8x32")


def test_two_models_of_a_file_are_one_request(project, gradlint):
    gradlint("model.py:Net", "model.py:make", "model.py:Net", "model.py")
    (request,) = gradlint.requests
    assert request.names == ("Net", "make")


def test_without_a_path_the_folder_is_searched(project, gradlint):
    for name in (
        "sub/a.py",
        ".hidden/b.py",
        "build/c.py",
        "env/d.py",
        "env/pyvenv.cfg",
        "sub/e.txt",
    ):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).touch()
    gradlint()
    assert [request.path for request in gradlint.requests] == ["model.py", "sub/a.py"]


def test_a_folder_that_is_named_is_searched_even_if_hidden(project, gradlint):
    (project / ".hidden").mkdir()
    (project / ".hidden" / "b.py").touch()
    gradlint(".hidden")
    assert [request.path for request in gradlint.requests] == [".hidden/b.py"]


def test_a_file_is_checked_once(project, gradlint):
    gradlint("model.py", ".", str(project / "model.py"))
    assert [request.path for request in gradlint.requests] == ["model.py"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("missing.py", "missing.py: error: no such file or directory"),
        ("missing.py:Net", "missing.py: error: no such file or directory"),
        ("-", "-: error: the standard input cannot be checked"),
        ("net.pyc", "net.pyc: error: not a Python source file"),
    ],
)
def test_a_path_that_cannot_be_checked_is_2_and_the_others_are_checked(
    project, gradlint, report, path, said
):
    (project / "net.pyc").touch()
    status, out, err = gradlint(path, "model.py", finds=report)
    assert status == 2
    assert said in err
    assert "GRD101" in out


def test_nothing_found_is_0(gradlint, report, changed):
    status, out, err = gradlint("model.py", finds=changed(report, findings=()))
    assert (status, out, err) == (0, "1 model, no findings.\n", "")


def test_a_folder_without_python_is_0(project, gradlint):
    (project / "empty").mkdir()
    assert gradlint("empty") == (0, "No models in 0 files.\n", "")


def test_a_confirmed_error_is_1(gradlint, report):
    status, out, err = gradlint("model.py", finds=report)
    assert (status, err) == (1, "")
    assert out.endswith("1 model, 1 error, 1 fixable with --fix.\n")


@pytest.mark.parametrize(
    ("state", "severity", "fail_on", "status"),
    [
        (State.CONFIRMED, Severity.ERROR, "confirmed", 1),
        (State.CONFIRMED, Severity.WARNING, "confirmed", 0),
        (State.SUSPECTED, Severity.ERROR, "confirmed", 0),
        (State.UNPROVEN, Severity.ERROR, "confirmed", 0),
        (State.CLEARED, Severity.ERROR, "suspected", 0),
        (State.SUSPECTED, Severity.ERROR, "suspected", 1),
        (State.UNPROVEN, Severity.ERROR, "suspected", 1),
        (State.CONFIRMED, Severity.ERROR, "not-built", 1),
        (State.SUSPECTED, Severity.ERROR, "not-built", 0),
        (State.CONFIRMED, Severity.ERROR, "never", 0),
    ],
)
def test_what_fails_a_run(gradlint, report, changed, sick, state, severity, fail_on, status):
    finding = replace(sick, state=state, severity=severity)
    found = gradlint("model.py", "--fail-on", fail_on, finds=changed(report, findings=(finding,)))
    assert found[0] == status


@pytest.mark.parametrize(("fail_on", "status"), [("confirmed", 0), ("not-built", 1), ("never", 0)])
def test_a_model_that_was_not_built_fails_only_on_demand(
    gradlint, report, unbuilt, fail_on, status
):
    found = gradlint("model.py", "--fail-on", fail_on, finds=replace(report, models=(unbuilt,)))
    assert found[0] == status
    assert "model.py:4: note: Big was not built: hidden_size has no known value" in found[1]


def test_a_named_model_that_was_not_built_is_2(gradlint, report, unbuilt):
    named = replace(unbuilt, named=True)
    status, out, err = gradlint("model.py:Big", finds=replace(report, models=(named,)))
    assert status == 2
    assert "model.py:4: error: Big was not built: hidden_size has no known value\n  hint: " in err
    assert "note" not in out


def test_a_named_model_that_was_only_traced_is_2(gradlint, report, changed):
    read = changed(report, findings=(), named=True, status=Status.TRACED, reason="it was not run")
    assert gradlint("model.py:Net", finds=read)[0] == 2


def test_a_problem_wins_over_findings(gradlint, report):
    problem = Problem("other.py", "cannot import (ModuleNotFoundError: timm)", "install timm")
    status, out, err = gradlint("model.py", finds=replace(report, problems=(problem,)))
    assert status == 2
    assert "GRD101" in out
    assert (
        err == "other.py: error: cannot import (ModuleNotFoundError: timm)\n  hint: install timm\n"
    )


def test_exit_zero_does_not_hide_a_problem(gradlint, report):
    problem = Problem("other.py", "cannot import", "")
    assert gradlint("model.py", "--exit-zero", finds=report)[0] == 0
    assert gradlint("model.py", "--exit-zero", finds=replace(report, problems=(problem,)))[0] == 2


@pytest.mark.parametrize(
    "args",
    [
        ["--no-such-option"],
        ["--format", "xml", "."],
        ["--seed", "many", "."],
        ["--timeout", "0", "."],
        ["--jobs", "0", "."],
        ["--fix", "--diff", "."],
        ["--diff", "--format", "json", "."],
        ["--isolated", "--config", "x.toml", "."],
        ["--config", "missing.toml", "."],
        ["--select", "GRD9999", "."],
        ["model.py:not a name"],
        ["rule", "no-such-rule"],
    ],
)
def test_a_mistake_in_the_command_is_2_in_words(project, gradlint, args):
    status, out, err = gradlint(*args)
    assert (status, out) == (2, "")
    assert "rror: " in err
    assert "Traceback" not in err


def test_an_internal_error_is_2_in_one_line(project, gradlint):
    status, out, err = gradlint("model.py", finds=TypeError("two\nlines"))
    assert (status, out) == (2, "")
    assert "gradlint: error: internal error: TypeError: two lines\n  hint: please report it" in err
    assert "Traceback" not in err


def test_an_internal_error_shows_its_traceback_with_verbose(project, gradlint):
    assert "Traceback" in gradlint("-v", "model.py", finds=TypeError("broken"))[2]


def test_an_error_of_gradlint_is_2_with_its_hint(project, gradlint):
    found = gradlint("model.py", finds=GradlintError("no torch", "install it"))
    assert found == (2, "", "gradlint: error: no torch\n  hint: install it\n")


def test_an_interruption_is_2(project, gradlint):
    assert gradlint("model.py", finds=KeyboardInterrupt()) == (2, "", "interrupted\n")


def test_options_override_the_defaults(project, gradlint):
    gradlint("--seed", "7", "--device", "cuda:1", "--timeout", "9", "--jobs", "2", ".")
    settings = gradlint.settings
    assert (settings.seed, settings.device, settings.timeout) == (7, "cuda:1", 9.0)
    assert settings.jobs == 2


def test_json_is_all_that_stdout_holds(gradlint, report):
    problem = Problem("other.py", "cannot import", "")
    found = gradlint(".", "--format", "json", finds=replace(report, problems=(problem,)))
    assert json.loads(found[1])["errors"] == [
        {"path": "other.py", "message": "cannot import", "hint": ""}
    ]


@pytest.mark.parametrize(
    ("state", "options", "shown"),
    [
        (State.SUSPECTED, [], False),
        (State.UNPROVEN, [], False),
        (State.SUSPECTED, ["--suspected"], True),
        (State.UNPROVEN, ["--suspected"], True),
        (State.SUSPECTED, ["--format", "json"], True),
        (State.CLEARED, ["--format", "json"], False),
        (State.CLEARED, ["--suspected"], False),
        (State.CLEARED, ["--verbose"], True),
        (State.CLEARED, ["--verbose", "--format", "json"], True),
    ],
)
def test_which_findings_are_shown(gradlint, report, changed, sick, state, options, shown):
    found = gradlint(".", *options, finds=changed(report, findings=(replace(sick, state=state),)))
    assert ("GRD101" in found[1]) == shown


def test_quiet_prints_findings_only(gradlint, report, changed, unbuilt):
    found = gradlint(".", "-q", finds=replace(report, models=(*report.models, unbuilt)))
    assert found[1].endswith("7.9 decades\n")
    assert gradlint(".", "-q", finds=changed(report, findings=())) == (0, "", "")


def test_a_report_to_a_file_leaves_the_summary_on_stderr(project, gradlint, report):
    status, out, err = gradlint(".", "--color", "always", "-o", "out.txt", finds=report)
    assert (status, out, err) == (1, "", "1 model, 1 error, 1 fixable with --fix.\n")
    assert (project / "out.txt").read_text().startswith("GRD101 saturating-stack")


def test_a_file_that_cannot_be_written_is_2(gradlint, report):
    status, _, err = gradlint(".", "-o", "missing/out.txt", finds=report)
    assert status == 2
    assert "cannot write missing/out.txt: No such file or directory" in err


@pytest.mark.parametrize(
    ("choice", "colored"), [("auto", False), ("never", False), ("always", True)]
)
def test_colour(gradlint, report, choice, colored):
    found = gradlint(".", "--color", choice, finds=report)
    assert ("\x1b[" in found[1]) == colored


def test_version_names_the_distribution(gradlint):
    status, out, _ = gradlint("--version")
    assert status == 0
    assert out.startswith("gradlint 0.1.0 (gradlint-torch), torch 2")


def test_help_lists_every_option_once_and_in_sections(gradlint, snapshot):
    status, out, _ = gradlint("--help")
    assert status == 0
    snapshot("help.txt", out)


def python(*args, cwd, **kwargs):
    return subprocess.Popen(
        [sys.executable, *args],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **kwargs,
    )


def test_python_dash_m_runs_it(project):
    process = python("-m", "gradlint", "--version", cwd=project)
    assert process.communicate()[0].startswith("gradlint ")
    assert process.returncode == 0


def test_a_reader_that_stops_reading_is_no_crash(project):
    process = python("-m", "gradlint", "--help", cwd=project)
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == 2


def test_characters_that_the_encoding_lacks_are_escaped(project):
    code = (
        "from gradlint.command.printing import *\n"
        "never_fail_to_encode(); result('层'); status('层')"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    process = python("-c", code, cwd=project, env=environment)
    assert process.communicate() == ("\\u5c42\n", "\\u5c42\n")


def test_a_report_may_be_empty(project, gradlint):
    assert gradlint(".", finds=Report((), (), "", 1)) == (0, "No models in 1 file.\n", "")
