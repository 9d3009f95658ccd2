"""What of a file runs, and what happens when it does not."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from gradlint.discovery.definitions import definitions, execute
from gradlint.errors import DefinitionsError
from gradlint.source import Source


@pytest.fixture(autouse=True)
def _unchanged_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))


def source(text: str, path: str = "model.py") -> Source:
    return Source(path, dedent(text))


def kept(text: str) -> str:
    return ast.unparse(definitions(source(text))).strip()


def executed(text: str, path: str = "model.py") -> dict[str, object]:
    namespace: dict[str, object] = {}
    failure = execute(source(text, path), namespace)
    if failure is not None:
        raise failure
    return namespace


@pytest.mark.parametrize(
    "statement",
    [
        "import torch",
        "from torch import nn",
        "width = 64",
        "width: int = 64",
        "width = 2 * 32",
        "sizes = [2 ** i for i in range(5)]",
        "a, b = (1, 2)",
        "Pair = namedtuple('Pair', 'a b')",
        "norm = functools.partial(nn.BatchNorm2d, eps=0.001)",
        "layer = nn.Linear(3, 4)",
        "log = logging.getLogger(__name__)",
        "device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "path = os.path.join('a', 'b')",
        "scale = math.sqrt(2)",
        "T = TypeVar('T')",
        "Shape = tuple[int, int]",
        "acts = {'relu': nn.ReLU, 'tanh': nn.Tanh}",
        "sys.path.append('..')",
        "torch.set_default_dtype(torch.float64)",
        "def train():\n    loss.backward()",
        "class Net(nn.Module):\n    pass",
    ],
)
def test_a_definition_is_kept(statement: str) -> None:
    header = "import collections, functools, logging, math, os, sys, torch\n"
    header += (
        "from collections import namedtuple\nfrom typing import TypeVar\nfrom torch import nn\n"
    )
    assert kept(header + statement).endswith(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "print('hello')",
        "data = open('x.txt').read()",
        "frame = pd.read_csv('x.csv')",
        "weights = torch.load('x.pt')",
        "train_set = torchvision.datasets.MNIST('data', download=True)",
        "net = Net()",
        "net = nn.Sequential(Net(), nn.ReLU())",
        "net = build()",
        "result = fit(3)",
        "for epoch in range(3):\n    step()",
        "while True:\n    pass",
        "torch.manual_seed(0)",
        "optimizer = torch.optim.SGD([], lr=0.1)",
        "assert torch.cuda.is_available()",
        "if __name__ == '__main__':\n    width = 3",
        "os.environ['A'] = 'b'",
        "pretrained = torch.hub.load('a', 'b')",
        "x = np.load('a.npy')",
        "exit()",
    ],
)
def test_what_is_no_definition_is_dropped(statement: str) -> None:
    header = dedent(
        """
        import torch, os
        import numpy as np
        import pandas as pd
        import torchvision
        from torch import nn
        class Net(nn.Module):
            pass
        def build():
            return Net()
        def fit(n):
            return open(n)
        """
    )
    assert kept(header + statement) == kept(header)


def test_a_function_that_only_computes_may_be_called() -> None:
    text = "def double(n):\n    return [2 * i for i in range(n)]\nsizes = double(3)"
    assert executed(text)["sizes"] == [0, 2, 4]


def test_a_configuration_object_is_built() -> None:
    text = """
    from dataclasses import dataclass

    @dataclass
    class Config:
        width: int = 3

    config = Config()
    config.width = 5
    """
    assert executed(text)["config"].width == 5  # type: ignore[attr-defined]


def test_a_class_whose_constructor_does_more_is_not_built() -> None:
    text = "class Data:\n    def __init__(self):\n        self.x = open('f')\ndata = Data()"
    assert "data" not in executed(text)


def test_command_line_options_take_their_defaults() -> None:
    text = """
    import argparse
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("-w", "--hidden-width", type=int, default=64)
    parser.add_argument("--rate", type=float, default="0.5")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--name")
    args = parser.parse_args()
    width = args.hidden_width * 2
    """
    namespace = executed(text)
    assert vars(namespace["args"]) == {"hidden_width": 64, "rate": 0.5, "fast": False, "name": None}
    assert namespace["width"] == 128


def test_an_optional_import_keeps_its_fallback() -> None:
    text = """
    try:
        import a_package_that_is_not_there as fast
    except ImportError:
        print("falling back")
        fast = None
    """
    namespace = executed(text)
    assert namespace["fast"] is None


def test_both_branches_of_a_version_check_are_kept() -> None:
    text = """
    import sys
    if sys.version_info >= (3, 0):
        def f():
            return 1
    else:
        def f():
            return 2
        print("old")
    """
    namespace = executed(text)
    assert namespace["f"]() == 1  # type: ignore[operator]
    assert "print" not in kept(text)


def test_positions_are_those_of_the_file() -> None:
    tree = definitions(source("print(1)\n\nif True:\n    x = 1\n    print(2)\n    y = 2\n"))
    block = tree.body[0]
    assert isinstance(block, ast.If)
    assert [(s.lineno, s.col_offset) for s in block.body] == [(4, 4), (6, 4)]


def test_the_file_is_never_main(tmp_path: Path) -> None:
    namespace = executed("name = __name__\nfile = __file__", str(tmp_path / "net.py"))
    assert namespace["name"] == "net"
    assert namespace["file"] == str(tmp_path / "net.py")


def test_future_imports_hold_for_every_statement() -> None:
    text = "from __future__ import annotations\ndef f(x: Unknown) -> Unknown:\n    return x\n"
    assert executed(text)["f"].__annotations__["x"] == "Unknown"  # type: ignore[attr-defined]


def test_dataclasses_with_text_annotations_work() -> None:
    text = """
    from __future__ import annotations
    from dataclasses import dataclass
    from typing import ClassVar

    @dataclass
    class Config:
        kind: ClassVar[int] = 1
        width: int = 3
    """
    config = executed(text, "a_model_with_dataclasses.py")["Config"]
    assert list(config.__dataclass_fields__) == ["kind", "width"]  # type: ignore[attr-defined]
    assert config(5).width == 5  # type: ignore[operator]


def test_a_failing_assignment_is_passed_over() -> None:
    assert executed("a = 1 / 0\nb = 2")["b"] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\nimport no_such_package.part", "line 2: the package 'no_such_package' is not"),
        ("def f(x=missing):\n    pass", "line 1: NameError: name 'missing' is not defined"),
        ("class A(missing):\n    pass", "line 1: NameError: name 'missing' is not defined"),
        ("@missing.wrap\nclass A:\n    pass", "NameError: name 'missing' is not defined"),
        ("class A:\n    import sys\n    sys.exit(3)", "line 3: SystemExit: 3"),
        ("class A:\n    x = 1\n    y = x / 0", "line 3: ZeroDivisionError"),
        ("from math import no_such_name", "line 1: ImportError: cannot import name"),
    ],
)
def test_a_failing_definition_is_one_line(text: str, message: str) -> None:
    with pytest.raises(DefinitionsError) as caught:
        executed(text)
    assert message in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_relative_imports_find_the_package(tmp_path: Path) -> None:
    package = tmp_path / "some_nets" / "inner"
    package.mkdir(parents=True)
    (package / "parts.py").write_text("WIDTH = 7\n")
    (package / "net.py").write_text("from .parts import WIDTH\n")
    assert executed("from .parts import WIDTH", str(package / "net.py"))["WIDTH"] == 7


def test_a_path_that_the_file_adds_is_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_the_models.py").write_text("WIDTH = 9\n")
    (tmp_path / "models").mkdir()
    text = "import sys\nsys.path.append('..')\nfrom neighbour_of_the_models import WIDTH\n"
    assert executed(text, str(tmp_path / "models" / "net.py"))["WIDTH"] == 9


def test_a_missing_package_is_named_and_what_does_not_need_it_is_defined() -> None:
    text = """
    import no_such_package.parts as parts
    from no_such_package import transforms
    import math

    class Broken(parts.Base):
        pass

    class Whole:
        size = math.pi
    """
    namespace: dict[str, object] = {}

    failure = execute(source(text), namespace)

    assert failure is not None
    assert "the package 'no_such_package' is not installed" in failure.message
    assert "Whole" in namespace
    assert "Broken" not in namespace
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        namespace["transforms"].Compose([])  # type: ignore[attr-defined]
