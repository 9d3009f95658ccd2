"""What is written: whole, only what was proven, and the same by --fix, --diff and JSON."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from gradlint.errors import GradlintError
from gradlint.source import Source

SICK = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(  # twelve
            *[nn.Sequential(nn.Linear(32, 32), nn.Sigmoid()) for _ in range(12)],
            nn.Linear(32, 4),
        )

    def forward(self, x):
        return self.body(x)
"""
FINE = "import torch\nfrom torch import nn\n\nmodel = nn.Sequential(nn.Linear(4, 4))\n"
FILES = {
    "plain": SICK.encode(),
    "mark": b"\xef\xbb\xbf" + SICK.encode(),
    "windows": SICK.replace("\n", "\r\n").encode(),
    "old_mac": SICK.replace("\n", "\r").encode(),
    "tabs": SICK.replace("    ", "\t").encode(),
    "form_feed": SICK.replace("\nclass", "\n\f\nclass").encode(),
    "latin": ("# coding: latin-1\n" + SICK.replace("twelve", "zwölf")).encode("latin-1"),
    "wide": SICK.replace("*[nn", '*["層😀" and nn').encode(),
    "names": SICK.replace("Net", "Нет").replace("body", "körper").encode(),
    "no_end": SICK.rstrip("\n").encode(),
    "fine": FINE.encode(),
    "broken": b"import torch\ndef f(:\n",
    "two": (SICK + SICK[SICK.index("\n\nclass") :].replace("Net", "Other")).encode(),
}
HEALED = [name for name in FILES if name not in ("fine", "broken")]


def gradlint(folder, *args):
    return subprocess.run(
        [sys.executable, "-m", "gradlint", ".", *args], cwd=folder, capture_output=True, timeout=240
    )


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The same files four times: as they were, with --fix, with the diff, with the edits."""
    made = {}
    for name in ("before", "fixed", "patched", "edited"):
        made[name] = tmp_path_factory.mktemp(name)
        for file, data in FILES.items():
            (made[name] / f"{file}.py").write_bytes(data)
        (made[name] / "tabs.py").chmod(0o640)
    diff = gradlint(made["before"], "--diff")
    found = gradlint(made["edited"], "--format", "json")
    fixed = gradlint(made["fixed"], "--fix")
    again = gradlint(made["fixed"], "--diff")
    apply_edits(made["edited"], json.loads(found.stdout))
    return SimpleNamespace(**made, diff=diff, found=found, fix=fixed, again=again)


def apply_edits(folder, report):
    """Apply the verified edits as any other program would: lines, and columns in code points."""
    edits = {}
    for finding in report["findings"]:
        for fix in finding["fixes"]:
            if fix["verified"]:
                for edit in fix["edits"]:
                    edits.setdefault(edit["path"], {})[json.dumps(edit)] = edit
    for path, found in edits.items():
        encoding = "latin-1" if path == "latin.py" else "utf-8"
        text = (folder / path).read_bytes().decode(encoding)
        starts = line_starts(text)
        for edit in sorted(found.values(), key=lambda e: (e["line"], e["column"]), reverse=True):
            start = starts[edit["line"] - 1] + edit["column"] - 1
            stop = starts[edit["end_line"] - 1] + edit["end_column"] - 1
            text = text[:start] + edit["text"] + text[stop:]
        (folder / path).write_bytes(text.encode(encoding))


def line_starts(text):
    starts = [0]
    for line in text.replace("\f", " ").replace("\x1c", " ").splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


@pytest.mark.parametrize("name", HEALED)
def test_fix_changes_the_lines_it_must_and_no_other_byte(folders, name):
    before, after = FILES[name], (folders.fixed / f"{name}.py").read_bytes()
    assert after != before
    assert after.startswith(b"\xef\xbb\xbf") == before.startswith(b"\xef\xbb\xbf")
    assert after.endswith(b"\n") == before.endswith(b"\n")
    if name == "windows":
        assert after.count(b"\n") == after.count(b"\r\n")
    if name == "old_mac":
        assert b"\n" not in after
    comment = "zwölf".encode("latin-1") if name == "latin" else b"twelve"
    assert after.count(comment) == before.count(comment)


def test_fix_writes_nothing_else(folders):
    for name in ("fine", "broken"):
        assert (folders.fixed / f"{name}.py").read_bytes() == FILES[name]
    assert sorted(path.name for path in folders.fixed.glob("*.py")) == sorted(
        f"{name}.py" for name in FILES
    )
    assert not list(folders.fixed.glob(".*.py*"))


def test_fix_keeps_the_mode(folders):
    assert (folders.fixed / "tabs.py").stat().st_mode & 0o777 == 0o640


def test_what_was_fixed_has_nothing_left_to_fix(folders):
    assert folders.again.stdout == b""
    assert b"no findings" in folders.again.stderr


def test_a_file_that_does_not_parse_makes_each_run_2(folders):
    assert {folders.diff.returncode, folders.fix.returncode, folders.again.returncode} == {2}
    assert b"broken.py: error: syntax error in line 2" in folders.fix.stderr


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_git_applies_the_diff_to_the_same_text(folders):
    subprocess.run(
        ["git", "apply", "-"], input=folders.diff.stdout, cwd=folders.patched, check=True
    )
    for name in FILES:
        patched = (folders.patched / f"{name}.py").read_bytes()
        assert patched == (folders.fixed / f"{name}.py").read_bytes(), name


@pytest.mark.parametrize("name", FILES)
def test_the_edits_in_the_json_give_the_same_text(folders, name):
    edited = (folders.edited / f"{name}.py").read_bytes()
    assert edited == (folders.fixed / f"{name}.py").read_bytes()


def test_a_read_only_file_is_not_written(tmp_path):
    (tmp_path / "net.py").write_text(SICK)
    (tmp_path / "net.py").chmod(0o444)
    before = Source.read(str(tmp_path / "net.py"))
    with pytest.raises(GradlintError, match="cannot write: Permission denied"):
        Source(before.path, "x = 1\n").write(before)
    assert (tmp_path / "net.py").read_text() == SICK


@pytest.mark.parametrize("call", ["replace", "fsync", "chmod"])
def test_a_write_that_fails_leaves_the_file_and_nothing_beside_it(tmp_path, monkeypatch, call):
    (tmp_path / "net.py").write_text(SICK)
    before = Source.read(str(tmp_path / "net.py"))

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(GradlintError, match="cannot write: No space left on device"):
        Source(before.path, "x = 1\n").write(before)
    assert [path.name for path in tmp_path.iterdir()] == ["net.py"]
    assert (tmp_path / "net.py").read_text() == SICK
