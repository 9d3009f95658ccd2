"""The cache: what did not change is not measured again, and whatever changed is."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from gradlint.cache import fingerprint, store
from gradlint.cache.serial import plain, restored
from gradlint.cli import run
from gradlint.finding import ModelReport

NET = """\
import json
from pathlib import Path

import torch
import torch.nn as nn

from layers import Block

HERE = Path(__file__).parent


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.width = json.loads((HERE / "width.json").read_text())
        self.body = nn.Sequential(Block(16, 16), Block(16, self.width))

    def forward(self, x):
        return self.body(x)


if __name__ == "__main__":
    print(Net()(torch.randn(8, 16)))
"""
LAYERS = """\
import torch.nn as nn


class Block(nn.Sequential):
    def __init__(self, a, b):
        super().__init__(nn.Linear(a, b), nn.ReLU())
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRADLINT_CACHE_DIR")
    Path("pyproject.toml").touch()
    for name, text in {"net.py": NET, "layers.py": LAYERS, "width.json": "4"}.items():
        Path(name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def checked(folder, capsys):
    """Check net.py: the report of its one model, as JSON."""

    def check(*options):
        assert run(["net.py", "--format", "json", *options]) == 0
        (model,) = json.loads(capsys.readouterr().out)["models"]
        return model

    return check


def test_an_unchanged_model_is_not_measured_again(checked):
    first, second = checked(), checked()
    assert not first["cached"] and second["cached"]
    assert {**first, "cached": True} == second


def _appended(name):
    def change():
        with open(name, "a", encoding="utf-8") as stream:
            stream.write("\n# another\n")

    return change


def _written(name, text):
    return lambda: Path(name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        _appended("net.py"),
        _appended("layers.py"),
        _written("width.json", "5"),
        _written("train.py", "from net import Net\nNet()\n"),
        _written("pyproject.toml", "[tool.gradlint]\nseed = 1\n"),
        _written("pyproject.toml", "[tool.gradlint.rules.saturating-stack]\nmin-depth = 9\n"),
        _written("pyproject.toml", '[tool.gradlint]\nignore = ["tiny-init"]\n'),
        _written("json.py", "a module that an import may now find\n"),
    ],
)
def test_what_a_result_depends_on_has_it_measured_again(checked, change):
    checked()
    change()
    assert not checked()["cached"]
    assert checked()["cached"]


@pytest.mark.parametrize(
    "change",
    [
        _written("README.md", "words"),
        _written("notes.txt", "words"),
        lambda: Path("net.py").touch(),
        _written("pyproject.toml", '[tool.gradlint]\nfail-on = "suspected"\n'),
    ],
)
def test_what_it_does_not_depend_on_leaves_it(checked, change):
    checked()
    change()
    assert checked()["cached"]


def test_another_gradlint_or_package_has_it_measured_again(checked, monkeypatch):
    checked()
    monkeypatch.setattr(fingerprint, "_program", lambda: ("another",))
    assert not checked()["cached"]


def test_no_cache_neither_reads_nor_writes_one(checked, folder):
    checked("--no-cache")
    assert not (folder / ".gradlint_cache").exists()
    checked()
    assert not checked("--no-cache")["cached"]


def test_the_cache_lies_where_it_is_said_to(checked, folder, monkeypatch):
    checked("--cache-dir", "here")
    monkeypatch.setenv("GRADLINT_CACHE_DIR", "there")
    checked()
    monkeypatch.delenv("GRADLINT_CACHE_DIR")
    Path("pyproject.toml").write_text('[tool.gradlint]\ncache-dir = "else"\n', encoding="utf-8")
    checked()
    assert all(list((folder / name).glob("*.json")) for name in ("here", "there", "else"))
    assert not (folder / ".gradlint_cache").exists()


def test_git_ignores_the_cache_by_itself(checked, folder):
    checked()
    assert (folder / ".gradlint_cache" / ".gitignore").read_text(encoding="utf-8") == "*\n"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"read": {}, "fingerprint": 3, "reports": 1}'])
def test_a_broken_entry_is_measured_anew(checked, folder, text):
    checked()
    (entry,) = (folder / ".gradlint_cache").glob("*.json")
    entry.write_text(text, encoding="utf-8")
    assert not checked()["cached"]
    assert checked()["cached"]


def test_a_folder_that_cannot_be_made_costs_only_the_cache(checked, folder):
    Path(".gradlint_cache").touch()
    assert not checked()["cached"]
    assert not checked()["cached"]


def test_a_model_that_dies_is_tried_again(folder, capsys):
    Path("net.py").write_text(NET.replace("return self.body(x)", "exit(3)"), encoding="utf-8")
    for _ in range(2):
        run(["net.py", "--format", "json"])
        models = json.loads(capsys.readouterr().out)["models"]
        assert [model["cached"] for model in models if model["status"] == "probed"] == []


def test_old_entries_are_forgotten(checked, folder, monkeypatch):
    checked()
    monkeypatch.setattr(store, "_KEPT", -1)
    checked("--seed", "1")
    assert not list((folder / ".gradlint_cache").glob("*.json"))


def test_a_report_survives_its_way_through_json(model):
    written = json.loads(json.dumps(plain(model)))
    assert restored(ModelReport, written) == model


@pytest.mark.parametrize("change", [{"seconds": "1"}, {"status": "well"}, {"findings": [{}]}])
def test_data_of_another_form_is_refused(model, change):
    with pytest.raises((ValueError, TypeError, KeyError)):
        restored(ModelReport, {**plain(model), **change})


def test_every_field_of_a_report_is_kept(model):
    assert plain(model).keys() == {field.name for field in dataclasses.fields(ModelReport)}
