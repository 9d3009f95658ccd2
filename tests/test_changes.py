"""--diff-base: which models of a real git repository changed."""

from __future__ import annotations

import subprocess

import pytest

from gradlint.adoption.changes import Changes
from gradlint.adoption.imports import Imports
from gradlint.checker import check
from gradlint.command.config import Request, Settings
from gradlint.discovery.targets import discover
from gradlint.errors import GradlintError
from gradlint.source import Source

NET = """\
import torch.nn as nn

from blocks import Block

WIDTH = 8


def width():
    print("width")
    return WIDTH


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(Block(), nn.Linear(width(), 8))

    def forward(self, x):
        return self.body(x)


class Other(nn.Module):
    def __init__(self, depth=3):
        super().__init__()
        self.body = nn.Linear(8, 8)

    def forward(self, x):
        return self.body(x)


def make_other():
    return Other(depth=5)


def plot():
    print("picture")
"""
BLOCKS = "import torch.nn as nn\nfrom acts import Act\n\n\nclass Block(nn.Linear):\n    pass\n"
FILES = {
    "net.py": NET,
    "blocks.py": BLOCKS,
    "acts.py": "class Act:\n    pass\n",
    "apart.py": "x = 1\n",
}


def git(*arguments, cwd="."):
    name = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", *name, *arguments], cwd=cwd, check=True, capture_output=True)


@pytest.fixture
def repository(project):
    for name, text in FILES.items():
        (project / name).write_text(text)
    git("init", "-b", "main")
    git("add", *FILES)
    git("commit", "-m", "first")
    return project


def changed(path="net.py", names=("Net", "Other"), since="main"):
    changes = Changes.since(since)
    return [each.name for each in discover(Source.read(path), names) if changes.concern(each)]


@pytest.mark.parametrize(
    ("before", "after", "models"),
    [
        ("", "", []),
        ("self.body(x)", "self.body(x) + 1", ["Net"]),
        ("return WIDTH", "return WIDTH + 1", ["Net"]),
        ('    print("width")\n', "", ["Net"]),
        ("depth=3", "depth=4", ["Other"]),
        ("Other(depth=5)", "Other(depth=6)", ["Other"]),
        ("WIDTH = 8", "WIDTH = 9", ["Net", "Other"]),
        ("WIDTH = 8\n", "", ["Net", "Other"]),
        ("picture", "drawing", []),
        ('    print("picture")', '    print("picture")\n    print(1)', []),
        ("", "import acts\n", ["Net", "Other"]),
    ],
)
def test_a_model_changes_with_what_it_uses(repository, before, after, models):
    (repository / "net.py").write_text(NET.replace(before, after, 1))
    assert changed() == models


def test_in_doubt_a_model_changed(repository):
    (repository / "net.py").write_text(NET.replace("WIDTH = 8\n", "\n# so\nWIDTH = 8\n"))
    assert changed() == ["Net", "Other"]
    git("commit", "-am", "second")
    assert changed(since="HEAD") == []


@pytest.mark.parametrize("file", ["blocks.py", "acts.py"])
def test_a_model_changes_with_a_file_that_is_imported(repository, file):
    (repository / file).write_text(FILES[file] + "y = 2\n")
    assert changed() == ["Net", "Other"]


SIZED = """\
import torch.nn as nn


class Sized(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Linear(width, 8)

    def forward(self, x):
        return self.body(x)
"""
TRAIN = "import json\nfrom lib.sized import Sized\n\n"
SITES = {
    "a script": ("train.py", f"{TRAIN}net = Sized(width=4)\n", f"{TRAIN}net = Sized(width=9)\n"),
    "a data file": ("conf.json", '{"width": 4}', '{"width": 9}'),
}


@pytest.mark.parametrize("change", SITES.values(), ids=SITES.keys())
@pytest.mark.parametrize("folder", [".", "lib"])
def test_a_model_changes_with_what_says_its_arguments(repository, monkeypatch, change, folder):
    path, before, after = change
    (repository / "lib").mkdir()
    (repository / "lib/sized.py").write_text(SIZED)
    data = "settings = json.load(open('conf.json'))\n\nnet = Sized(settings['width'])\n"
    (repository / "train.py").write_text(TRAIN + data)
    (repository / path).write_text(before)
    git("add", ".")
    git("commit", "-m", "sized")
    monkeypatch.chdir(folder)
    (target,) = discover(Source.read(str(repository / "lib/sized.py")))
    assert not Changes.since("HEAD").concern(target)
    (repository / path).write_text(after)
    assert Changes.since("HEAD").concern(target)


@pytest.mark.parametrize(("said", "is_new"), [("8x8", True), (None, False)])
def test_a_model_changes_with_the_configuration_that_says_its_input(repository, said, is_new):
    file = repository / "pyproject.toml"
    file.write_text("[tool.gradlint]\n")
    git("add", "pyproject.toml")
    git("commit", "-m", "configured")
    file.write_text('[[tool.gradlint.targets]]\nmodel = "net.py:Net"\ninput = "8x8"\n')
    (target,) = discover(Source.read("net.py"), ("Net",), said)
    assert Changes.since("main", file).concern(target) is is_new


def test_another_file_changes_nothing(repository):
    (repository / "apart.py").write_text("x = 2\n")
    (repository / "new.py").write_text("x = 2\n")
    assert changed() == []


