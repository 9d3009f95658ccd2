"""Where reports go and in which dress: files, streams, colour, width, settings, completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from shutil import which
from xml.etree import ElementTree

import click
import pytest

from gradlint.cli import gradlint as command
from gradlint.command.completion import SHELLS, VARIABLE, script
from gradlint.command.rendering import FORMATS
from gradlint.finding import Problem
from gradlint.rule import State

PROBLEM = Problem("other.py", "cannot import", "install it")
MACHINE = {
    "json": json.loads,
    "json-lines": lambda text: [json.loads(line) for line in text.splitlines()],
    "sarif": json.loads,
    "gitlab": json.loads,
    "junit": ElementTree.fromstring,
}


# -- destinations


def test_reports_beside_what_is_printed(project, gradlint, report):
    beside = ["-o", "sarif=a.sarif", "-o", "gitlab=gl.json", "-o", "full=all.txt"]
    plain = gradlint(".", "--format", "concise", finds=report)
    assert gradlint(".", "--format", "concise", *beside, finds=report) == plain
    assert json.loads((project / "a.sarif").read_text())["version"] == "2.1.0"
    assert len(json.loads((project / "gl.json").read_text())) == 1
    assert (project / "all.txt").read_text().startswith("GRD101 saturating-stack  2 saturating")


def test_a_file_without_a_format_takes_the_place_of_what_is_printed(project, gradlint, report):
    found = gradlint(".", "-o", "main.txt", "-o", "json=a.json", finds=report)
    assert found == (1, "", "1 model, 1 error, 1 fixable with --fix.\n")
    assert (project / "main.txt").read_text().startswith("GRD101")
    assert json.loads((project / "a.json").read_text())["findings"]


@pytest.mark.parametrize("name", ["./json=a.txt", "runs/lr=1.txt", "LR=1.txt"])
def test_a_name_with_an_equals_sign_can_be_written(project, gradlint, report, name):
    (project / "runs").mkdir()
    gradlint(".", "-o", name, finds=report)
    assert (project / name).read_text().startswith("GRD101")


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("sarfi=a.txt", "no format is called 'sarfi'\n  hint: did you mean 'sarif'?"),
        ("-", "-o names a file\n  hint: --format is for the standard output"),
        ("json=-", "-o names a file\n  hint: --format is for the standard output"),
        ("json=missing/a.json", "cannot write missing/a.json: No such file or directory"),
    ],
)
def test_a_mistake_in_a_destination_is_2_in_words(project, gradlint, report, output, said):
    status, out, err = gradlint(".", "-o", output, finds=report)
    assert (status, out) == (2, "")
    assert said in err


def test_a_diff_is_printed_and_reports_are_written_beside_it(project, gradlint, report):
    status, out, _ = gradlint(".", "--diff", "-o", "sarif=a.sarif", finds=report)
    assert status == 1
    assert out.startswith("--- a/model.py")
    assert json.loads((project / "a.sarif").read_text())["runs"][0]["results"]


def test_json_beside_a_text_holds_what_was_not_confirmed(project, gradlint, report, changed, sick):
    doubt = changed(report, findings=(replace(sick, state=State.UNPROVEN),))
    _, out, _ = gradlint(".", "-o", "json=a.json", "-o", "gitlab=gl.json", finds=doubt)
    assert "GRD101" not in out
    assert len(json.loads((project / "a.json").read_text())["findings"]) == 1
    assert json.loads((project / "gl.json").read_text()) == []


# -- streams


@pytest.mark.parametrize("format", MACHINE)
@pytest.mark.parametrize("options", [[], ["-v"], ["-q"], ["--suspected"], ["--fix"]])
def test_a_report_for_programs_is_all_that_stdout_holds(gradlint, report, format, options):
    found = replace(report, problems=(PROBLEM,))
    status, out, err = gradlint(".", "--format", format, *options, finds=found)
    assert status == 2
    MACHINE[format](out)
    assert err == "other.py: error: cannot import\n  hint: install it\n"


@pytest.mark.parametrize("format", FORMATS)
def test_errors_are_on_stderr_whatever_the_format(gradlint, report, format):
    _, _, err = gradlint(".", "--format", format, finds=replace(report, problems=(PROBLEM,)))
    assert err == "other.py: error: cannot import\n  hint: install it\n"


@pytest.mark.parametrize("format", MACHINE)
def test_nothing_to_report_is_a_report(project, gradlint, format):
    status, out, err = gradlint(".", "--format", format)
    assert (status, err) == (0, "")
    MACHINE[format](out)


@pytest.mark.parametrize("format", [name for name in FORMATS if name not in ("full", "concise")])
def test_programs_are_sent_no_colour(gradlint, report, format):
    assert "\x1b" not in gradlint(".", "--format", format, "--color", "always", finds=report)[1]


# -- statistics


@pytest.mark.parametrize("format", ["full", "concise"])
def test_statistics_stand_behind_the_findings(gradlint, report, format):
    plain = gradlint(".", "--format", format, finds=report)[1]
    out = gradlint(".", "--format", format, "--statistics", finds=report)[1]
    assert out.startswith(plain)
    assert out.splitlines()[-1].split() == ["GRD101", "saturating-stack", "0", "1", "0", "0"]


def test_statistics_spoil_no_report_for_programs(project, gradlint, report):
    gradlint(".", "--statistics", "-o", "json=a.json", finds=report)
    json.loads((project / "a.json").read_text())


@pytest.mark.parametrize("option", ["--statistics", "--diff"])
@pytest.mark.parametrize("format", MACHINE)
def test_text_is_refused_where_programs_read(project, gradlint, option, format):
    status, out, err = gradlint(".", option, "--format", format)
    assert (status, out) == (2, "")
    assert f"Error: {option} " in err


# -- terminals


@pytest.mark.parametrize(
    ("terminal", "environment", "colored"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": ""}, False),
        (False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_is_a_matter_of_terminal_and_environment(
    gradlint, report, monkeypatch, terminal, environment, colored
):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert ("\x1b[" in gradlint(".", finds=report)[1]) == colored


@pytest.mark.parametrize(
    ("terminal", "columns", "width"),
    [(True, 80, 80), (True, 200, 100), (True, 20, 66), (False, 80, 100)],
)
def test_the_right_margin_is_that_of_the_terminal(
    gradlint, report, monkeypatch, terminal, columns, width
):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    lines = click.unstyle(gradlint(".", finds=report)[1]).splitlines()
    (fix,) = [line for line in lines if line.startswith("fix [")]
    assert len(fix) == width


# -- settings

CONFIG = """\
[tool.gradlint]
timeout = 30
select = ["GRD1", "GRD301"]

