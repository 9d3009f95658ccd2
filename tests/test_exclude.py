"""Which files a search leaves out, and that what is named is checked."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def searched(project, gradlint):
    """Make files, run the command, and give the files that it would check."""
    (project / "model.py").unlink()

    def searched(files, *args):
        for name, text in files.items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(text)
        gradlint(*args)
        return [request.path for request in gradlint.requests or ()]

    return searched


def plain(*names):
    return dict.fromkeys(names, "")


@pytest.mark.parametrize(
    "left_out",
    [
        ".hidden/b.py",
        ".hidden.py/b.py",
        "__pycache__/b.py",
        "a/node_modules/b.py",
        "dist/b.py",
        "lib/site-packages/b.py",
    ],
)
def test_what_nobody_wrote_is_left_out(searched, left_out):
    assert searched(plain("a.py", left_out)) == ["a.py"]


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        ('exclude = ["old/"]', ["a.py", "build/b.py", "new/c.py", "new/old.py"]),
        ('extend-exclude = ["old/"]', ["a.py", "new/c.py", "new/old.py"]),
        ('extend-exclude = ["c.py"]', ["a.py", "new/old.py", "old/d.py"]),
        ('extend-exclude = ["/c.py"]', ["a.py", "new/c.py", "new/old.py", "old/d.py"]),
        ('extend-exclude = ["new/**"]', ["a.py", "old/d.py"]),
        ('extend-exclude = ["*.py", "!a.py"]', ["a.py"]),
    ],
)
def test_patterns_are_those_of_gitignore(searched, config, kept):
    files = plain("a.py", "build/b.py", "new/c.py", "new/old.py", "old/d.py")
    assert searched({**files, "gradlint.toml": config}) == kept


def test_patterns_are_relative_to_the_configuration(searched, project, monkeypatch):
    (project / "src").mkdir()
    monkeypatch.chdir(project / "src")
    files = {**plain("src/old/a.py", "src/b.py"), "gradlint.toml": 'exclude = ["src/old/"]'}
    assert searched(files) == ["b.py"]


def test_patterns_of_the_command_line_are_added(searched):
    files = {**plain("a.py", "b.py", "c.py"), "gradlint.toml": 'extend-exclude = ["a.py"]'}
    assert searched(files, ".", "--extend-exclude", "b.py") == ["c.py"]


@pytest.mark.parametrize(
    ("ignores", "kept"),
    [
        ({".gitignore": "made/\n"}, ["a.py", "sub/c.py"]),
        ({".gitignore": "made/\nsub/*\n!sub/c.py\n"}, ["a.py", "sub/c.py"]),
        ({".gitignore": "*.py\n", "sub/.gitignore": "!c.py\n"}, ["sub/c.py"]),
        ({"sub/.gitignore": "/c.py\n"}, ["a.py", "made/b.py"]),
        ({".git/info/exclude": "made/\n"}, ["a.py", "sub/c.py"]),
        ({".gitignore": "!\n# made/\n"}, ["a.py", "made/b.py", "sub/c.py"]),
    ],
)
def test_what_git_ignores_is_left_out(searched, ignores, kept):
    files = {**plain("a.py", "made/b.py", "sub/c.py", ".git/HEAD"), **ignores}
    assert searched(files) == kept


def test_git_ignores_apply_from_above_the_folder_that_is_searched(searched, project, monkeypatch):
    (project / "src").mkdir()
    monkeypatch.chdir(project / "src")
    files = {**plain(".git/HEAD", "src/made/a.py", "src/b.py"), ".gitignore": "/src/made/\n"}
    assert searched(files) == ["b.py"]


def test_what_git_ignores_may_be_asked_for(searched):
    files = {**plain("a.py", ".git/HEAD"), ".gitignore": "a.py\n"}
    assert searched({**files, "gradlint.toml": "respect-gitignore = false"}) == ["a.py"]


@pytest.mark.parametrize("folder", ["build", ".hidden", "made", "made/in"])
def test_a_folder_that_is_named_is_searched_and_what_is_excluded_in_it_is_not(searched, folder):
    inside = plain(f"{folder}/a.py", f"{folder}/node_modules/b.py", f"{folder}/build/c.py")
    files = {**inside, ".gitignore": "made/\n", ".git/HEAD": ""}
    assert searched(files, folder) == [f"{folder}/a.py"]


@pytest.mark.parametrize(
    ("args", "kept"),
    [
        (("old/a.py", "b.py"), ["old/a.py", "b.py"]),
        (("old/a.py", "b.py", "--force-exclude"), ["b.py"]),
        (("old", "b.py", "--force-exclude"), ["b.py"]),
        (("old/a.py:Net", "b.py", "--force-exclude"), ["b.py"]),
    ],
)
def test_a_file_that_is_named_is_checked_unless_exclusion_is_forced(searched, args, kept):
    files = {**plain("old/a.py", "b.py"), "gradlint.toml": 'extend-exclude = ["old/"]'}
    assert searched(files, *args) == kept


def test_a_folder_outside_of_the_configuration_is_searched(searched, project, monkeypatch):
    (project / "here").mkdir()
    monkeypatch.chdir(project / "here")
    files = {**plain("there/a.py", "there/build/b.py"), "here/gradlint.toml": ""}
    found = searched(files, "../there")
    assert [os.path.relpath(path, project) for path in found] == ["there/a.py"]
