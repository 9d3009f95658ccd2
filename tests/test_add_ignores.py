"""--add-ignores: comments that are read again, at places where Python allows them."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

from gradlint.rule import State
from gradlint.source import Source

LONG = "x = nn.Sigmoid(), " + ", ".join(["12345678"] * 6)
NAME = "# gradlint: ignore[saturating-stack]"

WRITTEN = {
    "behind": ("x = nn.Sigmoid()\n", f"x = nn.Sigmoid()  {NAME}\n"),
    "without an end of line": ("x = nn.Sigmoid()", f"x = nn.Sigmoid()  {NAME}"),
    "windows": ("x = nn.Sigmoid()\r\ny = 1\r\n", f"x = nn.Sigmoid()  {NAME}\r\ny = 1\r\n"),
    "space at the end": ("x = nn.Sigmoid()  \n", f"x = nn.Sigmoid()  {NAME}\n"),
    "behind a comment": ("x = nn.Sigmoid()  # so\n", f"x = nn.Sigmoid()  # so  {NAME}\n"),
    "in the first line": ("x = nn.Sigmoid(\n    1\n)\n", f"x = nn.Sigmoid(  {NAME}\n    1\n)\n"),
    "a long line": (f"if a:\n    {LONG}\n", f"if a:\n    {NAME}\n    {LONG}\n"),
    "a long line of windows": (f"{LONG}\r\n", f"{NAME}\r\n{LONG}\r\n"),
    "before a backslash": (
        "x = nn.Sigmoid() \\\n    + 1\n",
        f"{NAME}\nx = nn.Sigmoid() \\\n    + 1\n",
    ),
    "after a backslash": (
        "x = 1 + \\\n    nn.Sigmoid()\n",
        f"x = 1 + \\\n    nn.Sigmoid()  {NAME}\n",
    ),
    "between backslashes": (
        "if a:\n  x = 1 + \\\n    nn.Sigmoid() \\\n    + 1\n",
        f"if a:\n  {NAME}\n  x = 1 + \\\n    nn.Sigmoid() \\\n    + 1\n",
    ),
    "before a long text": (
        'x = nn.Sigmoid(), """\n"""\n',
        f'{NAME}\nx = nn.Sigmoid(), """\n"""\n',
    ),
    "between long texts": (
        'x = """\n""", nn.Sigmoid(), """\n"""\n',
        f'{NAME}\nx = """\n""", nn.Sigmoid(), """\n"""\n',
    ),
    "more in a comment": (
        "x = nn.Sigmoid()  # gradlint: ignore[tiny-init] so\n",
        "x = nn.Sigmoid()  # gradlint: ignore[tiny-init, saturating-stack] so\n",
    ),
    "more in a comment above": (
        "# gradlint: ignore[tiny-init]\nx = nn.Sigmoid()\n",
        "# gradlint: ignore[tiny-init, saturating-stack]\nx = nn.Sigmoid()\n",
    ),
}


@pytest.fixture
def of(project, report, changed, sick, span):
    """The report of a file with findings at a text."""

    def of(text, *names, parts=("nn.Sigmoid(",), path="model.py"):
        (project / path).write_bytes(text.encode())
        source = Source.read(path)
        findings = [
            replace(sick, span=span(source.text, part, path), name=name, related=(), fixes=())
            for part in parts
            for name in names or ("saturating-stack",)
        ]
        return replace(changed(report, findings=tuple(findings)), sources={path: source})

    return of


@pytest.mark.parametrize("case", WRITTEN)
def test_a_comment_is_written_where_it_is_read_again(project, gradlint, of, case):
    before, after = WRITTEN[case]
    status, out, err = gradlint("model.py", "--add-ignores", finds=of(before))
    assert status == 0
    assert (project / "model.py").read_bytes() == after.encode()
    assert "1 suppressed" in out
    assert err == "1 finding ignored by new comments\n"
    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(before))


@pytest.mark.parametrize("case", WRITTEN)
def test_a_second_run_writes_nothing(project, gradlint, of, case):
    _, after = WRITTEN[case]
    gradlint("model.py", "--add-ignores", finds=of(after))
    assert (project / "model.py").read_bytes() == after.encode()


def test_two_findings_of_a_line_share_a_comment(project, gradlint, of):
    report = of("x = nn.Sigmoid()\n", "saturating-stack", "tiny-init")
    gradlint("model.py", "--add-ignores", finds=report)
    text = "x = nn.Sigmoid()  # gradlint: ignore[saturating-stack, tiny-init]\n"
    assert (project / "model.py").read_text() == text


def test_each_line_of_a_statement_gets_its_own(project, gradlint, of):
    report = of("x = f(\n    nn.Sigmoid(),\n    nn.Tanh(),\n)\n", parts=("nn.Sigmoid(", "nn.Tanh("))
    gradlint("model.py", "--add-ignores", finds=report)
    text = f"x = f(\n    nn.Sigmoid(),  {NAME}\n    nn.Tanh(),  {NAME}\n)\n"
    assert (project / "model.py").read_text() == text


@pytest.mark.parametrize(("level", "number"), [("confirmed", 0), ("suspected", 1)])
def test_suspicions_are_ignored_where_they_fail_a_run(
    project, gradlint, report, changed, sick, level, number
):
    doubt = replace(sick, state=State.SUSPECTED, evidence=None, fixes=())
    found = changed(report, findings=(doubt,))
    args = ("--no-probe", "--fail-on", level, "--add-ignores", ".")
    assert gradlint(*args, finds=found)[0] == 0
    assert (project / "model.py").read_text().count("# gradlint: ignore[") == number


def test_a_file_that_changed_is_not_written(project, gradlint, of):
    report = of("x = nn.Sigmoid()\n")
    (project / "model.py").write_text("y = 1\n")
    status, _, err = gradlint("model.py", "--add-ignores", finds=report)
    assert status == 2
    assert "model.py: error: the file has changed since it was read" in err
    assert (project / "model.py").read_text() == "y = 1\n"


@pytest.mark.parametrize("option", ["--fix", "--diff", "--write-baseline"])
def test_only_one_thing_is_written_at_a_time(project, gradlint, option):
    status, out, err = gradlint("model.py", "--add-ignores", option)
    assert (status, out) == (2, "")
    assert "exclude each other" in err
