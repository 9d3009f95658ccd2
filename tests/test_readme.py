"""What the README shows is what the command prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from gradlint.registry import rules

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def test_the_terminal_picture_is_what_the_command_prints(request):
    command = [sys.executable, "-m", "gradlint", "examples/sigmoid_mlp.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    picture = f"$ gradlint examples/sigmoid_mlp.py\n{done.stdout}{done.stderr}"
    shown = re.compile(r"(?<=```console\n)\$ gradlint examples/sigmoid_mlp\.py\n.*?(?=```)", re.S)
    text = README.read_text(encoding="utf-8")

    if request.config.getoption("--update-snapshots"):
        text = shown.sub(lambda _: picture, text)
        README.write_text(text, encoding="utf-8")

    assert shown.findall(text) == [picture]


def test_the_table_of_rules_is_that_of_the_classes(request):
    rows = [f"| {rule.code} | `{rule.name}` | {rule.summary} |" for rule in rules()]
    table = "\n".join(["| code | name | what |", "| --- | --- | --- |", *rows])
    shown = re.compile(r"(?<=## The rules\n\n).*?(?=\n\n`gradlint rule NAME`)", re.S)
    text = README.read_text(encoding="utf-8")

    if request.config.getoption("--update-snapshots"):
        text = shown.sub(lambda _: table, text)
        README.write_text(text, encoding="utf-8")

    assert shown.findall(text) == [table]