def test_a_new_file_is_a_change_known_to_git_or_not(repository):
    (repository / "fresh.py").write_text(NET)
    assert changed("fresh.py") == ["Net", "Other"]
    git("add", ".")
    assert changed("fresh.py") == ["Net", "Other"]
    git("commit", "-m", "second")
    assert changed("fresh.py", since="HEAD") == []
    assert changed("fresh.py", since="HEAD~1") == ["Net", "Other"]


def test_of_a_file_that_git_does_not_know_nothing_is_known(repository, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "net.py"
    elsewhere.write_text(NET)
    assert changed(str(elsewhere)) == ["Net", "Other"]
    (repository / ".gitignore").write_text("made.py\n")
    (repository / "made.py").write_text(NET)
    assert changed("made.py") == ["Net", "Other"]


def test_an_untracked_file_that_is_imported_is_a_change(repository):
    (repository / "acts.py").rename(repository / "acts_of_old.py")
    git("commit", "-am", "without")
    (repository / "acts.py").write_text("class Act:\n    pass\n")
    assert changed(since="HEAD") == ["Net", "Other"]


def test_what_the_other_branch_did_is_no_change(repository):
    git("checkout", "-b", "work")
    (repository / "net.py").write_text(NET.replace("depth=3", "depth=4"))
    git("commit", "-am", "ours")
    git("checkout", "main")
    (repository / "blocks.py").write_text(BLOCKS + "y = 2\n")
    git("commit", "-am", "theirs")
    git("checkout", "work")
    assert changed() == ["Other"]


def test_names_with_spaces_and_accents_are_read(repository):
    (repository / "a b é.py").write_text(NET)
    git("add", ".")
    git("commit", "-m", "second")
    (repository / "a b é.py").write_text(NET.replace("depth=3", "depth=4"))
    assert changed("a b é.py") == ["Other"]


def test_options_of_the_user_do_not_change_the_answer(repository, monkeypatch):
    for number, (key, value) in enumerate(
        {"diff.noprefix": "true", "color.diff": "always", "diff.external": "false"}.items()
    ):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "3")
    (repository / "net.py").write_text(NET.replace("depth=3", "depth=4"))
    assert changed() == ["Other"]


def test_it_is_the_same_from_another_folder(repository, monkeypatch):
    (repository / "net.py").write_text(NET.replace("depth=3", "depth=4"))
    (repository / "sub").mkdir()
    monkeypatch.chdir(repository / "sub")
    assert changed("../net.py") == ["Other"]


def test_what_did_not_change_is_not_examined(repository):
    result = check([Request("net.py")], Settings(concerns=Changes.since("main").concern))
    assert (result.models, result.unchanged, result.torch) == ((), 2, "")


def test_the_summary_says_what_was_left_out(repository, gradlint, report, changed):
    from dataclasses import replace

    found = changed(report, findings=())
    _, out, _ = gradlint(".", "--diff-base", "main", finds=replace(found, unchanged=3))
    assert out == "1 model, no findings, 3 unchanged.\n"
    _, out, _ = gradlint(".", "--diff-base", "main", finds=replace(found, models=(), unchanged=3))
    assert out == "No models (3 unchanged) in 1 file.\n"


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        ("nowhere", "--diff-base: git knows no revision 'nowhere'\n  hint: fetch it first"),
        ("--output=x", "--diff-base: git knows no revision '--output=x'"),
        ("lonely", "--diff-base: 'lonely' and HEAD have no common commit here"),
    ],
)
def test_a_revision_that_is_none_is_2_in_one_line(repository, gradlint, revision, said):
    git("checkout", "--orphan", "lonely")
    git("commit", "-m", "alone")
    git("checkout", "main")
    status, out, err = gradlint("net.py", f"--diff-base={revision}")
    assert (status, out) == (2, "")
    assert f"gradlint: error: {said}" in err


def test_a_folder_without_git_is_2_in_one_line(project, gradlint, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    status, _, err = gradlint("model.py", "--diff-base", "main")
    assert status == 2
    assert "gradlint: error: --diff-base needs a git repository" in err


def test_a_machine_without_git_is_2_in_one_line(project, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GradlintError, match="--diff-base needs git"):
        Changes.since("main")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("import a", {"a.py"}),
        ("import p.q.r", {"p/__init__.py", "p/q/r.py"}),
        ("from p.q import r", {"p/__init__.py", "p/q/r.py"}),
        ("from p.q.r import f", {"p/__init__.py", "p/q/r.py"}),
        ("from p import *", {"p/__init__.py"}),
        ("def f():\n    import a", {"a.py"}),
        ("import s", {"src/s.py"}),
        ("import torch, os.path", set()),
        ("from . import a", {"a.py"}),
        ("from .p.q import r", {"p/__init__.py", "p/q/r.py"}),
    ],
)
def test_imports_lead_to_files(project, statement, found):
    for name in ("a.py", "p/__init__.py", "p/q/r.py", "src/s.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    (project / "net.py").write_text(statement)
    expected = {str(project / name) for name in found}
    assert Imports(project).imported(str(project / "net.py")) == expected


@pytest.mark.parametrize("statement", ["import a", "from .. import a", "from ..a import f"])
def test_imports_of_a_package_lead_upward(project, statement):
    (project / "p").mkdir()
    (project / "a.py").touch()
    (project / "p/net.py").write_text(statement)
    assert Imports(project).imported(str(project / "p/net.py")) == {str(project / "a.py")}


def test_files_that_import_each_other_are_read_once(project):
    (project / "a.py").write_text("import b")
    (project / "b.py").write_text("import a")
    imports = Imports(project)
    a, b = str(project / "a.py"), str(project / "b.py")
    assert imports.imported(a) == {b}
    assert imports.importers(a, [a, b]) == {b}