[[tool.gradlint.targets]]
model = "model.py:Net"
input = "8x32"
init = { width = 8, dims = [3, 4] }

[tool.gradlint.rules.saturating-stack]
min-depth = 6
"""


def test_what_is_in_force_and_where_it_came_from(project, gradlint, snapshot, monkeypatch):
    monkeypatch.delenv("GRADLINT_CACHE_DIR")
    (project / "pyproject.toml").write_text(CONFIG)
    status, out, err = gradlint("config", "--seed", "7", "--ignore", "GRD301", "--exit-zero")
    assert (status, err) == (0, "")
    snapshot("settings.txt", out)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("pyproject.toml", CONFIG),
        ("gradlint.toml", CONFIG.replace("[tool.gradlint]\n", "").replace("tool.gradlint.", "")),
    ],
)
def test_what_is_in_force_can_be_configured_so(project, gradlint, name, written):
    (project / name).write_text(written)
    out = gradlint("config", "--baseline", "old.json")[1]
    (project / name).write_text(out)
    again = gradlint("config")[1]
    assert f"# {name}" in again
    assert [line.partition(" #")[0] for line in out.splitlines()] == [
        line.partition(" #")[0] for line in again.splitlines()
    ]


def test_an_option_prints_them_as_well(project, gradlint):
    assert gradlint("--show-settings", "model.py") == gradlint("config")
    assert gradlint.requests is None


def test_settings_name_the_file_they_are_from(project, gradlint):
    (project / "sub").mkdir()
    (project / "sub" / "other.toml").write_text('device = "cuda"\n')
    out = gradlint("config", "--config", "sub/other.toml")[1]
    assert [line.split() for line in out.splitlines() if line.startswith("device")] == [
        ["device", "=", '"cuda"', "#", "sub/other.toml"]
    ]


def test_settings_that_are_wrong_are_2(project, gradlint):
    assert gradlint("config", "--select", "GRD999")[0] == 2


# -- completion


def completed(line, cwd):
    """What a shell is offered for the last word of a line."""
    words = line.split(" ")
    environment = {
        **os.environ,
        VARIABLE: "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "gradlint"],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return [tuple(each.split(",", 1)) for each in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("gradlint ru", [("file", "ru"), ("plain", "rule")]),
        ("gradlint co", [("file", "co"), ("plain", "completion"), ("plain", "config")]),
        ("gradlint ", [("file", "")]),
        ("gradlint net.py ru", [("file", "ru")]),
        ("gradlint rule sat", [("plain", "saturating-stack")]),
        ("gradlint --select tiny", [("plain", "tiny-init")]),
        ("gradlint config --select GRD101,tiny", [("plain", "GRD101,tiny-init")]),
        ("gradlint --ignore GRD2", [("plain", "GRD201")]),
        ("gradlint --format s", [("plain", "sarif")]),
        ("gradlint --stat", [("plain", "--statistics")]),
    ],
)
def test_what_a_shell_is_offered(tmp_path, line, offered):
    assert completed(line, tmp_path) == offered


@pytest.mark.parametrize("shell", SHELLS)
def test_there_is_a_script_for_each_shell(gradlint, shell):
    status, out, _ = gradlint("completion", shell)
    assert status == 0
    assert f"{VARIABLE}={shell}_complete" in out


@pytest.mark.parametrize("shell", [shell for shell in SHELLS if which(shell)])
def test_the_script_is_one_that_the_shell_reads(tmp_path, shell):
    (tmp_path / "script").write_text(script(command, shell))
    subprocess.run([shell, "-n", "script"], cwd=tmp_path, check=True)


@pytest.mark.skipif(which("bash") is None, reason="bash is not installed")
def test_bash_completes(tmp_path):
    (tmp_path / "gradlint").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gradlint "$@"\n')
    (tmp_path / "gradlint").chmod(0o755)
    typed = (
        'eval "$(gradlint completion bash)"; COMP_WORDS=(gradlint rule sat); COMP_CWORD=2; '
        '_gradlint_completion gradlint; echo "${COMPREPLY[@]}"'
    )
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", typed], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "saturating-stack\n"


def test_a_name_of_a_command_can_be_a_folder(project, gradlint):
    (project / "config").mkdir()
    Path("config/net.py").touch()
    gradlint("./config")
    assert [request.path for request in gradlint.requests] == ["config/net.py"]
