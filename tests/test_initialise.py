"""`gradlint init`: what is appended to pyproject.toml, and that nothing else is touched."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from gradlint.cli import run
from gradlint.command.initialise import toml
from gradlint.finding import Status
from gradlint.target import Argument

NET = """\
from torch import nn


class Net(nn.Module):
    def __init__(self, hidden, encoder):
        super().__init__()
        self.body = nn.Linear(hidden, 4)

    def forward(self, x):
        return self.body(x)


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Embedding(30, 4)

    def forward(self, x, table):
        return self.body(x) + table["bias"]


class Fine(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Embedding(30, 4)

    def forward(self, x):
        return self.body(x).mean(1)
"""


@pytest.fixture
def half_known(report, unbuilt):
    """A report on a model of which some arguments are known."""
    known = (
        Argument("hidden", "64", "line 40", False),
        Argument("act", "'gelu'", "its default", True),
        Argument("sizes", "(3, 4.5)", "train.py:12", False),
        Argument("encoder", "Encoder(3)", "line 7", False),
    )
    return replace(report, models=(replace(unbuilt, arguments=known, unknown=("depth",)),))


def written(path="pyproject.toml"):
    return tomllib.loads(Path(path).read_bytes().decode())["tool"]["gradlint"]["targets"]


def test_what_is_known_is_filled_in_and_the_rest_is_a_comment(gradlint, half_known):
    status, out, err = gradlint("init", "model.py", finds=half_known)
    assert status == 0
    assert err == "pyproject.toml: 1 target added\n  model.py:Big: fill in depth\n"
    init = {"hidden": 64, "act": "gelu", "sizes": [3, 4.5]}
    assert written() == [{"model": "model.py:Big", "init": init}]
    text = Path("pyproject.toml").read_text()
    assert "init.hidden = 64  # from line 40\n" in text
    assert "# init.encoder = Encoder(3)  # from line 7\n" in text
    assert "# init.depth =\n" in text
    assert out == text + "\n"


def test_a_model_that_was_not_fed_lacks_its_input(gradlint, report, changed):
    missing = changed(report, status=Status.NOT_PROBED, reason="forward needs y", hint="give it")
    assert "fill in input" in gradlint("init", finds=missing)[2]
    assert '# input = "8x3x32x32"  # forward needs y; give it' in Path("pyproject.toml").read_text()


def test_a_model_that_was_probed_needs_no_entry_but_can_have_one(gradlint, report, changed):
    probed = changed(report, input_spec="ids=8x16:int64")
    assert gradlint("init", finds=probed) == (0, "", "pyproject.toml: 0 targets added\n")
    assert not Path("pyproject.toml").exists()
    assert gradlint("init", "--all", finds=probed)[0] == 0
    assert written() == [{"model": "model.py:Net", "input": "ids=8x16:int64"}]


def test_a_file_of_its_own_has_the_targets_at_the_top(gradlint, half_known):
    Path("gradlint.toml").write_text("[rules.saturating-stack]\nmin-depth = 6\n")
    gradlint("init", finds=half_known)
    (target,) = tomllib.loads(Path("gradlint.toml").read_text())["targets"]
    assert (target["model"], target["init"]["hidden"]) == ("model.py:Big", 64)
    assert not Path("pyproject.toml").exists()
    assert "0 targets added" in gradlint("init", finds=half_known)[2]


def test_an_entry_is_written_once(gradlint, half_known):
    gradlint("init", finds=half_known)
    assert "1 target added" not in gradlint("init", finds=replace(half_known, models=()))[2]
    Path("pyproject.toml").write_text('[[tool.gradlint.targets]]\nmodel = "model.py:Big"\n')
    assert "0 targets added" in gradlint("init", finds=half_known)[2]


def test_a_dry_run_prints_and_writes_nothing(gradlint, half_known):
    status, out, err = gradlint("init", "--dry-run", finds=half_known)
    assert (status, out.splitlines()[0]) == (0, "[[tool.gradlint.targets]]")
    assert "1 target to add" in err
    assert not Path("pyproject.toml").exists()


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b'[project]\nname = "x"',
        b'# caf\xc3\xa9\r\n[project]\r\nname = "x"\r\n\r\n\r\n',
        b'[[tool.gradlint.targets]]\nmodel = "a.py"\n\n[tool.other]\nx = 1\n',
    ],
)
def test_what_is_in_the_file_stays_byte_for_byte(gradlint, half_known, before):
    Path("pyproject.toml").write_bytes(before)
    gradlint("init", finds=half_known)
    after = Path("pyproject.toml").read_bytes()
    assert after.startswith(before)
    assert after.count(b"\n") == after.count(b"\r\n") or b"\r\n" not in after[len(before) :]
    assert written()[-1]["model"] == "model.py:Big"


@pytest.mark.parametrize("before", [b"[tool]\ngradlint = {}\n", b"[tool.gradlint]\ntargets = []\n"])
def test_a_file_that_cannot_be_appended_to_is_left_alone(gradlint, half_known, before):
    Path("pyproject.toml").write_bytes(before)
    status, _, err = gradlint("init", finds=half_known)
    assert status == 2
    assert "pyproject.toml: nothing can be added" in err
    assert Path("pyproject.toml").read_bytes() == before


def test_the_nearest_file_is_written_and_paths_are_relative_to_it(gradlint, half_known, project):
    Path("pyproject.toml").touch()
    Path("src").mkdir()
    Path("src/model.py").touch()
    os.chdir("src")
    model = replace(half_known.models[0], path="model.py")
    gradlint("init", finds=replace(half_known, models=(model,)))
    assert written("../pyproject.toml")[0]["model"] == "src/model.py:Big"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("True", "true"),
        ("-3", "-3"),
        ("1e-05", "1e-05"),
        ("'a\"😀\\n'", '"a\\"😀\\n"'),
        ("[1, (2,)]", "[1, [2]]"),
        ("{'a b': 1}", '{ "a b" = 1 }'),
        ("None", None),
        ("{1: 2}", None),
        ("1e999", None),
        ("Encoder(3)", None),
        ("3 +", None),
    ],
)
def test_plain_values_are_written_as_toml(value, expected):
    assert toml(value) == expected
    if expected is not None:
        tomllib.loads(f"x = {expected}")


def test_the_models_of_a_file_that_fail_are_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NET)
    assert run(["init", "net.py", "--all"]) == 0
    assert [entry["model"] for entry in written()] == ["net.py:Net", "net.py:Pair", "net.py:Fine"]
    assert written()[2]["input"] == "8x16:int64"
    assert capsys.readouterr().err.endswith("net.py:Pair: fill in input\n")
    assert run(["init", "missing.py"]) == 2
