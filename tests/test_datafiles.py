"""Constructor arguments that configuration files and dictionaries say."""

from __future__ import annotations

import ast
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from gradlint.discovery import datafiles
from gradlint.discovery.targets import discover
from gradlint.job import Job
from gradlint.source import Source
from gradlint.target import Target
from gradlint.tracing.build import Builder
from gradlint.worker import first_built

Write = Callable[[dict[str, str]], Path]
NET = """
import argparse, io, json, os
import toml, tomllib, yaml
from pathlib import Path
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, wide, out=3):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(wide, 8), nn.ReLU(), nn.Linear(8, out))

    def forward(self, x):
        return self.body(x)

"""
DATA = '{"name": "net", "model": {"wide": 21, "out": 2}}'
TOML = 'name = "net"\n[model]\nwide = 21\nout = 2\n'
HELPER = """
def load_config(path):
    with open(path) as f:
        config = yaml.safe_load(f)
    return config
"""
needs_yaml = pytest.mark.skipif(importlib.util.find_spec("yaml") is None, reason="needs PyYAML")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a repository, with one file that lies outside of it."""

    def write(files: dict[str, str]) -> Path:
        datafiles.read.cache_clear()
        (tmp_path / "outside.json").write_text(DATA)
        for name, text in {"requirements.txt": "", **files}.items():
            path = tmp_path / "repository" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "repository"

    return write


def target(root: Path, file: str = "net.py", name: str = "Net") -> Target:
    return discover(Source.read(str(root / file)), [name])[0]


def arguments(found: Target) -> dict[str, tuple[str, str]]:
    return {a.name: (a.value, a.origin) for a in found.arguments}


def widths(found: Target) -> list[int]:
    source = Source.read(found.path)
    job = Job(source, found, (), 0, "cpu", False, 20.0, 8)
    _, made = first_built(Builder(source, found), job)
    return [made.module.body[0].in_features, made.module.body[2].out_features]


def of_file(name: str) -> dict[str, tuple[str, str]]:
    return {"wide": ("21", name), "out": ("2", name)}


@pytest.mark.parametrize(
    "script",
    [
        'with open("c.json") as f:\n    config = json.load(f)\nnet = Net(**config["model"])',
        'config = json.load(open("c.json"))\nnet = Net(**config["model"])',
        'config = json.loads(Path("c.json").read_text())\nnet = Net(**config["model"])',
        'config = json.loads(open("c.json").read())\nnet = Net(**config["model"])',
        (
            'here = Path(__file__).parent\nconfig = json.load((here / "c.json").open())\n'
            'net = Net(config["model"]["wide"], out=config["model"].get("out"))'
        ),
        (
            'path = os.path.join(os.path.dirname(__file__), "c.json")\nwith open(path) as f:\n'
            "    try:\n        config = json.load(f)\n    except OSError:\n        raise\n"
            'params = config["model"]\nnet = Net(**params)'
        ),
        'params = json.load(open("c.json"))["model"]\nnet = Net(**params)',
        (
            'p = argparse.ArgumentParser()\np.add_argument("-c", "--config", default="c.json")\n'
            "args = p.parse_args()\nwith open(args.config) as f:\n    config = json.load(f)\n"
            'net = Net(**config["model"])'
        ),
        (
            'def main(path="c.json"):\n    config = json.load(open(path))\n'
            '    return Net(**config["model"])\n'
        ),
        (
            "def load(path):\n    with open(path) as f:\n        return json.load(f)\n"
            'config = load("c.json")\nnet = Net(**config["model"])'
        ),
    ],
)
def test_a_file_that_the_script_loads_says_what_a_model_is_built_with(
    write: Write, script: str
) -> None:
    found = target(write({"net.py": NET + script, "c.json": DATA}))
    assert arguments(found) == of_file("c.json")
    assert widths(found) == [21, 2]


@needs_yaml
@pytest.mark.parametrize(
    "load",
    ["yaml.safe_load(open({}))", "yaml.load(open({}), Loader=yaml.FullLoader)", "load_config({})"],
)
def test_yaml_is_read_as_plain_data(write: Write, load: str) -> None:
    script = (
        f"{NET}{HELPER}config = {load.format(repr('conf/a.yaml'))}\nnet = Net(**config['model'])"
    )
    files = {"net.py": script, "conf/a.yaml": "model:\n  wide: 21\n  out: 2\n"}
    assert arguments(target(write(files))) == of_file("conf/a.yaml")


@pytest.mark.parametrize("load", ['tomllib.load(open("c.toml", "rb"))', 'toml.load("c.toml")'])
def test_toml_is_read(write: Write, load: str) -> None:
    script = f"{NET}config = {load}\nnet = Net(**config['model'])"
    assert arguments(target(write({"net.py": script, "c.toml": TOML}))) == of_file("c.toml")


def test_a_file_is_named_from_the_root_or_from_the_scripts_folder(write: Write) -> None:
    script = NET + 'config = json.load(open("c.json"))\nnet = Net(**config["model"])'
    root = write({"code/net.py": script, "c.json": DATA})
    assert arguments(target(root, "code/net.py")) == of_file("c.json")
    other = DATA.replace("21", "5")
    root = write({"code/net.py": script, "c.json": DATA, "code/c.json": other})
    assert arguments(target(root, "code/net.py"))["wide"] == ("5", "code/c.json")


def test_what_another_file_loads_reaches_the_model(write: Write) -> None:
    helper = "import json\ndef load(path):\n    return json.load(open(path))\n"
    train = (
        "from net import Net\nfrom config import load\n"
        'config = load("c.json")\nnet = Net(**config["model"])'
    )
    files = {"net.py": NET, "train.py": train, "config.py": helper, "c.json": DATA}
    assert arguments(target(write(files))) == of_file("c.json")


def test_a_name_of_the_module_that_a_file_sets_reaches_the_class(write: Write) -> None:
    script = NET + 'WIDE = json.load(open("c.json"))["model"]["wide"]\nnet = Net(WIDE)'
    script = script.replace("nn.Linear(wide, 8)", "nn.Linear(WIDE, 8)")
    found = target(write({"net.py": script, "c.json": DATA}))
    assert ast.unparse(found.setup[0]).startswith("WIDE = {'name'")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("../outside.json", ""),
        ("link.json", ""),
        ("c.json", json.dumps({"model": {"wide": 21}, "more": "x" * datafiles.LARGEST})),
        ("c.json", json.dumps({"model": {"wide": 21}, "more": [0] * (datafiles.MOST + 1)})),
        ("c.json", '{"model": {"wide": 21, "out": NaN}}'),
        ("c.json", '{"model": {"wide": 21'),
        ("missing.json", ""),
        ("c.json", "[" * 100 + "]" * 100),
    ],
)
def test_a_file_outside_of_the_repository_or_no_plain_data_is_not_read(
    write: Write, path: str, text: str
) -> None:
    script = f"{NET}config = json.load(open({path!r}))\nnet = Net(**config['model'])"
    root = write({"net.py": script, **({path: text} if text else {})})
    if path == "link.json":
        (root / path).symlink_to("../outside.json")
    assert all(a.guessed for a in target(root).arguments)


@needs_yaml
@pytest.mark.parametrize(
    "text",
    [
        "model: !!python/object/apply:os.system ['false']",
        "model: &a [*a]",
        "a: &a [0, 0, 0, 0, 0, 0, 0, 0, 0]\n"
        + "".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
            for old, new in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "a0: &a0 {x: 1, y: 2}\n"
        + "".join(f"a{n + 1}: &a{n + 1}\n  <<: [*a{n}, *a{n}]\n" for n in range(40)),
    ],
)
def test_yaml_that_is_more_than_data_is_not_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    assert datafiles.read("a.yaml", "yaml", str(tmp_path / "net.py")) is None


@pytest.mark.parametrize(
    "script",
    [
        (
            'config = json.load(open("c.json"))\nconfig["model"]["wide"] = size()\n'
            'net = Net(**config["model"])'
        ),
        'config = json.load(open("c.json"), object_hook=Box)\nnet = Net(**config["model"])',
        'config = json.load(open(find()))\nnet = Net(**config["model"])',
    ],
)
def test_what_is_changed_on_the_way_is_not_told_as_the_files(write: Write, script: str) -> None:
    found = target(write({"net.py": NET + script, "c.json": DATA}))
    assert "c.json" not in {a.origin for a in found.arguments}


def test_a_dictionary_gives_the_arguments_of_a_call(write: Write) -> None:
    script = NET + 'params = {"wide": 4}\nnet = Net(out=5, **params)'
    line = len(script.splitlines())
    told = {"out": ("5", f"line {line}"), "wide": ("4", f"line {line}")}
    assert arguments(target(write({"net.py": script}))) == told


def test_what_a_file_says_is_kept_where_something_else_is_unknown(write: Write) -> None:
    script = NET.replace("wide, out=3", "wide, out, device")
    script += 'config = json.load(open("c.json"))\nnet = Net(device=pick(), **config["model"])'
    found = target(write({"net.py": script, "c.json": DATA}))
    assert arguments(found) == of_file("c.json") | {"device": ("'cpu'", "its name")}


@pytest.mark.parametrize("key", ['"b"', "args.model", 'config["which"]'])
def test_a_class_that_a_dictionary_gives_is_built_as_the_script_does(
    write: Write, key: str
) -> None:
    script = dedent(f"""
    class Other(Net):
        pass

    def main():
        p = argparse.ArgumentParser()
        p.add_argument("--model", default="b")
        args = p.parse_args()
        config = json.load(open("c.json"))
        models = {{"a": Other, "b": Net}}
        net = models[{key}](7, out=2)
    """)
    root = write({"net.py": NET + script, "c.json": '{"which": "b"}'})
    found = target(root)
    assert ast.unparse(found.construct or found.span) == "Net(7, out=2)"
    assert arguments(target(root, name="Other"))["wide"][1] == "how it is used"


@pytest.mark.parametrize("read", ["from models import *", "from models import table"])
def test_a_class_that_another_files_dictionary_gives_is_built(write: Write, read: str) -> None:
    files = {
        "models/net.py": NET,
        "models/__init__.py": 'from .net import Net\ntable = {"net": Net}',
        "run.py": f"import json\n{read}\nconfig = json.load(open('c.json'))\n"
        "net = table[config['name']](**config['model'])",
        "c.json": DATA,
    }
    found = target(write(files), "models/net.py")
    assert arguments(found) == of_file("c.json")
    assert widths(found) == [21, 2]


@needs_yaml
@pytest.mark.parametrize("given", ["**config.model", "config.model.wide, config['model'].out"])
def test_what_omegaconf_loads_is_told_where_it_refers_to_nothing_else(
    write: Write, given: str
) -> None:
    script = (
        NET + f'from omegaconf import OmegaConf\nconfig = OmegaConf.load("c.yaml")\nNet({given})'
    )
    files = {"net.py": script, "c.yaml": "model:\n  wide: 21\n  out: 2\n"}
    assert arguments(target(write(files))) == of_file("c.yaml")
    files["c.yaml"] += "  more: ${model.wide}\n"
    assert all(a.guessed for a in target(write(files)).arguments)
